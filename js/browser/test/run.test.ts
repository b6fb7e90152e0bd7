// A whole migration in a small world: losses, reloads and tabs at every point of it.

import { equal, ok, rejects, test } from "./harness.js";
import { type Fate, listener, World } from "./world.js";

const OTHER_USER = { status: "refused", code: "OTHER_USER_SIGNED_IN", retryable: false };
const NOT_CONFIRMED = { status: "refused", code: "NOT_CONFIRMED", retryable: false };
const MOVED = { status: "migrated", userId: "ada", sessionHandle: "h1", oldEnded: true };

test("run: nobody to move, nobody asked", async () => {
  const world = new World();
  world.old = null;
  equal(await world.load(), { status: "none" });
  equal(world.asked, ["old.exists"]);
});

for (const mode of ["cookie", "header"] as const) {
  test(`run: moved, ${mode} mode`, async () => {
    const world = new World(mode);
    equal(await world.load(), MOVED);
    equal([world.old, world.kept, world.ends, world.sessions.size], [null, "h1", 1, 1]);
    equal(await world.load(), { status: "none" });
    equal(world.key, null, "the key is kept after it is of no use");
  });

  const deaths: readonly Fate[] = ["page dies before", "page dies after"];
  for (const fate of deaths) {
    test(`run: the ${fate.replace("dies", "is reloaded")} any call, ${mode} mode`, async () => {
      for (let at = 0; at < 12; at += 1) {
        const world = new World(mode);
        world.locks = false; // a dead page holds none
        world.fate = (call) => (call === at ? fate : "pass");
        const page = new AbortController();
        void world.load({ timeout: 60_000, signal: page.signal });
        await settled();
        world.fate = () => "pass";
        ok(world.signedIn, `signed out by a reload at call ${at}`);
        const outcome = await world.load();
        ok(world.kept === "h1" && world.old === null, `call ${at}: ${JSON.stringify(outcome)}`);
        equal([world.sessions.size, world.ends], [1, 1], `call ${at}`);
        equal(await world.load(), { status: "none" });
        page.abort(); // nobody is there who could hear it
      }
    });
  }

  const losses: readonly Fate[] = ["lost before", "lost after"];
  for (const fate of losses) {
    test(`run: any call is ${fate}, ${mode} mode`, async () => {
      for (let at = 0; at < 12; at += 1) {
        const world = new World(mode);
        world.fate = (call) => (call === at ? fate : "pass");
        const outcome = await world.load();
        ok(world.kept === "h1", `call ${at}: ${JSON.stringify(outcome)}`);
        if ("oldEnded" in outcome && !outcome.oldEnded) await world.load();
        equal([world.old, world.sessions.size, world.ends], [null, 1, 1], `call ${at}`);
      }
    });
  }

  test(`run: any two calls hang, ${mode} mode`, async () => {
    for (let first = 0; first < 9; first += 1) {
      const world = new World(mode);
      world.fate = (call) => (call === first || call === first + 2 ? "hangs" : "pass");
      const outcome = await world.load({ timeout: 5 });
      ok(world.signedIn && world.kept === "h1", `call ${first}: ${JSON.stringify(outcome)}`);
      equal(world.sessions.size, 1);
    }
  });

  for (const locks of [true, false]) {
    test(`run: five tabs at once, ${mode} mode, ${locks ? "one at a time" : "without locks"}`, async () => {
      const world = new World(mode);
      world.locks = locks;
      const outcomes = await Promise.all(Array.from({ length: 5 }, () => world.load()));
      ok(
        outcomes.every(({ status }) => ["migrated", "already", "none"].includes(status)),
        JSON.stringify(outcomes),
      );
      equal([world.sessions.size, world.kept, world.old, world.ends], [1, "h1", null, 1]);
    });
  }
}

test("run: five tabs, half of all calls lost, three hundred orders", async () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const world = new World(seed % 2 === 0 ? "cookie" : "header");
    const chance = dice(seed);
    world.locks = seed % 3 === 0;
    world.fate = () => (chance() < 0.5 ? "pass" : chance() < 0.5 ? "lost before" : "lost after");
    await Promise.all(Array.from({ length: 5 }, () => world.load({ attempts: 3 })));
    ok(world.signedIn, `seed ${seed}: signed out`);
    ok(world.sessions.size <= 1 && world.ends <= 1, `seed ${seed}: ${world.sessions.size} sessions`);
    world.fate = () => "pass";
    await world.load();
    equal([world.kept, world.old, world.sessions.size], ["h1", null, 1], `seed ${seed}`);
  }
});

test("run: an expired token is renewed, once", async () => {
  const world = new World();
  world.expired = true;
  const stale = { ...world.oldSession(), credential: world.oldSession().credential };
  let first = true;
  stale.credential = (fresh) => {
    if (!first) return world.oldSession().credential(fresh);
    first = false;
    return Promise.resolve({ token: "sign-in-1" }); // an SDK that believes its clock
  };
  equal(await world.load({ old: stale }), MOVED);
});

test("run: provider down and token over: the user is told nothing and loses nothing", async () => {
  const world = new World();
  Object.assign(world, { expired: true, providerUp: false });
  equal(await world.load(), { status: "unavailable", reason: "provider" });
  equal(world.old, "sign-in-1");
  world.providerUp = true;
  equal(await world.load(), MOVED);
});

test("run: provider down, token good: it is not missed", async () => {
  const world = new World();
  world.providerUp = false;
  equal(await world.load(), MOVED);
});

test("run: an old session that is over is left to the application", async () => {
  const world = new World();
  Object.assign(world, { expired: true, renewable: false });
  equal(await world.load(), { status: "none" });
  equal([world.ends, world.sessions.size], [0, 0]);
});

for (const mode of ["cookie", "header"] as const) {
  test(`run: somebody else is signed in here, ${mode} mode: both stay as they are`, async () => {
    const world = new World(mode);
    world.sessions.set("h0", "bob");
    world.kept = "h0";
    equal(await world.load(), OTHER_USER);
    equal([world.old, world.kept, world.ends], ["sign-in-1", "h0", 0]);
  });

  test(`run: tokens of a session that is dead are no session, ${mode} mode`, async () => {
    const world = new World(mode);
    Object.assign(world, { kept: "h0", believed: "ada" });
    equal(await world.load(), MOVED);
    equal([world.kept, world.old, world.ends], ["h1", null, 1]);
  });

  for (const confirm of [undefined, "https://api/me", async () => true]) {
    const how = confirm === undefined ? "no route" : typeof confirm;
    test(`run: somebody else signs in between any two calls, ${mode} mode, ${how}`, async () => {
      for (let at = 0; at < 12; at += 1) {
        const world = new World(mode);
        world.fate = (call, what) => {
          if (call !== at || what === "old.end") return "pass";
          world.sessions.set("h0", "bob");
          world.kept = "h0";
          return "pass";
        };
        const outcome = await world.load(confirm === undefined ? {} : { confirm });
        // Whose answer came last has the browser, and that is what is told.
        const bob = world.kept === "h0";
        const { status, ...told } = outcome;
        equal([world.ends, status], bob ? [0, "refused"] : [1, "migrated"], `call ${at}: ${JSON.stringify(told)}`);
        if (!bob) equal("sessionHandle" in told && told.sessionHandle, world.kept);
      }
    });
  }
}

test("run: blocked cookies are noticed, and the old session stays", async () => {
  const world = new World();
  world.cookiesBlocked = true;
  equal(await world.load(), { status: "refused", code: "SESSION_NOT_KEPT", retryable: false });
  equal(await world.load(), { status: "refused", code: "SESSION_NOT_KEPT", retryable: false });
  equal([world.old, world.ends, world.sessions.size], ["sign-in-1", 0, 1]);
});

test("run: the server has ended the old session before the new one was confirmed", async () => {
  const world = new World();
  const gone = { status: "REFUSED", code: "SIGN_IN_REVOKED", retryable: false };
  const session = world.newSession();
  let answers = 0;
  const present: typeof session.present = async (address, request) => {
    answers += 1;
    return answers === 1 ? session.present(address, request) : new Response(JSON.stringify(gone), { status: 403 });
  };
  equal(await world.load({ session: { ...session, present } }), MOVED);
});

test("run: and before an interrupted page could end it", async () => {
  const world = new World();
  const gone = { status: "REFUSED", code: "SIGN_IN_REVOKED", retryable: false };
  const session = world.newSession();
  world.kept = "h1";
  world.sessions.set("h1", "ada");
  const present: typeof session.present = async () => new Response(JSON.stringify(gone), { status: 403 });
  equal(await world.load({ session: { ...session, present } }), { status: "already", oldEnded: true });
});

for (const mode of ["cookie", "header"] as const) {
  for (const confirm of [undefined, "https://api/me"]) {
    test(`run: a late answer takes the session off again, ${mode} mode, ${confirm ?? "no route"}`, async () => {
      const world = new World(mode);
      const session = world.newSession();
      let answers = 0;
      const present: typeof session.present = async (address, request) => {
        const answer = await session.present(address, request);
        answers += 1;
        if (answers === 1) world.kept = null; // a refresh that was answered "no session"
        return answer;
      };
      const route = confirm === undefined ? {} : { confirm };
      equal(await world.load({ session: { ...session, present }, ...route }), MOVED);
    });
  }
}

test("run: not yet this user's turn: the old session goes on, and the next page load asks again", async () => {
  const world = new World();
  const session = world.newSession();
  const notYet = { status: "REFUSED", code: "MIGRATION_NOT_YET", retryable: false };
  const present: typeof session.present = async () => new Response(JSON.stringify(notYet), { status: 403 });
  const refused = { status: "refused", code: "MIGRATION_NOT_YET", retryable: false };
  equal(await world.load({ session: { ...session, present } }), refused);
  equal([world.old, world.ends], ["sign-in-1", 0]);
  equal(await world.load(), MOVED);
});

test("run: a captured token is refused, and what is here stays", async () => {
  const world = new World();
  world.claims.set("sign-in-1", { key: "somebody-else", handle: "h9", user: "ada" });
  equal(await world.load(), { status: "refused", code: "ALREADY_MIGRATED", retryable: false });
  equal(world.old, "sign-in-1");
});

test("run: a session that the browser forgot about is found again", async () => {
  const world = new World();
  world.claims.set("sign-in-1", { key: "lost-with-the-storage", handle: "h1", user: "ada" });
  world.sessions.set("h1", "ada");
  const session = {
    ...world.newSession(),
    recover: async () => {
      world.kept = "h1";
      return "ada";
    },
  };
  equal(await world.load({ session }), { status: "already", oldEnded: true });
});

test("run: the application's own route is a proof besides", async () => {
  const world = new World();
  equal(await world.load({ confirm: "https://api/me" }), MOVED);
  equal(world.asked.slice(-4), ["migrate", "migrate", "visit", "old.end"]);
});

test("run: a route that refuses whoever asks is asked twice", async () => {
  const world = new World();
  const session = world.newSession();
  let visits = 0;
  const visit = async () => new Response(null, { status: ++visits && 401 });
  equal(await world.load({ session: { ...session, visit }, confirm: "https://api/me" }), NOT_CONFIRMED);
  equal([visits, world.old, world.sessions.size], [2, "sign-in-1", 1]);
});

test("run: a function of the application is the proof", async () => {
  const world = new World();
  equal(await world.load({ confirm: async () => false }), NOT_CONFIRMED);
  equal(world.old, "sign-in-1");
});

test("run: an SDK that throws at the end has ended it nevertheless, or does the next time", async () => {
  const world = new World();
  const old = world.oldSession();
  const throwing = async () => {
    await old.end();
    throw new Error("text/plain");
  };
  equal(await world.load({ old: { ...old, end: throwing } }), { ...MOVED, oldEnded: false });
  equal(await world.load(), { status: "none" });
});

for (const what of ["old.exists", "old.credential", "old.end", "migrate", "recover", "visit"]) {
  test(`run: ${what} hangs for ever, and the call does not`, async () => {
    const world = new World();
    if (what === "recover") world.old = "claimed by somebody else";
    world.claims.set("claimed by somebody else", { key: "another", handle: "h9", user: "ada" });
    world.fate = (_, asked) => (asked === what ? "hangs" : "pass");
    const outcome = await world.load({ timeout: 60_000, limit: 20, confirm: "https://api/me" });
    if (what === "old.end") equal(outcome, { ...MOVED, oldEnded: false });
    else equal([outcome, world.ends], [{ status: "unavailable", reason: "timeout" }, 0]);
    ok(world.signedIn);
  });
}

test("run: stopped before it began, nothing was sent", async () => {
  const world = new World();
  equal(await world.load({ signal: AbortSignal.abort() }), { status: "unavailable", reason: "aborted" });
  equal(world.asked, []);
});

test("run: stopped anywhere, the next page load goes on", async () => {
  for (let at = 0; at < 10; at += 1) {
    const world = new World();
    const stop = new AbortController();
    world.fate = (call) => {
      if (call === at) stop.abort();
      return "pass";
    };
    await world.load({ signal: stop.signal });
    ok(world.signedIn, `signed out by a stop at call ${at}`);
    world.fate = () => "pass";
    await world.load();
    equal([world.kept, world.old, world.sessions.size], ["h1", null, 1], `call ${at}`);
  }
});

test("run: pauses grow, and respect what the server asks for", async () => {
  const world = new World();
  const busy = { status: "REFUSED", code: "CONTENDED", retryable: true, retryAfter: 7 };
  let answers = 0;
  const session = world.newSession();
  const present: typeof session.present = async (address, request) => {
    answers += 1;
    if (answers === 1) return new Response(JSON.stringify(busy), { status: 503 });
    if (answers < 4) throw new TypeError("network");
    return session.present(address, request);
  };
  equal(await world.load({ session: { ...session, present } }), MOVED);
  equal(world.pauses, [7125, 750, 1500]);
});

test("run: a proxy that wants patience is given it, and nobody calls that a refusal", async () => {
  const server = { status: "unavailable", reason: "server" };
  for (const [status, wish, times] of [
    [503, "3600", 1],
    [429, "60", 1],
    [429, "2", 3],
    [502, "", 3],
  ] as const) {
    const world = new World();
    let asked = 0;
    const present = async (): Promise<Response> => {
      asked += 1;
      return new Response("<h1>Later</h1>", { status, headers: wish ? { "retry-after": wish } : {} });
    };
    const outcome = await world.load({ session: { ...world.newSession(), present }, attempts: 3 });
    equal([outcome, asked, world.old !== null], [server, times, true], `${status} ${wish}`);
    if (wish === "2")
      ok(
        world.pauses.every((ms) => ms >= 2000),
        String(world.pauses),
      );
  }
});

test("run: every step is told, and no token", async () => {
  const world = new World();
  world.old = "secret-sign-in";
  const { told, onEvent } = listener();
  await world.load({ onEvent });
  equal(
    told.map(({ type }) => type),
    ["looked", "looked", "session", "credential", "answer", "answer", "confirmed", "ended", "finished"],
  );
  const text = JSON.stringify(told);
  ok(!text.includes("secret-sign-in") && !text.includes("key-1"), text);
});

test("run: wrong options are the caller's mistake", async () => {
  const world = new World();
  await rejects(() => world.load({ old: undefined } as never));
});

/** Everything that can go on without the outside has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** A small generator of repeatable chance (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
