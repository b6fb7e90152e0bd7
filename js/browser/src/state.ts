// The machine that moves a user: an event goes in, the next state comes out, and what is to be done now.
//
// The order is the safety. The old session is ended only when the new one has been seen to work, once, and whatever is
// lost on the way (an answer, the page, the network) leaves the user with at least one of the two. Whether it works and
// whose it is, the server says: what lies in the browser may be dead, or somebody else's. House rule: pure; nothing here
// waits, asks, stores, or sees a token.

import type { Outcome, RefusalCode, UnavailableReason } from "./outcome.js";

/** What the server answered. */
export type Answer =
  | {
      readonly is: "session";
      readonly result: "MIGRATED" | "REPEATED" | "ALREADY";
      readonly userId: string;
      readonly sessionHandle: string;
      /** Whether the server lets the page end the old session. */
      readonly endOld: boolean;
    }
  | {
      readonly is: "refusal";
      readonly code: RefusalCode;
      readonly retryable: boolean;
      /** Seconds. */
      readonly retryAfter?: number;
    };

export type Effect =
  /** Is there an old session? Quickly, and without the network where the SDK can tell. */
  | { readonly do: "look" }
  /** Wait for the other tabs of this browser, within reason. */
  | { readonly do: "takeTurn" }
  /** Does this browser hold a new session? */
  | { readonly do: "askSession" }
  /** Have the old provider's SDK hand out what will be presented; `fresh`: not the one that was refused. */
  | { readonly do: "getCredential"; readonly fresh: boolean }
  /** Present it, beside the new session if there is one: the first time to get that, then to hear that it is there. */
  | { readonly do: "migrate" }
  /** Find out by a refresh whether there is a new session after all. */
  | { readonly do: "recover" }
  /** See the application work with it. */
  | { readonly do: "confirm" }
  | { readonly do: "end" }
  /** Pause before doing it again: the `failures`-th time, and not before `atLeast` seconds have passed. */
  | { readonly do: "wait"; readonly failures: number; readonly atLeast: number };

export type Event =
  | { readonly type: "begin" }
  | { readonly type: "looked"; readonly found: boolean }
  | { readonly type: "turn" }
  /** `userId`: of whom this browser believes to hold a session. */
  | { readonly type: "session"; readonly userId: string | null }
  | { readonly type: "credential"; readonly found: boolean }
  | { readonly type: "answer"; readonly answer: Answer }
  | { readonly type: "recovered"; readonly userId: string | null }
  | { readonly type: "confirmed"; readonly usable: boolean; readonly userId: string | null }
  | { readonly type: "ended"; readonly clean: boolean }
  | { readonly type: "waited" }
  | { readonly type: "failed"; readonly reason: Exclude<UnavailableReason, "aborted"> }
  /** By the caller, or because all of it took too long. */
  | { readonly type: "stopped"; readonly reason: "aborted" | "timeout" };

export type Session = Extract<Answer, { is: "session" }>;

export type State =
  | {
      readonly at: "running";
      /** What is being done; the event that is waited for is its answer. */
      readonly doing: Effect;
      /** What is done after a pause. */
      readonly next: Effect;
      /** Whether there is an old session, as far as was seen. */
      readonly found: boolean;
      readonly hasTurn: boolean;
      /** Whether the credential at hand is the second one. */
      readonly renewed: boolean;
      readonly failures: number;
      /** The new session as the server first named it. */
      readonly session: Session | null;
      /** How often it came with an answer, and was not seen beside the next request. */
      readonly unseen: number;
      /** Whether the application did not work with it, once. */
      readonly doubted: boolean;
      readonly refusal: RefusalCode | null;
    }
  | { readonly at: "done"; readonly outcome: Outcome };

export type Running = Extract<State, { at: "running" }>;

/** How long the machine is patient. */
export interface Patience {
  /** How many failures it takes to give up. */
  readonly attempts: number;
  /** Seconds that it lets a server put it off at a time. */
  readonly putOff: number;
}

export interface Step {
  readonly state: State;
  /** What is to be done now; null: nothing, the event was not expected or the machine is done. */
  readonly effect: Effect | null;
}

const LOOK: Effect = { do: "look" };

/** Where every migration begins; the first event is `begin`. */
export const START: State = {
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
  refusal: null,
};

/** One step. An event that answers nothing that is being done changes nothing. */
export function step(state: State, event: Event, patience: Patience): Step {
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

function looked(state: Running): Step {
  if (state.hasTurn) return go(state, { do: "askSession" });
  return state.found ? go(state, { do: "takeTurn" }) : done({ status: "none" });
}

function asked(state: Running, userId: string | null): Step {
  if (state.found) return go(state, { do: "getCredential", fresh: false });
  // Another tab has ended it while this one waited.
  return done(userId === null ? { status: "none" } : { status: "already", oldEnded: true });
}

function credential(state: Running, found: boolean): Step {
  // If the old session turned out to be over, a new one may be there all the same.
  return go(state, found ? { do: "migrate" } : { do: "recover" });
}

function answered(state: Running, answer: Answer, patience: Patience): Step {
  if (answer.is === "session") return named(state, answer);
  if (!answer.retryable) return refusedFor(state, answer.code);
  const { code, retryAfter = 0 } = answer;
  const otherwise: Outcome =
    code === "UNKNOWN" ? { status: "unavailable", reason: "server" } : { status: "refused", code, retryable: true };
  return retryAfter > patience.putOff ? done(otherwise) : again(state, patience, retryAfter, otherwise);
}

/** `ALREADY` says that the session came along with the request: it was kept, it lives, and it is this user's. */
function named(state: Running, answer: Session): Step {
  const { session } = state;
  if (answer.result === "ALREADY") {
    const known = session === null ? answer : { ...answer, result: session.result };
    return go({ ...state, session: known, unseen: 0 }, { do: "confirm" });
  }
  const unseen = state.unseen + 1;
  // The third time because the answer to an earlier request of the page may come last, and take the session off again.
  if (unseen === MOST_UNSEEN) return refused("SESSION_NOT_KEPT");
  return go({ ...state, session: answer, unseen }, { do: "migrate" });
}

const MOST_UNSEEN = 3;

function refusedFor(state: Running, code: RefusalCode): Step {
  const refusal = { ...state, refusal: code };
  if (!state.renewed && RENEWABLE.has(code)) {
    return go({ ...refusal, renewed: true }, { do: "getCredential", fresh: true });
  }
  // The old session buys nothing (any more), which is no harm to who has the new one.
  return SPENT.has(code) ? go(refusal, { do: "recover" }) : refused(code);
}

const RENEWABLE: ReadonlySet<RefusalCode> = new Set(["TOKEN_EXPIRED", "TOKEN_KID_UNKNOWN", "TOKEN_SIGNATURE_INVALID"]);
const SPENT: ReadonlySet<RefusalCode> = new Set([
  ...RENEWABLE,
  "ALREADY_MIGRATED",
  "MIGRATION_CLOSED",
  "SIGN_IN_REVOKED",
  "SIGN_IN_TOO_OLD",
]);

function recovered(state: Running, userId: string | null): Step {
  if (userId !== null) return whose(state, userId) ?? go(state, { do: "confirm" });
  return state.session === null ? done(nothing(state)) : refused("SESSION_NOT_KEPT");
}

function confirmed(state: Running, usable: boolean, userId: string | null): Step {
  const wrong = whose(state, userId);
  if (wrong !== null) return wrong;
  if (usable && userId !== null) return end(state);
  if (state.doubted || state.session === null) return refused("NOT_CONFIRMED");
  // Here as well, an answer that came last may have taken the session off.
  return go({ ...state, doubted: true, unseen: 0 }, { do: "migrate" });
}

/** Somebody else has signed in meanwhile. */
function whose({ session }: Running, userId: string | null): Step | null {
  return session === null || userId === null || userId === session.userId ? null : refused("OTHER_USER_SIGNED_IN");
}

function end(state: Running): Step {
  if (state.session?.endOld === false) return done(wellDone(state, false));
  return go(state, { do: "end" });
}

function failed(state: Running, reason: Exclude<UnavailableReason, "aborted">, patience: Patience): Step {
  switch (state.doing.do) {
    case "end":
      return done(wellDone(state, false)); // the new session works; SDKs throw after the deed, too
    case "takeTurn":
      return go({ ...state, hasTurn: true }, LOOK); // the turn is a courtesy; the server keeps the order
    case "wait":
      return go(state, state.next);
    default:
      return again(state, patience, 0, { status: "unavailable", reason });
  }
}

function stopped(state: Running, reason: "aborted" | "timeout"): Step {
  return done(state.doing.do === "end" ? wellDone(state, false) : { status: "unavailable", reason });
}

function again(state: Running, { attempts }: Patience, atLeast: number, otherwise: Outcome): Step {
  const failures = state.failures + 1;
  if (failures >= attempts) return done(otherwise);
  return go({ ...state, failures, next: state.doing }, { do: "wait", failures, atLeast });
}

function nothing({ refusal }: Running): Outcome {
  return refusal === null ? { status: "none" } : { status: "refused", code: refusal, retryable: false };
}

function wellDone({ session }: Running, oldEnded: boolean): Outcome {
  if (session === null || session.result === "ALREADY") return { status: "already", oldEnded };
  return { status: "migrated", userId: session.userId, sessionHandle: session.sessionHandle, oldEnded };
}

const go = (state: Running, effect: Effect): Step => ({ state: { ...state, doing: effect }, effect });
const ignored = (state: State): Step => ({ state, effect: null });
const done = (outcome: Outcome): Step => ({ state: { at: "done", outcome }, effect: null });
const refused = (code: RefusalCode): Step => done({ status: "refused", code, retryable: false });
