// The session without an SDK, against a server of its protocol.

import { plainSession } from "../src/plain.js";
import { equal, ok, rejects, test } from "./harness.js";

const front = (uid: string, generation: number): string => btoa(JSON.stringify({ uid, ate: 0, up: { generation } }));

/** A server with at most one session, in cookies that the page does not see. */
class Api {
  session: { generation: number; expired: boolean } | null = null;
  down = false;
  readonly asked: string[] = [];
  readonly headers: Headers[] = [];

  readonly fetch: typeof fetch = async (address, request) => {
    const path = new URL(String(address)).pathname;
    this.asked.push(path);
    this.headers.push(new Headers(request?.headers));
    if (this.down) return new Response(null, { status: 503 });
    if (path === "/auth/session/refresh") return this.#refresh();
    if (path === "/auth/signout") return this.#signOut();
    return new Response("{}", { status: this.session === null || this.session.expired ? 401 : 200 });
  };

  #refresh(): Response {
    if (this.session === null) return new Response(null, { status: 401, headers: { "front-token": "remove" } });
    this.session = { generation: this.session.generation + 1, expired: false };
    const headers = { "front-token": front("ada", this.session.generation), "anti-csrf": "proof" };
    return new Response("{}", { headers });
  }

  #signOut(): Response {
    if (this.session === null || this.session.expired) return new Response(null, { status: 401 });
    this.session = null;
    return new Response("{}", { headers: { "front-token": "remove" } });
  }
}

function drawer(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
    clear: () => kept.clear(),
    key: () => null,
    length: 0,
  };
}

function scene(storage = drawer()) {
  const api = new Api();
  const open = () => plainSession({ api: "https://api.test/auth", fetch: api.fetch, storage: () => storage });
  return { api, open, session: open() };
}

const ME = "https://api.test/me";

test("plain: a visitor's 401 costs one refresh, and no more", async () => {
  const { api, session } = scene();
  equal([(await session.fetch(ME)).status, (await session.fetch(ME)).status], [401, 401]);
  equal(api.asked, ["/me", "/auth/session/refresh", "/me"]);
  equal([session.current(), await session.user(), await session.recover()], [null, null, null]);
});

test("plain: an expired access token is renewed, and the call repeated", async () => {
  const { api, session } = scene();
  api.session = { generation: 1, expired: true };
  equal((await session.fetch(ME)).status, 200);
  equal([session.current()?.uid, await session.user()], ["ada", "ada"]);
  equal(api.asked, ["/me", "/auth/session/refresh", "/me"]);
});

test("plain: what the page forgot after seven days is found again", async () => {
  const { api, open, session } = scene();
  api.session = { generation: 1, expired: false };
  equal([await session.recover(), session.current()?.uid], ["ada", "ada"]);
  const later = plainSession({ api: "https://api.test/auth", fetch: api.fetch, storage: drawer });
  api.session = { generation: 2, expired: true };
  equal([(await later.fetch(ME)).status, open().current()?.uid], [200, "ada"]);
});

test("plain: the proof against cross-site requests travels along", async () => {
  const { api, session } = scene();
  api.session = { generation: 1, expired: true };
  await session.fetch(ME);
  const last = api.headers[2];
  equal([last?.get("anti-csrf"), last?.get("rid"), last?.get("st-auth-mode")], ["proof", "anti-csrf", "cookie"]);
});

test("plain: an old token that is refused says nothing about our session", async () => {
  const { api, session } = scene();
  const response = await session.present(ME, { headers: { authorization: "Bearer old" } });
  equal([response.status, api.asked], [401, ["/me"]]);
});

test("plain: what a visit is answered is its answer", async () => {
  const { api, session } = scene();
  api.session = { generation: 1, expired: true };
  equal([(await session.visit(ME, {})).status, api.asked], [401, ["/me"]]);
});

test("plain: a refresh and a migration do not overtake each other", async () => {
  const order: string[] = [];
  const slow: typeof fetch = async (address) => {
    const path = new URL(String(address)).pathname;
    order.push(`${path} asked`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push(`${path} answered`);
    if (path !== "/auth/migrate-session")
      return new Response(null, { status: 401, headers: { "front-token": "remove" } });
    return new Response("{}", { headers: { "front-token": front("ada", 1) } });
  };
  const storage = drawer();
  const page = plainSession({ api: "https://api.test/auth", fetch: slow, storage: () => storage });
  const migrating = { method: "POST" };
  await Promise.all([page.recover(), page.present("https://api.test/auth/migrate-session", migrating)]);
  equal(page.current()?.uid, "ada");
  equal(
    order,
    ["session/refresh", "migrate-session"].flatMap((path) => [`/auth/${path} asked`, `/auth/${path} answered`]),
  );
});

test("plain: a server that is down signs nobody out", async () => {
  const { api, session } = scene();
  api.session = { generation: 1, expired: true };
  await session.fetch(ME);
  api.session.expired = true;
  const broken: typeof fetch = async (address, request) => {
    api.down = String(address).endsWith("/refresh");
    return api.fetch(address, request);
  };
  const again = plainSession({ api: "https://api.test/auth", fetch: broken, storage: drawer });
  await rejects(() => again.fetch(ME));
  api.down = false;
  equal([session.current()?.uid, await session.recover()], ["ada", "ada"]);
});

test("plain: a refresh that is never answered holds nobody up for ever", async () => {
  const { api } = scene();
  const kept = drawer();
  api.session = { generation: 1, expired: true };
  let dead = true;
  const network: typeof fetch = (address, request) =>
    dead && String(address).endsWith("/refresh")
      ? new Promise((_, reject) => request?.signal?.addEventListener("abort", () => reject(request.signal?.reason)))
      : api.fetch(address, request);
  const page = plainSession({ api: "https://api.test/auth", fetch: network, storage: () => kept, timeout: 5 });
  const alive = setTimeout(() => {}, 2000); // Node waits for no signal
  await rejects(() => page.fetch(ME));
  clearTimeout(alive);
  dead = false;
  equal([(await page.fetch(ME)).status, page.current()?.uid], [200, "ada"]);
});

test("plain: a 401 for the application's own reasons ends", async () => {
  const { api, session } = scene();
  api.session = { generation: 1, expired: false };
  const stubborn: typeof fetch = async (address, request) =>
    String(address) === ME ? new Response(null, { status: 401 }) : api.fetch(address, request);
  const page = plainSession({ api: "https://api.test/auth", fetch: stubborn, storage: drawer });
  equal((await page.fetch(ME)).status, 401);
  ok(api.asked.length <= 3, String(api.asked));
  equal(session.current(), null);
});

test("plain: signed out, here and there", async () => {
  const { api, session } = scene();
  api.session = { generation: 1, expired: true };
  equal([await session.signOut(), api.session, session.current()], [true, null, null]);
  equal(await session.signOut(), true);
});

test("plain: with storage closed the page's memory does", async () => {
  const api = new Api();
  const closed = (): Storage => {
    throw new DOMException("closed", "SecurityError");
  };
  const session = plainSession({ api: "https://api.test/auth", fetch: api.fetch, storage: closed });
  api.session = { generation: 1, expired: true };
  equal([(await session.fetch(ME)).status, session.current()?.uid], [200, "ada"]);
});

test("plain: with storage that is full the page's memory does, and what lies there does not count", async () => {
  const storage = drawer();
  let full = false;
  const small: Storage = {
    ...storage,
    setItem(name: string, value: string) {
      if (full) throw new DOMException("full", "QuotaExceededError");
      storage.setItem(name, value);
    },
  };
  const { api, session } = scene(small);
  equal((await session.fetch(ME)).status, 401);
  full = true;
  api.session = { generation: 1, expired: false };
  const brought = async () => new Response("{}", { headers: { "front-token": front("ada", 1) } });
  const page = plainSession({ api: "https://api.test/auth", fetch: brought, storage: () => small });
  await page.present(ME, { method: "POST" });
  equal([await page.user(), page.current()?.uid], ["ada", "ada"]);
  full = false;
  await page.visit(ME, {});
  equal(session.current()?.uid, "ada", "as soon as there is room, the other tabs know");
});

test("plain: a tab hears who signed in or out in another one, and not that a session was renewed", () => {
  const kept = Object.getOwnPropertyDescriptor(globalThis, "addEventListener");
  let tell: (event: object) => void = () => {};
  const value = (_: string, hear: (event: object) => void): void => {
    tell = hear;
  };
  Object.defineProperty(globalThis, "addEventListener", { configurable: true, value });
  const heard: string[] = [];
  let what = "";
  try {
    scene().session.watch(() => heard.push(what));
  } finally {
    if (kept === undefined) Reflect.deleteProperty(globalThis, "addEventListener");
    else Object.defineProperty(globalThis, "addEventListener", kept);
  }
  const happens = (name: string, oldValue: string | null, newValue: string | null, item = "front-token"): void => {
    what = name;
    tell({ key: `segue-web.${item}`, oldValue, newValue });
  };
  happens("signed in", null, front("ada", 1));
  happens("renewed", front("ada", 1), front("ada", 2));
  happens("another item", null, "proof", "anti-csrf");
  happens("signed out", front("ada", 2), "");
  happens("known to be out", null, "");
  happens("another user", front("ada", 2), front("bob", 1));
  what = "all deleted";
  tell({ key: null, oldValue: null, newValue: null });
  equal(heard, ["signed in", "signed out", "another user", "all deleted"]);
});

test("plain: what is no front token is no session", () => {
  const storage = drawer();
  storage.setItem("segue-web.front-token", "{not base64");
  equal(scene(storage).session.current(), null);
});
