// js/browser, built by `make fix`; not written by hand.

// src/key.ts
var DATABASE = "segue-web";
var STORE = "keys";
var NAME = "idempotency";
async function idempotencyKey(credential2, patience = 1e3) {
  let timer;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(reject, patience);
  });
  try {
    return await Promise.race([keptKey(), tooLong]);
  } catch {
    return derivedKey(credential2);
  } finally {
    clearTimeout(timer);
  }
}
function forgetKey() {
  try {
    indexedDB.deleteDatabase(DATABASE);
  } catch {
  }
}
function keptKey() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onerror = reject;
    opening.onblocked = reject;
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => {
      const database = opening.result;
      database.onversionchange = () => database.close();
      const transaction = database.transaction(STORE, "readwrite");
      const keys = transaction.objectStore(STORE);
      const reading = keys.get(NAME);
      let key;
      reading.onsuccess = () => {
        key = typeof reading.result === "string" ? reading.result : randomKey();
        keys.put(key, NAME);
      };
      transaction.onabort = transaction.onerror = reject;
      transaction.oncomplete = () => {
        database.close();
        resolve(key);
      };
    };
  });
}
async function derivedKey({ token, refreshToken }) {
  const secret = refreshToken ?? token;
  if (secret === void 0) return randomKey();
  if (globalThis.crypto?.subtle === void 0) return `segue-web-${secret.slice(-120)}`.padEnd(40, "-");
  const text = new TextEncoder().encode(`segue-web idempotency-key
${secret}`);
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", text)));
}
var randomKey = () => hex(crypto.getRandomValues(new Uint8Array(32)));
var hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

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
  held: "none",
  renewed: false,
  failures: 0,
  session: null,
  refusal: null
};
function step(state, event, patience) {
  if (state.at === "done") return { state, effect: null };
  if (event.type === "aborted") return aborted(state);
  if (event.type === "failed") return failed(state, event.reason, patience);
  switch (state.doing.do) {
    case "wait":
      return event.type === "waited" || event.type === "begin" ? go(state, state.next) : ignored(state);
    case "look":
      return event.type === "looked" ? looked({ ...state, found: event.found }) : ignored(state);
    case "takeTurn":
      return event.type === "turn" ? go({ ...state, hasTurn: true }, LOOK) : ignored(state);
    case "askSession":
      return event.type === "session" ? asked({ ...state, held: event.held }) : ignored(state);
    case "getCredential":
      return event.type === "credential" ? credential(state, event.found) : ignored(state);
    case "migrate":
      return event.type === "answer" ? answered({ ...state, held: event.held }, event.answer, patience) : ignored(state);
    case "recover":
      return event.type === "recovered" ? recovered(state, event.exists) : ignored(state);
    case "confirm":
      return event.type === "confirmed" ? confirmed(state, event.usable, state.doing.how) : ignored(state);
    case "end":
      return event.type === "ended" ? done(wellDone(state, event.clean)) : ignored(state);
  }
}
function looked(state) {
  if (state.hasTurn) return go(state, { do: "askSession" });
  return state.found ? go(state, { do: "takeTurn" }) : done({ status: "none" });
}
function asked(state) {
  if (!state.found) {
    return done(state.held === "none" ? { status: "none" } : { status: "already", oldEnded: true });
  }
  if (state.held === "header") return go(state, { do: "confirm", how: "look" });
  return go(state, { do: "getCredential", fresh: false });
}
function credential(state, found) {
  if (found) return go(state, { do: "migrate" });
  return state.held === "none" ? done(nothing(state)) : go(state, { do: "confirm", how: "recover" });
}
function answered(state, answer, patience) {
  if (answer.is === "session") {
    const known = { ...state, session: answer };
    if (answer.result === "ALREADY") return end(known);
    return go(known, { do: "confirm", how: state.held === "header" ? "look" : "migrate" });
  }
  if (answer.retryable) {
    const { retryAfter = 0 } = answer;
    return retryAfter > patience.putOff ? refused(answer.code, true) : again(state, patience, retryAfter, { status: "refused", code: answer.code, retryable: true });
  }
  return refusedFor(state, answer.code);
}
function refusedFor(state, code) {
  const refusal2 = { ...state, refusal: code };
  if (!state.renewed && RENEWABLE.has(code)) {
    return go({ ...refusal2, renewed: true }, { do: "getCredential", fresh: true });
  }
  return SPENT.has(code) ? go(refusal2, { do: "recover" }) : refused(code, false);
}
var RENEWABLE = /* @__PURE__ */ new Set(["TOKEN_EXPIRED", "TOKEN_KID_UNKNOWN", "TOKEN_SIGNATURE_INVALID"]);
var SPENT = /* @__PURE__ */ new Set([
  ...RENEWABLE,
  "ALREADY_MIGRATED",
  "MIGRATION_CLOSED",
  "SIGN_IN_REVOKED",
  "SIGN_IN_TOO_OLD"
]);
function recovered(state, exists) {
  return exists ? end(state) : done(nothing(state));
}
function confirmed(state, usable, how) {
  if (usable) return end(state);
  if (state.session !== null) return refused("SESSION_NOT_KEPT", false);
  if (how === "recover") return done(nothing(state));
  return go({ ...state, held: "none" }, { do: "getCredential", fresh: false });
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
function aborted(state) {
  return done(state.doing.do === "end" ? wellDone(state, false) : { status: "unavailable", reason: "aborted" });
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
var refused = (code, retryable) => done({ status: "refused", code, retryable });

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
function migrationRequest(credential2, key, signal) {
  const headers = { "content-type": "application/json", "idempotency-key": key };
  if (credential2.token !== void 0) headers["authorization"] = `Bearer ${credential2.token}`;
  const body = credential2.refreshToken === void 0 ? {} : { refreshToken: credential2.refreshToken };
  return {
    method: "POST",
    headers,
    body: JSON.stringify(body),
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
  if (status === 408 || status === 425 || status === 429) return unknown(true, seconds(retryAfter));
  return status >= 500 ? null : unknown(false);
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
  #credential = null;
  #key = null;
  #leave = () => {
  };
  constructor(options, around) {
    this.options = options;
    this.around = around;
  }
  /** Let the next tab go on. */
  leave() {
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
    const { signal, timeout = 1e4 } = this.options;
    const stop = new AbortController();
    return new Promise((resolve) => {
      const settle = (event) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        resolve(event);
        stop.abort();
      };
      const abort = () => settle({ type: "aborted" });
      const limited = effect.do !== "wait" && effect.do !== "takeTurn";
      const timer = limited ? setTimeout(() => settle({ type: "failed", reason: "timeout" }), timeout) : void 0;
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort);
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
        return { type: "session", held: await session.look() };
      case "getCredential":
        this.#credential = await old.credential(effect.fresh);
        return { type: "credential", found: this.#credential !== null };
      case "migrate":
        return this.#migrate(state, signal);
      case "recover":
        return { type: "recovered", exists: await session.recover() };
      case "confirm":
        return { type: "confirmed", usable: await this.#confirm(effect.how, state.session, signal) };
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
  async #migrate({ held }, signal) {
    const answer = await this.#present(signal);
    return { type: "answer", answer, held: answer.is === "session" ? await this.options.session.look() : held };
  }
  async #present(signal) {
    const credential2 = this.#credential ?? {};
    this.#key ??= await this.around.key(credential2);
    const request = migrationRequest(credential2, this.#key, signal);
    const response = await this.options.session.fetch(this.options.endpoint, request);
    const body = await response.json().catch((error) => {
      if (error instanceof SyntaxError) return null;
      throw error;
    });
    const answer = readAnswer(response.status, response.headers.get("retry-after"), body);
    if (answer === null) throw new Trouble("server");
    return answer;
  }
  async #confirm(how, session, signal) {
    if (await this.#works(how, session, signal)) return true;
    if (session === null) return false;
    await this.#present(signal);
    return this.#works(how, session, signal);
  }
  async #works(how, session, signal) {
    const { confirm, session: port } = this.options;
    if (typeof confirm === "function") return confirm(signal);
    if (confirm !== void 0) {
      const { ok, status } = await port.fetch(confirm, { credentials: "include", cache: "no-store", signal });
      if (status >= 500) throw new Trouble("server");
      return ok;
    }
    if (how === "recover") return port.recover();
    if (how === "migrate") {
      const answer = await this.#present(signal);
      if (answer.is === "session") {
        if (answer.result === "ALREADY" && answer.sessionHandle === session?.sessionHandle) return true;
        return await port.look() === "header";
      }
      if (answer.retryable) throw new Trouble("server");
      return port.recover();
    }
    return await port.look() !== "none";
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
  const { api, fetch = (address, request) => globalThis.fetch(address, request) } = settings;
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
      const { ok, status } = await send(`${api}/session/refresh`, { method: "POST", headers: { rid: "session" } });
      if (status === 401) forget();
      if (!ok && status !== 401) throw new Error(`the session could not be refreshed: ${status}`);
      return ok;
    });
  }
  const current = () => parse(kept.get(FRONT));
  async function callApi(address, request) {
    for (let attempt = 1; ; attempt += 1) {
      const before = kept.get(FRONT);
      const response = await send(address, request);
      if (response.status !== 401 || attempt === ATTEMPTS || !await refresh(before)) return response;
    }
  }
  return {
    current,
    fetch: (address, request) => (
      // A migration: what is refused for its own credential is no sign of our session's.
      new Headers(request?.headers).has("idempotency-key") ? inTurn(() => send(address, request)) : callApi(address, request)
    ),
    async look() {
      return current() === null ? "none" : "cookie";
    },
    recover: () => refresh(kept.get(FRONT)),
    async signOut() {
      const { ok, status } = await callApi(`${api}/signout`, { method: "POST" });
      if (status === 401) forget();
      return ok || status === 401;
    },
    watch(listener) {
      const hear = ({ key }) => {
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
        return storage().getItem(name);
      } catch {
        return memory.get(name) ?? null;
      }
    },
    set(name, value) {
      try {
        storage().setItem(name, value);
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
