// The machine that moves a user: an event goes in, the next state comes out, and what is to be done now.
//
// The order is the safety. The old session is ended only when the new one has been seen to work, once, and whatever is
// lost on the way (an answer, the page, the network) leaves the user with at least one of the two. House rule: pure;
// nothing here waits, asks, stores, or sees a token.

import type { Outcome, RefusalCode, UnavailableReason } from "./outcome.js";

/** How the new session's tokens ride, as far as this browser knows; `none`: it knows of no session. */
export type Held = "none" | "cookie" | "header";

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

/** By presenting the old credential again, by a refresh, or by what is stored. */
export type How = "migrate" | "recover" | "look";

export type Effect =
  /** Is there an old session? Quickly, and without the network where the SDK can tell. */
  | { readonly do: "look" }
  /** Wait for the other tabs of this browser, within reason. */
  | { readonly do: "takeTurn" }
  /** Does this browser hold a new session? */
  | { readonly do: "askSession" }
  /** Have the old provider's SDK hand out what will be presented; `fresh`: not the one that was refused. */
  | { readonly do: "getCredential"; readonly fresh: boolean }
  | { readonly do: "migrate" }
  /** Find out by a refresh whether there is a new session after all. */
  | { readonly do: "recover" }
  /** See the new session work. */
  | { readonly do: "confirm"; readonly how: How }
  | { readonly do: "end" }
  /** Pause before doing it again: the `failures`-th time, and not before `atLeast` seconds have passed. */
  | { readonly do: "wait"; readonly failures: number; readonly atLeast: number };

export type Event =
  | { readonly type: "begin" }
  | { readonly type: "looked"; readonly found: boolean }
  | { readonly type: "turn" }
  | { readonly type: "session"; readonly held: Held }
  | { readonly type: "credential"; readonly found: boolean }
  | { readonly type: "answer"; readonly answer: Answer; readonly held: Held }
  | { readonly type: "recovered"; readonly exists: boolean }
  | { readonly type: "confirmed"; readonly usable: boolean }
  | { readonly type: "ended"; readonly clean: boolean }
  | { readonly type: "waited" }
  | { readonly type: "failed"; readonly reason: Exclude<UnavailableReason, "aborted"> }
  | { readonly type: "aborted" };

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
      readonly held: Held;
      /** Whether the credential at hand is the second one. */
      readonly renewed: boolean;
      readonly failures: number;
      /** The new session as the server named it. */
      readonly session: Session | null;
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
  held: "none",
  renewed: false,
  failures: 0,
  session: null,
  refusal: null,
};

/** One step. An event that answers nothing that is being done changes nothing. */
export function step(state: State, event: Event, patience: Patience): Step {
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
      return event.type === "answer"
        ? answered({ ...state, held: event.held }, event.answer, patience)
        : ignored(state);
    case "recover":
      return event.type === "recovered" ? recovered(state, event.exists) : ignored(state);
    case "confirm":
      return event.type === "confirmed" ? confirmed(state, event.usable, state.doing.how) : ignored(state);
    case "end":
      return event.type === "ended" ? done(wellDone(state, event.clean)) : ignored(state);
  }
}

function looked(state: Running): Step {
  if (state.hasTurn) return go(state, { do: "askSession" });
  return state.found ? go(state, { do: "takeTurn" }) : done({ status: "none" });
}

function asked(state: Running): Step {
  if (!state.found) {
    // Another tab has ended it while this one waited.
    return done(state.held === "none" ? { status: "none" } : { status: "already", oldEnded: true });
  }
  // A header session cannot be shown beside the old credential, and the answer would overwrite it.
  if (state.held === "header") return go(state, { do: "confirm", how: "look" });
  return go(state, { do: "getCredential", fresh: false });
}

function credential(state: Running, found: boolean): Step {
  if (found) return go(state, { do: "migrate" });
  // The old session turned out to be over: a new one may be there all the same.
  return state.held === "none" ? done(nothing(state)) : go(state, { do: "confirm", how: "recover" });
}

function answered(state: Running, answer: Answer, patience: Patience): Step {
  if (answer.is === "session") {
    const known = { ...state, session: answer };
    if (answer.result === "ALREADY") return end(known); // the server has seen the session's own token
    return go(known, { do: "confirm", how: state.held === "header" ? "look" : "migrate" });
  }
  if (answer.retryable) {
    const { retryAfter = 0 } = answer;
    return retryAfter > patience.putOff
      ? refused(answer.code, true)
      : again(state, patience, retryAfter, { status: "refused", code: answer.code, retryable: true });
  }
  return refusedFor(state, answer.code);
}

function refusedFor(state: Running, code: RefusalCode): Step {
  const refusal = { ...state, refusal: code };
  if (!state.renewed && RENEWABLE.has(code)) {
    return go({ ...refusal, renewed: true }, { do: "getCredential", fresh: true });
  }
  // The old session buys nothing (any more), which is no harm to who has the new one.
  return SPENT.has(code) ? go(refusal, { do: "recover" }) : refused(code, false);
}

const RENEWABLE: ReadonlySet<RefusalCode> = new Set(["TOKEN_EXPIRED", "TOKEN_KID_UNKNOWN", "TOKEN_SIGNATURE_INVALID"]);
const SPENT: ReadonlySet<RefusalCode> = new Set([
  ...RENEWABLE,
  "ALREADY_MIGRATED",
  "MIGRATION_CLOSED",
  "SIGN_IN_REVOKED",
  "SIGN_IN_TOO_OLD",
]);

function recovered(state: Running, exists: boolean): Step {
  return exists ? end(state) : done(nothing(state));
}

function confirmed(state: Running, usable: boolean, how: How): Step {
  if (usable) return end(state);
  if (state.session !== null) return refused("SESSION_NOT_KEPT", false);
  // What seemed to be a session is none: the old one is worth something still, unless that is over as well.
  if (how === "recover") return done(nothing(state));
  return go({ ...state, held: "none" }, { do: "getCredential", fresh: false });
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

function aborted(state: Running): Step {
  return done(state.doing.do === "end" ? wellDone(state, false) : { status: "unavailable", reason: "aborted" });
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
const refused = (code: RefusalCode, retryable: boolean): Step => done({ status: "refused", code, retryable });
