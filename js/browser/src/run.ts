// Does what the machine of `state.ts` asks for, with a time limit on everything, and tells it what came of it.
//
// House rule: the machine decides, this obeys; the credential and the key live here and go nowhere but to the server.

import type { Outcome, UnavailableReason } from "./outcome.js";
import type { Credential, NewSession, OldSession, Surroundings } from "./ports.js";
import {
  type Answer,
  type Effect,
  type Event,
  type How,
  type Patience,
  type Running,
  type Session,
  START,
  type State,
  step,
} from "./state.js";
import { migrationRequest, readAnswer } from "./wire.js";

/** What is told while a migration goes on. There are no tokens in it. */
export type MigrationEvent =
  | (Exclude<Event, { type: "begin" | "turn" | "waited" }> & {
      /** Milliseconds that it took. */
      readonly took: number;
    })
  | { readonly type: "waiting"; readonly ms: number; readonly because: string }
  | { readonly type: "finished"; readonly outcome: Outcome };

export interface MigrationOptions {
  /** Address of the migration route: `https://api.example.com/auth/migrate-session`. */
  readonly endpoint: string;
  readonly old: OldSession;
  readonly session: NewSession;
  /**
   * How the new session is seen to work: the address of a route of yours that wants a session, or a function. Without it
   * the migration route is asked a second time, which sees the session's cookie (in header mode: what is stored).
   */
  readonly confirm?: string | ((signal: AbortSignal) => Promise<boolean>);
  /** Hears of every step. What it throws goes to the browser's error reporting and changes nothing. */
  readonly onEvent?: (event: MigrationEvent) => void;
  /** Stops the migration; whatever it had reached, the next page load goes on from there. */
  readonly signal?: AbortSignal;
  /** How often something may fail before the answer is `unavailable`; 5. */
  readonly attempts?: number;
  /** Milliseconds that a single step may take; 10 000. */
  readonly timeout?: number;
  /** Milliseconds to wait for other tabs; 10 000. */
  readonly lockTimeout?: number;
}

/** Something did not work for a reason that has a name. */
class Trouble extends Error {
  readonly reason: Exclude<UnavailableReason, "aborted">;

  constructor(reason: Exclude<UnavailableReason, "aborted">) {
    super(reason);
    this.reason = reason;
  }
}

const LOCK = "segue-web.migrate";
const PUT_OFF = 30;

/** Run one migration to its end. Rejects only where the options are wrong. */
export async function run(options: MigrationOptions, around: Surroundings): Promise<Outcome> {
  if (!options.endpoint || !options.old || !options.session) {
    throw new TypeError("segue-web: endpoint, old and session are needed");
  }
  const work = new Work(options, around);
  const patience: Patience = { attempts: options.attempts ?? 5, putOff: PUT_OFF };
  let state: State = START;
  let event: Event = { type: "begin" };
  try {
    for (;;) {
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

class Work {
  readonly options: MigrationOptions;
  readonly around: Surroundings;
  #credential: Credential | null = null;
  #key: string | null = null;
  #leave = (): void => {};

  constructor(options: MigrationOptions, around: Surroundings) {
    this.options = options;
    this.around = around;
  }

  /** Let the next tab go on. */
  leave(): void {
    this.#leave();
  }

  finish(outcome: Outcome): Outcome {
    if ("oldEnded" in outcome && outcome.oldEnded) this.around.forgetKey();
    this.#tell({ type: "finished", outcome });
    return outcome;
  }

  /** Do it, within its time and until the caller's signal; whatever happens becomes an event. */
  async perform(effect: Effect, state: Running): Promise<Event> {
    const began = this.around.now();
    const event = await this.#within(effect, (signal) => this.#do(effect, state, signal));
    if (event.type !== "begin" && event.type !== "turn" && event.type !== "waited") {
      this.#tell({ ...event, took: this.around.now() - began });
    }
    return event;
  }

  #tell(event: MigrationEvent): void {
    try {
      this.options.onEvent?.(event);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #within(effect: Effect, work: (signal: AbortSignal) => Promise<Event>): Promise<Event> {
    const { signal, timeout = 10_000 } = this.options;
    const stop = new AbortController();
    return new Promise((resolve) => {
      const settle = (event: Event): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        resolve(event);
        stop.abort();
      };
      const abort = (): void => settle({ type: "aborted" });
      const limited = effect.do !== "wait" && effect.do !== "takeTurn";
      const timer = limited ? setTimeout(() => settle({ type: "failed", reason: "timeout" }), timeout) : undefined;
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort);
      work(stop.signal).then(settle, (error: unknown) => settle({ type: "failed", reason: reasonOf(error, effect) }));
    });
  }

  async #do(effect: Effect, state: Running, signal: AbortSignal): Promise<Event> {
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

  async #takeTurn(signal: AbortSignal): Promise<Event> {
    const leave = await this.around.takeTurn(LOCK, this.options.lockTimeout ?? 10_000, signal);
    if (signal.aborted)
      leave(); // it came when nobody waited any more
    else this.#leave = leave;
    return { type: "turn" };
  }

  async #migrate({ held }: Running, signal: AbortSignal): Promise<Event> {
    const answer = await this.#present(signal);
    return { type: "answer", answer, held: answer.is === "session" ? await this.options.session.look() : held };
  }

  async #present(signal: AbortSignal): Promise<Answer> {
    const credential = this.#credential ?? {};
    this.#key ??= await this.around.key(credential);
    const request = migrationRequest(credential, this.#key, signal);
    const response = await this.options.session.fetch(this.options.endpoint, request);
    const body: unknown = await response.json().catch((error: unknown) => {
      if (error instanceof SyntaxError) return null;
      throw error; // the second half of the answer was lost
    });
    const answer = readAnswer(response.status, response.headers.get("retry-after"), body);
    if (answer === null) throw new Trouble("server");
    return answer;
  }

  async #confirm(how: How, session: Session | null, signal: AbortSignal): Promise<boolean> {
    if (await this.#works(how, session, signal)) return true;
    if (session === null) return false;
    // The answer to an earlier request of the page may have come last, and taken the session off again: once more.
    await this.#present(signal);
    return this.#works(how, session, signal);
  }

  async #works(how: How, session: Session | null, signal: AbortSignal): Promise<boolean> {
    const { confirm, session: port } = this.options;
    if (typeof confirm === "function") return confirm(signal);
    if (confirm !== undefined) {
      const { ok, status } = await port.fetch(confirm, { credentials: "include", cache: "no-store", signal });
      if (status >= 500) throw new Trouble("server");
      return ok;
    }
    if (how === "recover") return port.recover();
    if (how === "migrate") {
      const answer = await this.#present(signal);
      if (answer.is === "session") {
        if (answer.result === "ALREADY" && answer.sessionHandle === session?.sessionHandle) return true;
        return (await port.look()) === "header";
      }
      if (answer.retryable) throw new Trouble("server");
      return port.recover(); // the old session is ended already, by the server, and proves nothing any more
    }
    return (await port.look()) !== "none";
  }

  async #wait({ failures, atLeast }: { failures: number; atLeast: number }, state: Running, signal: AbortSignal) {
    const most = 500 * 2 ** (failures - 1);
    const ms = Math.max(atLeast * 1000, most / 2) + (this.around.random() * most) / 2;
    this.#tell({ type: "waiting", ms, because: state.next.do });
    await this.around.pause(ms, signal);
    return { type: "waited" } as const;
  }
}

/** The SDK's own troubles are the provider's; everything else that throws here is a request that got no answer. */
function reasonOf(error: unknown, effect: Effect): Exclude<UnavailableReason, "aborted"> {
  if (error instanceof Trouble) return error.reason;
  return effect.do === "look" || effect.do === "getCredential" || effect.do === "end" ? "provider" : "network";
}
