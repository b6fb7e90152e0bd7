// The new session without an SDK: the SuperTokens front-end protocol in cookie mode, as small as it can be said.
//
// No script sees a token. The page knows its session by the "front token", a readable copy of the access token's public
// content that comes beside the cookies, and by one rule: a 401 is answered with one refresh at a time, then a retry.

import { takeTurn } from "./browser.js";
import type { NewSession } from "./ports.js";

/** What the page may know of its session. */
export interface FrontToken {
  /** The user's id. */
  readonly uid: string;
  /** When the access token expires, in milliseconds since 1970; it is renewed by itself. */
  readonly ate: number;
  /** The access token's payload. */
  readonly up: Readonly<Record<string, unknown>>;
}

export interface PlainSession extends NewSession {
  /** As the browser's, for your API: refreshes the session and repeats the request when its access token is over. */
  fetch(address: string | URL, request?: RequestInit): Promise<Response>;
  /** The session as this browser knows it, or null. */
  current(): FrontToken | null;
  /** Sign out; tells whether there is no session any more. */
  signOut(): Promise<boolean>;
  /** Hear when somebody has signed in or out in another tab, not when the session was renewed there. Returns what stops it. */
  watch(listener: () => void): () => void;
}

export interface PlainSettings {
  /** Base of the session routes: `https://api.example.com/auth`. */
  readonly api: string;
  /** Another `fetch` than the browser's. */
  readonly fetch?: typeof globalThis.fetch;
  /** Where the page notes what it knows of its session; `localStorage`. */
  readonly storage?: () => Storage;
  /** Milliseconds that a refresh may take; 10 000. A connection that is dead must not hold up whatever comes after. */
  readonly timeout?: number;
}

const FRONT = "segue-web.front-token";
const ANTI_CSRF = "segue-web.anti-csrf";
const ATTEMPTS = 3;

/** A session in HttpOnly cookies. Create one for the page and send your API's requests through its `fetch`. */
export function plainSession(settings: PlainSettings): PlainSession {
  const { api, fetch = (address, request) => globalThis.fetch(address, request), timeout = 10_000 } = settings;
  const kept = noting(settings.storage ?? (() => localStorage));

  async function send(address: string | URL, request: RequestInit = {}): Promise<Response> {
    const headers = new Headers(request.headers);
    if (!headers.has("rid")) headers.set("rid", "anti-csrf");
    headers.set("st-auth-mode", "cookie");
    const proof = kept.get(ANTI_CSRF);
    if (proof) headers.set("anti-csrf", proof);
    const response = await fetch(address, { credentials: "include", ...request, headers });
    keep(response.headers.get("front-token"), response.headers.get("anti-csrf"));
    return response;
  }

  function keep(front: string | null, proof: string | null): void {
    if (proof !== null) kept.set(ANTI_CSRF, proof);
    if (front === "remove") forget();
    else if (front !== null) kept.set(FRONT, front);
  }

  /** Empty is not nothing: this browser knows that there is no session, and asks no more. */
  function forget(): void {
    kept.set(FRONT, "");
    kept.set(ANTI_CSRF, "");
  }

  let last: Promise<unknown> = Promise.resolve();

  /**
   * What may change the session, one after the other, in all tabs where the browser can promise that. A refresh that is
   * answered "no session" takes off whatever is there when its answer comes: it must not overtake a migration.
   */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(async () => {
      const leave = await takeTurn("segue-web.session", 10_000, new AbortController().signal);
      return work().finally(leave);
    });
    last = turn.catch(() => {});
    return turn;
  }

  /** Tells whether there is a session worth repeating a request for. */
  async function refresh(before: string | null): Promise<boolean> {
    if (before === "") return false;
    return inTurn(async () => {
      const now = kept.get(FRONT);
      if (now !== before) return now !== "";
      const { ok, status } = await send(`${api}/session/refresh`, {
        method: "POST",
        headers: { rid: "session" },
        signal: AbortSignal.timeout(timeout),
      });
      if (status === 401) forget();
      if (!ok && status !== 401) throw new Error(`the session could not be refreshed: ${status}`);
      return ok;
    });
  }

  const current = (): FrontToken | null => parse(kept.get(FRONT));
  const user = async (): Promise<string | null> => current()?.uid ?? null;

  async function callApi(address: string | URL, request?: RequestInit): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const before = kept.get(FRONT);
      const response = await send(address, request);
      if (response.status !== 401 || attempt === ATTEMPTS || !(await refresh(before))) return response;
    }
  }

  return {
    current,
    fetch: callApi,
    user,
    recover: async () => ((await refresh(kept.get(FRONT))) ? user() : null),
    // What is refused for its own credential is no sign of our session's.
    present: (address, request) => inTurn(() => send(address, request)),
    visit: send,
    async signOut() {
      const { ok, status } = await callApi(`${api}/signout`, { method: "POST" });
      if (status === 401) forget();
      return ok || status === 401;
    },
    watch(listener) {
      const hear = ({ key, oldValue, newValue }: StorageEvent): void => {
        if (key === FRONT && parse(oldValue)?.uid === parse(newValue)?.uid) return; // renewed
        if (key === FRONT || key === null) listener(); // null: everything was deleted
      };
      globalThis.addEventListener("storage", hear);
      return () => globalThis.removeEventListener("storage", hear);
    },
  };
}

function parse(front: string | null): FrontToken | null {
  if (!front) return null;
  try {
    const bytes = Uint8Array.from(atob(front), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as FrontToken;
  } catch {
    return null;
  }
}

/** The storage, or the page's memory for what the browser keeps out of it: it is closed, or full. */
function noting(storage: () => Storage) {
  const memory = new Map<string, string>();
  return {
    get(name: string): string | null {
      try {
        return memory.get(name) ?? storage().getItem(name);
      } catch {
        return null;
      }
    },
    set(name: string, value: string): void {
      try {
        storage().setItem(name, value);
        memory.delete(name);
      } catch {
        memory.set(name, value);
      }
    },
  };
}
