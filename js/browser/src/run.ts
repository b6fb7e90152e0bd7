// Does what the machine of `state.ts` asks for, with a time limit on everything, and tells it what came of it.
//
// House rule: the machine decides, this obeys; the credential and the key live here and go nowhere but to the server.

import type { Outcome, UnavailableReason } from "./outcome.js";
import type { Credential, NewSession, OldSession, Surroundings } from "./ports.js";
import { type Answer, type Effect, type Event, type Patience, type Running, START, type State, step } from "./state.js";
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
   * Seen to work by your application as well: the address of a route of yours that wants a session, or a function. Before
   * that, the migration route has been asked a second time and has seen the session.
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
  /** Milliseconds that all of it may take, whatever hangs; 30 000. The next page load goes on. */
  readonly limit?: number;
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
  readonly #stop = new AbortController();
  readonly #limit: ReturnType<typeof setTimeout>;
  readonly #abort = (): void => this.#stop.abort("aborted");
  #credential: Credential | null = null;
  #key: string | null = null;
  #leave = (): void => {};

  constructor(options: MigrationOptions, around: Surroundings) {
    this.options = options;
    this.around = around;
    this.#limit = setTimeout(() => this.#stop.abort("timeout"), options.limit ?? 30_000);
    if (options.signal?.aborted) this.#abort();
    options.signal?.addEventListener("abort", this.#abort);
  }

  /** Let the next tab go on. */
  leave(): void {
    clearTimeout(this.#limit);
    this.options.signal?.removeEventListener("abort", this.#abort);
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
    const all = this.#stop.signal;
    const stop = new AbortController();
    return new Promise((resolve) => {
      const settle = (event: Event): void => {
        clearTimeout(timer);
        all.removeEventListener("abort", stopped);
        resolve(event);
        stop.abort();
      };
      const stopped = (): void => settle({ type: "stopped", reason: all.reason });
      const limited = effect.do !== "wait" && effect.do !== "takeTurn";
      const late = (): void => settle({ type: "failed", reason: "timeout" });
      const timer = limited ? setTimeout(late, this.options.timeout ?? 10_000) : undefined;
      if (all.aborted) return stopped();
      all.addEventListener("abort", stopped);
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
        return { type: "session", userId: await session.user() };
      case "getCredential":
        this.#credential = await old.credential(effect.fresh);
        return { type: "credential", found: this.#credential !== null };
      case "migrate":
        return { type: "answer", answer: await this.#present(signal) };
      case "recover":
        return { type: "recovered", userId: await session.recover() };
      case "confirm": // first the application, then whose: nobody slips in between
        return { type: "confirmed", usable: await this.#works(signal), userId: await session.user() };
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

  async #present(signal: AbortSignal): Promise<Answer> {
    const { session, endpoint } = this.options;
    this.#key ??= await this.around.key();
    const request = migrationRequest(this.#credential ?? {}, this.#key, await session.accessToken?.(), signal);
    const response = await session.present(endpoint, request);
    const body: unknown = await response.json().catch((error: unknown) => {
      if (error instanceof SyntaxError) return null;
      throw error; // the second half of the answer was lost
    });
    return readAnswer(response.status, response.headers.get("retry-after"), body);
  }

  async #works(signal: AbortSignal): Promise<boolean> {
    const { confirm, session } = this.options;
    if (confirm === undefined) return true;
    if (typeof confirm === "function") return confirm(signal);
    const { ok, status } = await session.visit(confirm, { credentials: "include", cache: "no-store", signal });
    if (status >= 500) throw new Trouble("server");
    return ok;
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
