// A browser and a server small enough to be lost, reloaded and asked at any point, with the rules of the real ones: the
// server makes one session of a sign-in and gives it again to whoever has the key; the browser keeps what arrived.

import type { Outcome } from "../src/outcome.js";
import type { NewSession, OldSession, Surroundings } from "../src/ports.js";
import { type MigrationEvent, type MigrationOptions, run } from "../src/run.js";

/** What becomes of one call to the outside. */
export type Fate = "pass" | "lost before" | "lost after" | "page dies before" | "page dies after" | "hangs";

export class World {
  /** The sign-in at the old provider that this browser holds. */
  old: string | null = "sign-in-1";
  /** What it could be renewed to; the provider's session may be over. */
  renewable = true;
  expired = false;
  providerUp = true;
  ends = 0;
  /** Handle of the session in this browser. */
  kept: string | null = null;
  /** Of whom this browser thinks to hold a session that the server knows no more. */
  believed: string | null = null;
  readonly mode: "cookie" | "header";
  cookiesBlocked = false;
  /** At the server: sign-in → key and handle. */
  readonly claims = new Map<string, { key: string; handle: string; user: string }>();
  readonly users = new Map<string, string>();
  /** Every session that was ever made, and who has it. */
  readonly sessions = new Map<string, string>();
  keys = 0;
  key: string | null = null;
  turn: Promise<void> = Promise.resolve();
  locks = true;
  calls = 0;
  pauses: number[] = [];
  readonly asked: string[] = [];
  /** By the number of the call. */
  fate: (call: number, what: string) => Fate = () => "pass";

  constructor(mode: "cookie" | "header" = "cookie") {
    this.mode = mode;
  }

  /** One page load. */
  load(more: Partial<MigrationOptions> = {}): Promise<Outcome> {
    return run({ ...this.options(), ...more }, this.surroundings());
  }

  options(): MigrationOptions {
    return {
      endpoint: "https://api/migrate-session",
      old: this.oldSession(),
      session: this.newSession(),
      timeout: 1000,
    };
  }

  /** Is the user anywhere at all? */
  get signedIn(): boolean {
    return this.old !== null || this.kept !== null;
  }

  oldSession(): OldSession {
    return {
      exists: () => this.#call("old.exists", () => this.old !== null),
      credential: (fresh) =>
        this.#call("old.credential", () => {
          if (this.old === null) return null;
          if (!this.expired && !fresh) return { token: this.old };
          if (!this.providerUp) throw new TypeError("provider down");
          if (!this.renewable) return null;
          this.expired = false;
          return { token: this.old };
        }),
      end: () =>
        this.#call("old.end", () => {
          if (this.old !== null) this.ends += 1;
          this.old = null;
        }),
    };
  }

  newSession(): NewSession {
    return {
      user: async () => (this.kept === null ? null : (this.believed ?? this.sessions.get(this.kept) ?? null)),
      recover: () => this.#call("recover", () => (this.kept === null ? null : (this.sessions.get(this.kept) ?? null))),
      accessToken: async () => (this.mode === "header" ? (this.kept ?? undefined) : undefined),
      present: (_, request) => {
        const sent = this.#sent(request);
        return this.#call(
          "migrate",
          () => this.#serve(request, sent),
          (answer) => this.#keep(answer),
        );
      },
      visit: () =>
        this.#call("visit", () => new Response("{}", { status: this.sessions.has(this.kept ?? "") ? 200 : 401 })),
    };
  }

  surroundings(): Surroundings {
    return {
      takeTurn: async () => {
        if (!this.locks) return () => {};
        const before = this.turn;
        let leave = (): void => {};
        this.turn = new Promise((resolve) => {
          leave = resolve;
        });
        await before;
        return leave;
      },
      key: async () => {
        this.key ??= `key-${++this.keys}`;
        return this.key;
      },
      forgetKey: () => {
        this.key = null;
      },
      pause: async (ms) => {
        this.pauses.push(ms);
      },
      random: () => 0.5,
      now: () => 0,
    };
  }

  /** The session that the server is shown beside the credential. */
  #sent({ body }: RequestInit): string | null {
    if (this.mode === "header") return (JSON.parse(String(body)) as { session?: string }).session ?? null;
    return this.cookiesBlocked ? null : this.kept;
  }

  #serve(request: RequestInit, shown: string | null): { status: number; body: Record<string, unknown> } {
    const headers = new Headers(request.headers);
    const signIn = (headers.get("authorization") ?? "").replace("Bearer ", "");
    const key = headers.get("idempotency-key") ?? "";
    if (this.expired) return refusal(401, "TOKEN_EXPIRED");
    const user = this.users.get(signIn) ?? "ada";
    const present = shown === null ? undefined : this.sessions.get(shown);
    if (shown !== null && present !== undefined && present !== user) return refusal(409, "OTHER_USER_SIGNED_IN");
    const claim = this.claims.get(signIn);
    if (shown !== null && present !== undefined) {
      if (claim === undefined) this.claims.set(signIn, { key, handle: shown, user });
      else if (claim.handle !== shown && claim.key !== key) return refusal(409, "ALREADY_MIGRATED");
      return session("ALREADY", user, shown);
    }
    if (claim !== undefined) {
      return claim.key === key ? session("REPEATED", user, claim.handle) : refusal(409, "ALREADY_MIGRATED");
    }
    const handle = `h${this.sessions.size + 1}`;
    this.sessions.set(handle, user);
    this.claims.set(signIn, { key, handle, user });
    return session("MIGRATED", user, handle);
  }

  #keep({ status, body }: { status: number; body: Record<string, unknown> }): Response {
    if (status === 200) {
      this.kept = body["sessionHandle"] as string;
      this.believed = null;
    }
    return new Response(JSON.stringify(body), { status });
  }

  async #call<Raw, Seen = Raw>(what: string, act: () => Raw, receive?: (raw: Raw) => Seen): Promise<Seen> {
    const fate = this.fate(this.calls++, what);
    this.asked.push(what);
    await null; // other tabs have their say between any two calls
    if (fate === "lost before") throw new TypeError("network");
    if (fate === "page dies before" || fate === "hangs") return new Promise(() => {});
    const raw = act();
    await null;
    if (fate === "lost after") throw new TypeError("network");
    if (fate === "page dies after") return new Promise(() => {});
    return receive === undefined ? (raw as unknown as Seen) : receive(raw);
  }
}

const refusal = (status: number, code: string) => ({ status, body: { status: "REFUSED", code, retryable: false } });
const session = (result: string, userId: string, sessionHandle: string) => ({
  status: 200,
  body: { status: "OK", result, userId, sessionHandle, endPreviousSession: true },
});

/** Collects what is told. */
export function listener(): { readonly told: MigrationEvent[]; onEvent(event: MigrationEvent): void } {
  const told: MigrationEvent[] = [];
  return { told, onEvent: (event) => void told.push(event) };
}
