// js/browser, built by `make fix`; not written by hand.

// src/key.ts
var DATABASE = "segue-web";
var STORE = "keys";
var NAME = "idempotency";
var ITEM = `${DATABASE}.${NAME}`;
async function idempotencyKey(patience = 1e3) {
  let timer;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(reject, patience);
  });
  try {
    return await Promise.race([keptKey(), tooLong]);
  } catch {
    return notedKey();
  } finally {
    clearTimeout(timer);
  }
}
function forgetKey() {
  quietly(() => indexedDB.deleteDatabase(DATABASE));
  quietly(() => localStorage.removeItem(ITEM));
}
var notedKey = () => noteKey(quietly(() => localStorage.getItem(ITEM)) ?? randomKey());
function noteKey(key) {
  quietly(() => localStorage.setItem(ITEM, key));
  return key;
}
function quietly(work) {
  try {
    return work();
  } catch {
    return null;
  }
}
function keptKey() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onerror = reject;
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => {
      const database = opening.result;
      database.onversionchange = () => database.close();
      const transaction = database.transaction(STORE, "readwrite");
      const keys = transaction.objectStore(STORE);
      const reading = keys.get(NAME);
      let key;
      reading.onsuccess = () => {
        key = typeof reading.result === "string" ? reading.result : quietly(() => localStorage.getItem(ITEM)) ?? randomKey();
        keys.put(key, NAME);
      };
      transaction.onabort = reject;
      transaction.oncomplete = () => {
        database.close();
        noteKey(key);
        resolve(key);
      };
    };
  });
}
var randomKey = () => Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// src/browser.ts
function takeTurn(name, patience, signal) {
  return new Promise((resolve) => {
    const goOn = () => resolve(() => {
    });
    const giveUp = new AbortController();
    const stop = () => giveUp.abort();
    const timer = setTimeout(stop, patience);
    signal.addEventListener("abort", stop);
    const held = () => {
      clearTimeout(timer);
      return new Promise((release) => resolve(release));
    };
    const locks = globalThis.navigator?.locks;
    if (locks === void 0) {
      clearTimeout(timer);
      return goOn();
    }
    locks.request(name, { signal: giveUp.signal }, held).then(goOn, goOn);
  });
}
function pause(ms, signal) {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      globalThis.removeEventListener("online", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    globalThis.addEventListener("online", over);
    signal.addEventListener("abort", over);
  });
}
var browser = {
  takeTurn,
  key: idempotencyKey,
  forgetKey,
  pause,
  random: () => Math.random(),
  now: () => performance.now()
};

// src/state.ts
var LOOK = { do: "look" };
var START = {
  at: "running",
  doing: { do: "wait", failures: 0, atLeast: 0 },
  next: LOOK,
  found: false,
  hasTurn: false,
  renewed: false,
  failures: 0,
  session: null,
  unseen: 0,
  doubted: false,
  refusal: null
};
function step(state, event, patience) {
  if (state.at === "done") return { state, effect: null };
  if (event.type === "stopped") return stopped(state, event.reason);
  if (event.type === "failed") return failed(state, event.reason, patience);
  switch (state.doing.do) {
    case "wait":
      return event.type === "waited" || event.type === "begin" ? go(state, state.next) : ignored(state);
    case "look":
      return event.type === "looked" ? looked({ ...state, found: event.found }) : ignored(state);
    case "takeTurn":
      return event.type === "turn" ? go({ ...state, hasTurn: true }, LOOK) : ignored(state);
    case "askSession":
      return event.type === "session" ? asked(state, event.userId) : ignored(state);
    case "getCredential":
      return event.type === "credential" ? credential(state, event.found) : ignored(state);
    case "migrate":
      return event.type === "answer" ? answered(state, event.answer, patience) : ignored(state);
    case "recover":
      return event.type === "recovered" ? recovered(state, event.userId) : ignored(state);
    case "confirm":
      return event.type === "confirmed" ? confirmed(state, event.usable, event.userId) : ignored(state);
    case "end":
      return event.type === "ended" ? done(wellDone(state, event.clean)) : ignored(state);
  }
}
function looked(state) {
  if (state.hasTurn) return go(state, { do: "askSession" });
  return state.found ? go(state, { do: "takeTurn" }) : done({ status: "none" });
}
function asked(state, userId) {
  if (state.found) return go(state, { do: "getCredential", fresh: false });
  return done(userId === null ? { status: "none" } : { status: "already", oldEnded: true });
}
function credential(state, found) {
  return go(state, found ? { do: "migrate" } : { do: "recover" });
}
function answered(state, answer, patience) {
  if (answer.is === "session") return named(state, answer);
  if (!answer.retryable) return refusedFor(state, answer.code);
  const { code, retryAfter = 0 } = answer;
  const otherwise = code === "UNKNOWN" ? { status: "unavailable", reason: "server" } : { status: "refused", code, retryable: true };
  return retryAfter > patience.putOff ? done(otherwise) : again(state, patience, retryAfter, otherwise);
}
function named(state, answer) {
  const { session } = state;
  if (answer.result === "ALREADY") {
    const known = session === null ? answer : { ...answer, result: session.result };
    return go({ ...state, session: known, unseen: 0 }, { do: "confirm" });
  }
  const unseen = state.unseen + 1;
  if (unseen === MOST_UNSEEN) return refused("SESSION_NOT_KEPT");
  return go({ ...state, session: answer, unseen }, { do: "migrate" });
}
var MOST_UNSEEN = 3;
function refusedFor(state, code) {
  const refusal2 = { ...state, refusal: code };
  if (!state.renewed && RENEWABLE.has(code)) {
    return go({ ...refusal2, renewed: true }, { do: "getCredential", fresh: true });
  }
  return SPENT.has(code) ? go(refusal2, { do: "recover" }) : refused(code);
}
var RENEWABLE = /* @__PURE__ */ new Set(["TOKEN_EXPIRED", "TOKEN_KID_UNKNOWN", "TOKEN_SIGNATURE_INVALID"]);
var SPENT = /* @__PURE__ */ new Set([
  ...RENEWABLE,
  "ALREADY_MIGRATED",
  "MIGRATION_CLOSED",
  "SIGN_IN_REVOKED",
  "SIGN_IN_TOO_OLD"
]);
function recovered(state, userId) {
  if (userId !== null) return whose(state, userId) ?? go(state, { do: "confirm" });
  return state.session === null ? done(nothing(state)) : refused("SESSION_NOT_KEPT");
}
function confirmed(state, usable, userId) {
  const wrong = whose(state, userId);
  if (wrong !== null) return wrong;
  if (usable && userId !== null) return end(state);
  if (state.doubted || state.session === null) return refused("NOT_CONFIRMED");
  return go({ ...state, doubted: true, unseen: 0 }, { do: "migrate" });
}
function whose({ session }, userId) {
  return session === null || userId === null || userId === session.userId ? null : refused("OTHER_USER_SIGNED_IN");
}
function end(state) {
  if (state.session?.endOld === false) return done(wellDone(state, false));
  return go(state, { do: "end" });
}
function failed(state, reason, patience) {
  switch (state.doing.do) {
    case "end":
      return done(wellDone(state, false));
    // the new session works; SDKs throw after the deed, too
    case "takeTurn":
      return go({ ...state, hasTurn: true }, LOOK);
    // the turn is a courtesy; the server keeps the order
    case "wait":
      return go(state, state.next);
    default:
      return again(state, patience, 0, { status: "unavailable", reason });
  }
}
function stopped(state, reason) {
  return done(state.doing.do === "end" ? wellDone(state, false) : { status: "unavailable", reason });
}
function again(state, { attempts }, atLeast, otherwise) {
  const failures = state.failures + 1;
  if (failures >= attempts) return done(otherwise);
  return go({ ...state, failures, next: state.doing }, { do: "wait", failures, atLeast });
}
function nothing({ refusal: refusal2 }) {
  return refusal2 === null ? { status: "none" } : { status: "refused", code: refusal2, retryable: false };
}
function wellDone({ session }, oldEnded) {
  if (session === null || session.result === "ALREADY") return { status: "already", oldEnded };
  return { status: "migrated", userId: session.userId, sessionHandle: session.sessionHandle, oldEnded };
}
var go = (state, effect) => ({ state: { ...state, doing: effect }, effect });
var ignored = (state) => ({ state, effect: null });
var done = (outcome) => ({ state: { at: "done", outcome }, effect: null });
var refused = (code) => done({ status: "refused", code, retryable: false });

// src/outcome.ts
var SERVER_CODES = [
  "ALREADY_MIGRATED",
  "CONTENDED",
  "CORE_UNAVAILABLE",
  "FETCH_FAILED",
  "INTERNAL",
  "KEYS_UNAVAILABLE",
  "MIGRATION_CLOSED",
  "MIGRATION_NOT_YET",
  "MIGRATION_REFUSED",
  "OTHER_USER_SIGNED_IN",
  "PROVIDER_UNCLEAR",
  "REQUEST_INVALID",
  "SIGN_IN_REVOKED",
  "SIGN_IN_TOO_OLD",
  "STATE_UNAVAILABLE",
  "STORE_UNAVAILABLE",
  "TOKEN_CLAIMS_INVALID",
  "TOKEN_EXPIRED",
  "TOKEN_KID_UNKNOWN",
  "TOKEN_MALFORMED",
  "TOKEN_MISSING",
  "TOKEN_NOT_ACTIVE",
  "TOKEN_REFUSED",
  "TOKEN_SIGNATURE_INVALID",
  "TOO_MANY_ATTEMPTS",
  "UNAVAILABLE",
  "USER_REFUSED",
  "anti_csrf_refused",
  "session_cookies_refused"
];

// src/wire.ts
function migrationRequest({ token, refreshToken, provider }, key, session, signal) {
  const headers = { "content-type": "application/json", "idempotency-key": key };
  if (token !== void 0) headers["authorization"] = `Bearer ${token}`;
  return {
    method: "POST",
    headers,
    body: JSON.stringify({ refreshToken, provider, session }),
    // what is undefined is left out
    credentials: "include",
    cache: "no-store",
    redirect: "error",
    // a credential goes where it was sent, and nowhere else
    signal
  };
}
function readAnswer(status, retryAfter, body) {
  const said = isObject(body) ? body : {};
  if (status === 200 && said["status"] === "OK") return readSession(said) ?? unknown(false);
  if (said["status"] === "REFUSED") return readRefusal(said, retryAfter);
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500;
  return unknown(retryable, seconds(retryAfter));
}
function readSession(said) {
  const { result, userId, sessionHandle } = said;
  if (result !== "MIGRATED" && result !== "REPEATED" && result !== "ALREADY") return null;
  if (typeof userId !== "string" || typeof sessionHandle !== "string") return null;
  return { is: "session", result, userId, sessionHandle, endOld: said["endPreviousSession"] === true };
}
function readRefusal(said, header) {
  const code = SERVER_CODES.find((known) => known === said["code"]) ?? "UNKNOWN";
  return refusal(code, said["retryable"] === true, seconds(said["retryAfter"]) ?? seconds(header));
}
var unknown = (retryable, retryAfter) => refusal("UNKNOWN", retryable, retryAfter);
function refusal(code, retryable, retryAfter) {
  return { is: "refusal", code, retryable, ...retryAfter === void 0 ? {} : { retryAfter } };
}
function seconds(value) {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && number >= 0 && Number.isFinite(number) ? number : void 0;
}
var isObject = (value) => typeof value === "object" && value !== null;

// src/run.ts
var Trouble = class extends Error {
  reason;
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
};
var LOCK = "segue-web.migrate";
var PUT_OFF = 30;
async function run(options, around) {
  if (!options.endpoint || !options.old || !options.session) {
    throw new TypeError("segue-web: endpoint, old and session are needed");
  }
  const work = new Work(options, around);
  const patience = { attempts: options.attempts ?? 5, putOff: PUT_OFF };
  let state = START;
  let event = { type: "begin" };
  try {
    for (; ; ) {
      const next = step(state, event, patience);
      state = next.state;
      if (state.at === "done") return work.finish(state.outcome);
      if (next.effect === null) throw new Error(`segue-web: ${event.type} answers nothing that was done`);
      event = await work.perform(next.effect, state);
    }
  } finally {
    work.leave();
  }
}
var Work = class {
  options;
  around;
  #stop = new AbortController();
  #limit;
  #abort = () => this.#stop.abort("aborted");
  #credential = null;
  #key = null;
  #leave = () => {
  };
  constructor(options, around) {
    this.options = options;
    this.around = around;
    this.#limit = setTimeout(() => this.#stop.abort("timeout"), options.limit ?? 3e4);
    if (options.signal?.aborted) this.#abort();
    options.signal?.addEventListener("abort", this.#abort);
  }
  /** Let the next tab go on. */
  leave() {
    clearTimeout(this.#limit);
    this.options.signal?.removeEventListener("abort", this.#abort);
    this.#leave();
  }
  finish(outcome) {
    if ("oldEnded" in outcome && outcome.oldEnded) this.around.forgetKey();
    this.#tell({ type: "finished", outcome });
    return outcome;
  }
  /** Do it, within its time and until the caller's signal; whatever happens becomes an event. */
  async perform(effect, state) {
    const began = this.around.now();
    const event = await this.#within(effect, (signal) => this.#do(effect, state, signal));
    if (event.type !== "begin" && event.type !== "turn" && event.type !== "waited") {
      this.#tell({ ...event, took: this.around.now() - began });
    }
    return event;
  }
  #tell(event) {
    try {
      this.options.onEvent?.(event);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
  #within(effect, work) {
    const all = this.#stop.signal;
    const stop = new AbortController();
    return new Promise((resolve) => {
      const settle = (event) => {
        clearTimeout(timer);
        all.removeEventListener("abort", stopped2);
        resolve(event);
        stop.abort();
      };
      const stopped2 = () => settle({ type: "stopped", reason: all.reason });
      const limited = effect.do !== "wait" && effect.do !== "takeTurn";
      const late = () => settle({ type: "failed", reason: "timeout" });
      const timer = limited ? setTimeout(late, this.options.timeout ?? 1e4) : void 0;
      if (all.aborted) return stopped2();
      all.addEventListener("abort", stopped2);
      work(stop.signal).then(settle, (error) => settle({ type: "failed", reason: reasonOf(error, effect) }));
    });
  }
  async #do(effect, state, signal) {
    const { old, session } = this.options;
    switch (effect.do) {
      case "look":
        return { type: "looked", found: await old.exists() };
      case "takeTurn":
        return this.#takeTurn(signal);
      case "askSession":
        return { type: "session", userId: await session.user() };
      case "getCredential":
        this.#credential = await old.credential(effect.fresh);
        return { type: "credential", found: this.#credential !== null };
      case "migrate":
        return { type: "answer", answer: await this.#present(signal) };
      case "recover":
        return { type: "recovered", userId: await session.recover() };
      case "confirm":
        return { type: "confirmed", usable: await this.#works(signal), userId: await session.user() };
      case "end":
        await old.end();
        return { type: "ended", clean: true };
      case "wait":
        return this.#wait(effect, state, signal);
    }
  }
  async #takeTurn(signal) {
    const leave = await this.around.takeTurn(LOCK, this.options.lockTimeout ?? 1e4, signal);
    if (signal.aborted)
      leave();
    else this.#leave = leave;
    return { type: "turn" };
  }
  async #present(signal) {
    const { session, endpoint } = this.options;
    this.#key ??= await this.around.key();
    const request = migrationRequest(this.#credential ?? {}, this.#key, await session.accessToken?.(), signal);
    const response = await session.present(endpoint, request);
    const body = await response.json().catch((error) => {
      if (error instanceof SyntaxError) return null;
      throw error;
    });
    return readAnswer(response.status, response.headers.get("retry-after"), body);
  }
  async #works(signal) {
    const { confirm, session } = this.options;
    if (confirm === void 0) return true;
    if (typeof confirm === "function") return confirm(signal);
    const { ok, status } = await session.visit(confirm, { credentials: "include", cache: "no-store", signal });
    if (status >= 500) throw new Trouble("server");
    return ok;
  }
  async #wait({ failures, atLeast }, state, signal) {
    const most = 500 * 2 ** (failures - 1);
    const ms = Math.max(atLeast * 1e3, most / 2) + this.around.random() * most / 2;
    this.#tell({ type: "waiting", ms, because: state.next.do });
    await this.around.pause(ms, signal);
    return { type: "waited" };
  }
};
function reasonOf(error, effect) {
  if (error instanceof Trouble) return error.reason;
  return effect.do === "look" || effect.do === "getCredential" || effect.do === "end" ? "provider" : "network";
}

// src/index.ts
async function migrateSession(options) {
  return typeof document === "undefined" ? { status: "none" } : run(options, browser);
}

// src/plain.ts
var FRONT = "segue-web.front-token";
var ANTI_CSRF = "segue-web.anti-csrf";
var ATTEMPTS = 3;
function plainSession(settings) {
  const { api, fetch = (address, request) => globalThis.fetch(address, request), timeout = 1e4 } = settings;
  const kept = noting(settings.storage ?? (() => localStorage));
  async function send(address, request = {}) {
    const headers = new Headers(request.headers);
    if (!headers.has("rid")) headers.set("rid", "anti-csrf");
    headers.set("st-auth-mode", "cookie");
    const proof = kept.get(ANTI_CSRF);
    if (proof) headers.set("anti-csrf", proof);
    const response = await fetch(address, { credentials: "include", ...request, headers });
    keep(response.headers.get("front-token"), response.headers.get("anti-csrf"));
    return response;
  }
  function keep(front, proof) {
    if (proof !== null) kept.set(ANTI_CSRF, proof);
    if (front === "remove") forget();
    else if (front !== null) kept.set(FRONT, front);
  }
  function forget() {
    kept.set(FRONT, "");
    kept.set(ANTI_CSRF, "");
  }
  let last = Promise.resolve();
  function inTurn(work) {
    const turn = last.then(async () => {
      const leave = await takeTurn("segue-web.session", 1e4, new AbortController().signal);
      return work().finally(leave);
    });
    last = turn.catch(() => {
    });
    return turn;
  }
  async function refresh(before) {
    if (before === "") return false;
    return inTurn(async () => {
      const now = kept.get(FRONT);
      if (now !== before) return now !== "";
      const { ok, status } = await send(`${api}/session/refresh`, {
        method: "POST",
        headers: { rid: "session" },
        signal: AbortSignal.timeout(timeout)
      });
      if (status === 401) forget();
      if (!ok && status !== 401) throw new Error(`the session could not be refreshed: ${status}`);
      return ok;
    });
  }
  const current = () => parse(kept.get(FRONT));
  const user = async () => current()?.uid ?? null;
  async function callApi(address, request) {
    for (let attempt = 1; ; attempt += 1) {
      const before = kept.get(FRONT);
      const response = await send(address, request);
      if (response.status !== 401 || attempt === ATTEMPTS || !await refresh(before)) return response;
    }
  }
  return {
    current,
    fetch: callApi,
    user,
    recover: async () => await refresh(kept.get(FRONT)) ? user() : null,
    // What is refused for its own credential is no sign of our session's.
    present: (address, request) => inTurn(() => send(address, request)),
    visit: send,
    async signOut() {
      const { ok, status } = await callApi(`${api}/signout`, { method: "POST" });
      if (status === 401) forget();
      return ok || status === 401;
    },
    watch(listener) {
      const hear = ({ key, oldValue, newValue }) => {
        if (key === FRONT && parse(oldValue)?.uid === parse(newValue)?.uid) return;
        if (key === FRONT || key === null) listener();
      };
      globalThis.addEventListener("storage", hear);
      return () => globalThis.removeEventListener("storage", hear);
    }
  };
}
function parse(front) {
  if (!front) return null;
  try {
    const bytes = Uint8Array.from(atob(front), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
function noting(storage) {
  const memory = /* @__PURE__ */ new Map();
  return {
    get(name) {
      try {
        return memory.get(name) ?? storage().getItem(name);
      } catch {
        return null;
      }
    },
    set(name, value) {
      try {
        storage().setItem(name, value);
        memory.delete(name);
      } catch {
        memory.set(name, value);
      }
    }
  };
}
export {
  migrateSession,
  plainSession
};
