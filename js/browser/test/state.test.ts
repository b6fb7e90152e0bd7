// The machine, for every order of events.

import type { Outcome } from "../src/outcome.js";
import { type Answer, type Effect, type Event, START, type State, step } from "../src/state.js";
import { equal, ok, test } from "./harness.js";

const PATIENCE = { attempts: 3, putOff: 30 };

const session = (result: "MIGRATED" | "REPEATED" | "ALREADY", endOld = true): Answer => ({
  is: "session",
  result,
  userId: "ada",
  sessionHandle: "h1",
  endOld,
});
const refusal = (code: Extract<Answer, { is: "refusal" }>["code"], retryable = false, retryAfter = 0): Answer => ({
  is: "refusal",
  code,
  retryable,
  retryAfter,
});
const answer = (said: Answer): Event => ({ type: "answer", answer: said });

const BEGIN: Event = { type: "begin" };
const FOUND: Event = { type: "looked", found: true };
const GONE: Event = { type: "looked", found: false };
const TURN: Event = { type: "turn" };
const NO_SESSION: Event = { type: "session", userId: null };
const HELD: Event = { type: "session", userId: "ada" };
const CREDENTIAL: Event = { type: "credential", found: true };
const NO_CREDENTIAL: Event = { type: "credential", found: false };
const WORKS: Event = { type: "confirmed", usable: true, userId: "ada" };
const WORKS_FOR_BOB: Event = { type: "confirmed", usable: true, userId: "bob" };
const WORKS_NOT: Event = { type: "confirmed", usable: false, userId: "ada" };
const TAKEN_OFF: Event = { type: "confirmed", usable: false, userId: null };
const ENDED: Event = { type: "ended", clean: true };
const LOST: Event = { type: "failed", reason: "network" };
const WAITED: Event = { type: "waited" };
const RECOVERED: Event = { type: "recovered", userId: "ada" };
const RECOVERED_BOB: Event = { type: "recovered", userId: "bob" };
const NOT_RECOVERED: Event = { type: "recovered", userId: null };
const STOPPED: Event = { type: "stopped", reason: "aborted" };

const EVERY_EVENT: readonly Event[] = [
  ...[
    BEGIN,
    FOUND,
    GONE,
    TURN,
    NO_SESSION,
    HELD,
    CREDENTIAL,
    NO_CREDENTIAL,
    WORKS,
    WORKS_FOR_BOB,
    WORKS_NOT,
    TAKEN_OFF,
  ],
  ...[ENDED, { type: "ended", clean: false } as const, WAITED, RECOVERED, RECOVERED_BOB, NOT_RECOVERED, STOPPED],
  ...(["network", "provider", "server", "timeout"] as const).map((reason) => ({ type: "failed", reason }) as const),
  answer(session("MIGRATED")),
  answer(session("REPEATED")),
  answer(session("ALREADY")),
  answer(session("MIGRATED", false)),
  answer(refusal("TOKEN_EXPIRED")),
  answer(refusal("ALREADY_MIGRATED")),
  answer(refusal("OTHER_USER_SIGNED_IN")),
  answer(refusal("KEYS_UNAVAILABLE", true, 5)),
  answer(refusal("KEYS_UNAVAILABLE", true, 500)),
];

const answers: Record<Effect["do"], Event["type"]> = {
  look: "looked",
  takeTurn: "turn",
  askSession: "session",
  getCredential: "credential",
  migrate: "answer",
  recover: "recovered",
  confirm: "confirmed",
  end: "ended",
  wait: "waited",
};

/** The server has seen a session come along, or refreshed one. */
const proves = (event: Event): boolean =>
  (event.type === "recovered" && event.userId !== null) ||
  (event.type === "answer" && event.answer.is === "session" && event.answer.result === "ALREADY");

interface Place {
  readonly state: State;
  readonly last: Event;
  /** Whether the session of this browser is proven, as far as nothing was presented since. */
  readonly proven: boolean;
  readonly ends: number;
}

/** Every state that any order of events leads to. */
function everywhere(visit: (place: Place, event: Event) => void): number {
  const seen = new Set<string>();
  const ahead: Place[] = [{ state: START, last: BEGIN, proven: false, ends: 0 }];
  for (let place = ahead.pop(); place !== undefined; place = ahead.pop()) {
    const name = JSON.stringify([place.state, place.proven, place.ends]);
    if (seen.has(name)) continue;
    seen.add(name);
    for (const event of EVERY_EVENT) {
      visit(place, event);
      const { state, effect } = step(place.state, event, PATIENCE);
      const proven = (place.proven || proves(event)) && effect?.do !== "migrate";
      ahead.push({ state, last: event, proven, ends: place.ends + (effect?.do === "end" ? 1 : 0) });
    }
  }
  return seen.size;
}

test("state: an event that answers nothing changes nothing, wherever the machine is", () => {
  const states = everywhere(({ state }, event) => {
    if (state.at === "done") return;
    const expected = event.type === answers[state.doing.do] || event.type === "failed" || event.type === "stopped";
    if (expected || event.type === "begin") return;
    const next = step(state, event, PATIENCE);
    equal([next.state === state, next.effect], [true, null], `${event.type} while ${state.doing.do}`);
  });
  ok(states > 100, `only ${states} states`);
});

test("state: the old session is ended only when the server and the application have seen the new one, and once", () => {
  everywhere(({ state, proven, ends }, event) => {
    const { effect } = step(state, event, PATIENCE);
    if (effect?.do !== "end") return;
    ok(proven, `ended without a proof upon ${JSON.stringify(event)}`);
    ok(event.type === "confirmed" && event.usable && event.userId !== null, `ended upon ${JSON.stringify(event)}`);
    equal(ends, 0, "ended twice");
  });
});

test("state: nobody's old session is ended for another one's new session that the server has named", () => {
  everywhere(({ state }, event) => {
    const { effect } = step(state, event, PATIENCE);
    if (effect?.do !== "end" || state.at === "done" || state.session === null) return;
    equal("userId" in event && event.userId, state.session.userId);
  });
});

test("state: who is told of a migrated or present session has one that works", () => {
  everywhere(({ state, last, proven }, event) => {
    const { state: next } = step(state, event, PATIENCE);
    if (state.at === "done" || next.at !== "done" || !("oldEnded" in next.outcome)) return;
    const elsewhere = event.type === "session" && event.userId !== null; // ended by another tab, which had the proof
    ok(proven || state.doing.do === "end" || elsewhere, `${JSON.stringify([last, event])}`);
  });
});

test("state: the end is the end", () => {
  everywhere(({ state }, event) => {
    if (state.at === "done") equal(step(state, event, PATIENCE), { state, effect: null });
  });
});

test("state: whatever happens, it comes to an end", () => {
  const deepest = new Map<string, number>();
  const longest = (state: State): number => {
    if (state.at === "done") return 0;
    const name = JSON.stringify(state);
    const known = deepest.get(name);
    if (known !== undefined) return known;
    deepest.set(name, Number.POSITIVE_INFINITY); // met again on its own way: it could go on for ever
    const further = EVERY_EVENT.map((event) => step(state, event, PATIENCE))
      .filter((next) => next.effect !== null || next.state.at === "done")
      .map((next) => 1 + longest(next.state));
    const most = Math.max(...further);
    deepest.set(name, most);
    return most;
  };
  ok(longest(START) < 40, `${longest(START)} steps`);
});

function outcomeOf(...events: readonly Event[]): Outcome | Effect | null {
  let state: State = START;
  let last: Effect | null = null;
  for (const event of [BEGIN, ...events]) ({ state, effect: last } = step(state, event, PATIENCE));
  return state.at === "done" ? state.outcome : last;
}

const READY = [FOUND, TURN, FOUND, NO_SESSION, CREDENTIAL];
const MIGRATED = { status: "migrated", userId: "ada", sessionHandle: "h1", oldEnded: true };
const NOTHING = { status: "none" };
const ALREADY = { status: "already", oldEnded: true };

const NEW = answer(session("MIGRATED"));
const AGAIN = answer(session("REPEATED"));
const SEEN = answer(session("ALREADY"));
const refused = (code: string) => ({ status: "refused", code, retryable: false });

const JOURNEYS: Record<string, readonly [readonly Event[], unknown]> = {
  "nobody is signed in the old way": [[GONE], NOTHING],
  moved: [[...READY, NEW, SEEN, WORKS, ENDED], MIGRATED],
  "whether it was kept, the server says": [[...READY, NEW], { do: "migrate" }],
  "and then the application": [[...READY, NEW, SEEN], { do: "confirm" }],
  "an answer that was lost comes again": [[...READY, LOST, WAITED, AGAIN, SEEN, WORKS, ENDED], MIGRATED],
  "the old SDK throws at the end": [[...READY, NEW, SEEN, WORKS, LOST], { ...MIGRATED, oldEnded: false }],
  "the server wants the old session kept": [
    [...READY, answer(session("MIGRATED", false)), answer(session("ALREADY", false)), WORKS],
    { ...MIGRATED, oldEnded: false },
  ],
  "the session was there": [[FOUND, TURN, FOUND, HELD, CREDENTIAL, SEEN, WORKS, ENDED], ALREADY],
  "what seems to be a session is presented like nothing": [[FOUND, TURN, FOUND, HELD, CREDENTIAL], { do: "migrate" }],
  "another tab did it": [[FOUND, TURN, GONE, HELD], ALREADY],
  "the old session ended while we waited": [[FOUND, TURN, GONE, NO_SESSION], NOTHING],
  "the old session is over": [[FOUND, TURN, FOUND, NO_SESSION, NO_CREDENTIAL, NOT_RECOVERED], NOTHING],
  "the old session is over and a new one is there": [
    [FOUND, TURN, FOUND, HELD, NO_CREDENTIAL, RECOVERED, WORKS, ENDED],
    ALREADY,
  ],
  "the old session is over and the new one does not open the application": [
    [FOUND, TURN, FOUND, HELD, NO_CREDENTIAL, RECOVERED, WORKS_NOT],
    refused("NOT_CONFIRMED"),
  ],
  "an expired token is renewed once": [
    [...READY, answer(refusal("TOKEN_EXPIRED"))],
    { do: "getCredential", fresh: true },
  ],
  "and then it is final": [
    [...READY, answer(refusal("TOKEN_EXPIRED")), CREDENTIAL, answer(refusal("TOKEN_EXPIRED")), NOT_RECOVERED],
    refused("TOKEN_EXPIRED"),
  ],
  "moved before, session there": [[...READY, answer(refusal("ALREADY_MIGRATED")), RECOVERED, WORKS, ENDED], ALREADY],
  "moved before, session gone": [
    [...READY, answer(refusal("ALREADY_MIGRATED")), NOT_RECOVERED],
    refused("ALREADY_MIGRATED"),
  ],
  "somebody else is signed in": [[...READY, answer(refusal("OTHER_USER_SIGNED_IN"))], refused("OTHER_USER_SIGNED_IN")],
  "somebody else signs in before the server looks": [
    [...READY, NEW, answer(refusal("OTHER_USER_SIGNED_IN"))],
    refused("OTHER_USER_SIGNED_IN"),
  ],
  "somebody else signs in before the application looks": [
    [...READY, NEW, SEEN, WORKS_FOR_BOB],
    refused("OTHER_USER_SIGNED_IN"),
  ],
  "the server ends the old session before it was asked for the proof": [
    [...READY, NEW, answer(refusal("SIGN_IN_REVOKED")), RECOVERED, WORKS, ENDED],
    MIGRATED,
  ],
  "and somebody else signs in meanwhile": [
    [...READY, NEW, answer(refusal("SIGN_IN_REVOKED")), RECOVERED_BOB],
    refused("OTHER_USER_SIGNED_IN"),
  ],
  "and nothing was kept": [
    [...READY, NEW, answer(refusal("SIGN_IN_REVOKED")), NOT_RECOVERED],
    refused("SESSION_NOT_KEPT"),
  ],
  "an earlier request's answer took it off again": [[...READY, NEW, AGAIN, SEEN, WORKS, ENDED], MIGRATED],
  "or later": [[...READY, NEW, SEEN, TAKEN_OFF, AGAIN, SEEN, WORKS, ENDED], MIGRATED],
  "cookies are blocked": [[...READY, NEW, AGAIN, AGAIN], refused("SESSION_NOT_KEPT")],
  "the application does not work with it": [
    [...READY, NEW, SEEN, WORKS_NOT, SEEN, WORKS_NOT],
    refused("NOT_CONFIRMED"),
  ],
  "put off": [[...READY, answer(refusal("KEYS_UNAVAILABLE", true, 5))], { do: "wait", failures: 1, atLeast: 5 }],
  "put off for too long": [
    [...READY, answer(refusal("KEYS_UNAVAILABLE", true, 500))],
    { status: "refused", code: "KEYS_UNAVAILABLE", retryable: true },
  ],
  "no answer at all": [[...READY, LOST, WAITED, LOST, WAITED, LOST], { status: "unavailable", reason: "network" }],
  "no turn in time": [[FOUND, LOST], { do: "look" }],
  "stopped on the way": [[...READY, STOPPED], { status: "unavailable", reason: "aborted" }],
  "all of it took too long": [
    [...READY, { type: "stopped", reason: "timeout" }],
    { status: "unavailable", reason: "timeout" },
  ],
  "stopped at the very end": [[...READY, NEW, SEEN, WORKS, STOPPED], { ...MIGRATED, oldEnded: false }],
};

for (const [name, [events, expected]] of Object.entries(JOURNEYS)) {
  test(`state: ${name}`, () => equal(outcomeOf(...events), expected));
}
