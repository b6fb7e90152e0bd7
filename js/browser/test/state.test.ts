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
const answer = (said: Answer, held: "none" | "cookie" | "header" = "cookie"): Event => ({
  type: "answer",
  answer: said,
  held,
});

const BEGIN: Event = { type: "begin" };
const FOUND: Event = { type: "looked", found: true };
const GONE: Event = { type: "looked", found: false };
const TURN: Event = { type: "turn" };
const NO_SESSION: Event = { type: "session", held: "none" };
const IN_COOKIE: Event = { type: "session", held: "cookie" };
const IN_HEADER: Event = { type: "session", held: "header" };
const CREDENTIAL: Event = { type: "credential", found: true };
const NO_CREDENTIAL: Event = { type: "credential", found: false };
const WORKS: Event = { type: "confirmed", usable: true };
const WORKS_NOT: Event = { type: "confirmed", usable: false };
const ENDED: Event = { type: "ended", clean: true };
const LOST: Event = { type: "failed", reason: "network" };
const WAITED: Event = { type: "waited" };
const RECOVERED: Event = { type: "recovered", exists: true };
const NOT_RECOVERED: Event = { type: "recovered", exists: false };

const EVERY_EVENT: readonly Event[] = [
  ...[BEGIN, FOUND, GONE, TURN, NO_SESSION, IN_COOKIE, IN_HEADER, CREDENTIAL, NO_CREDENTIAL, WORKS, WORKS_NOT],
  ...[ENDED, { type: "ended", clean: false } as const, WAITED, RECOVERED, NOT_RECOVERED, { type: "aborted" } as const],
  ...(["network", "provider", "server", "timeout"] as const).map((reason) => ({ type: "failed", reason }) as const),
  ...(["none", "cookie", "header"] as const).flatMap((held) => [
    answer(session("MIGRATED"), held),
    answer(session("REPEATED"), held),
    answer(session("ALREADY"), held),
    answer(session("MIGRATED", false), held),
    answer(refusal("TOKEN_EXPIRED"), held),
    answer(refusal("ALREADY_MIGRATED"), held),
    answer(refusal("OTHER_USER_SIGNED_IN"), held),
    answer(refusal("KEYS_UNAVAILABLE", true, 5), held),
    answer(refusal("KEYS_UNAVAILABLE", true, 500), held),
  ]),
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

/** A proof that the new session works. */
const proves = (event: Event): boolean =>
  (event.type === "confirmed" && event.usable) ||
  (event.type === "recovered" && event.exists) ||
  (event.type === "answer" && event.answer.is === "session" && event.answer.result === "ALREADY");

interface Place {
  readonly state: State;
  readonly last: Event;
  readonly ends: number;
  readonly depth: number;
}

/** Every state that any order of events leads to. */
function everywhere(visit: (place: Place, event: Event) => void): number {
  const seen = new Set<string>();
  const ahead: Place[] = [{ state: START, last: BEGIN, ends: 0, depth: 0 }];
  for (let place = ahead.pop(); place !== undefined; place = ahead.pop()) {
    const name = JSON.stringify([place.state, place.ends]);
    if (seen.has(name)) continue;
    seen.add(name);
    for (const event of EVERY_EVENT) {
      visit(place, event);
      const { state, effect } = step(place.state, event, PATIENCE);
      ahead.push({ state, last: event, ends: place.ends + (effect?.do === "end" ? 1 : 0), depth: place.depth + 1 });
    }
  }
  return seen.size;
}

test("state: an event that answers nothing changes nothing, wherever the machine is", () => {
  const states = everywhere(({ state }, event) => {
    if (state.at === "done") return;
    const expected = event.type === answers[state.doing.do] || event.type === "failed" || event.type === "aborted";
    if (expected || event.type === "begin") return;
    const next = step(state, event, PATIENCE);
    equal([next.state === state, next.effect], [true, null], `${event.type} while ${state.doing.do}`);
  });
  ok(states > 100, `only ${states} states`);
});

test("state: the old session is ended only upon a proof that the new one works, and once", () => {
  everywhere(({ state, ends }, event) => {
    const { effect } = step(state, event, PATIENCE);
    if (effect?.do !== "end") return;
    ok(proves(event), `ended upon ${JSON.stringify(event)}`);
    equal(ends, 0, "ended twice");
  });
});

test("state: who is told of a migrated or present session has one that works", () => {
  everywhere(({ state, last }, event) => {
    const { state: next } = step(state, event, PATIENCE);
    if (state.at === "done" || next.at !== "done" || !("oldEnded" in next.outcome)) return;
    const elsewhere = event.type === "session" && event.held !== "none"; // ended by another tab, which had the proof
    ok(proves(event) || state.doing.do === "end" || elsewhere, `${JSON.stringify([last, event])}`);
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

const JOURNEYS: Record<string, readonly [readonly Event[], unknown]> = {
  "nobody is signed in the old way": [[GONE], NOTHING],
  "moved with cookies": [[...READY, answer(session("MIGRATED")), WORKS, ENDED], MIGRATED],
  "moved with headers": [[...READY, answer(session("MIGRATED"), "header"), WORKS, ENDED], MIGRATED],
  "cookies are proven by the server": [[...READY, answer(session("MIGRATED"))], { do: "confirm", how: "migrate" }],
  "tokens in the page's own hands are looked at": [
    [...READY, answer(session("MIGRATED"), "header")],
    { do: "confirm", how: "look" },
  ],
  "an answer that was lost comes again": [
    [...READY, LOST, WAITED, answer(session("REPEATED")), WORKS, ENDED],
    MIGRATED,
  ],
  "the old SDK throws at the end": [
    [...READY, answer(session("MIGRATED")), WORKS, LOST],
    { ...MIGRATED, oldEnded: false },
  ],
  "the server wants the old session kept": [
    [...READY, answer(session("MIGRATED", false)), WORKS],
    { ...MIGRATED, oldEnded: false },
  ],
  "the session was there": [[FOUND, TURN, FOUND, IN_COOKIE, CREDENTIAL, answer(session("ALREADY")), ENDED], ALREADY],
  "a header session was there and is not overwritten": [[FOUND, TURN, FOUND, IN_HEADER, WORKS, ENDED], ALREADY],
  "a header session was there and does not work": [
    [FOUND, TURN, FOUND, IN_HEADER, WORKS_NOT],
    { do: "getCredential", fresh: false },
  ],
  "another tab did it": [[FOUND, TURN, GONE, IN_COOKIE], ALREADY],
  "the old session ended while we waited": [[FOUND, TURN, GONE, NO_SESSION], NOTHING],
  "the old session is over": [[FOUND, TURN, FOUND, NO_SESSION, NO_CREDENTIAL], NOTHING],
  "the old session is over and a new one is there": [
    [FOUND, TURN, FOUND, IN_COOKIE, NO_CREDENTIAL, WORKS, ENDED],
    ALREADY,
  ],
  "both are over": [[FOUND, TURN, FOUND, IN_COOKIE, NO_CREDENTIAL, WORKS_NOT], NOTHING],
  "an expired token is renewed once": [
    [...READY, answer(refusal("TOKEN_EXPIRED"))],
    { do: "getCredential", fresh: true },
  ],
  "and then it is final": [
    [
      ...[...READY, answer(refusal("TOKEN_EXPIRED")), CREDENTIAL, answer(refusal("TOKEN_EXPIRED"), "none")],
      NOT_RECOVERED,
    ],
    { status: "refused", code: "TOKEN_EXPIRED", retryable: false },
  ],
  "moved before, session there": [[...READY, answer(refusal("ALREADY_MIGRATED")), RECOVERED, ENDED], ALREADY],
  "moved before, session gone": [
    [...READY, answer(refusal("ALREADY_MIGRATED")), NOT_RECOVERED],
    { status: "refused", code: "ALREADY_MIGRATED", retryable: false },
  ],
  "somebody else is signed in": [
    [...READY, answer(refusal("OTHER_USER_SIGNED_IN"))],
    { status: "refused", code: "OTHER_USER_SIGNED_IN", retryable: false },
  ],
  "nothing seems to be kept, which is looked at twice": [
    [...READY, answer(session("MIGRATED"), "none")],
    { do: "confirm", how: "migrate" },
  ],
  "cookies are blocked and only the server notices": [
    [...READY, answer(session("MIGRATED")), WORKS_NOT],
    { status: "refused", code: "SESSION_NOT_KEPT", retryable: false },
  ],
  "put off": [[...READY, answer(refusal("KEYS_UNAVAILABLE", true, 5))], { do: "wait", failures: 1, atLeast: 5 }],
  "put off for too long": [
    [...READY, answer(refusal("KEYS_UNAVAILABLE", true, 500))],
    { status: "refused", code: "KEYS_UNAVAILABLE", retryable: true },
  ],
  "no answer at all": [[...READY, LOST, WAITED, LOST, WAITED, LOST], { status: "unavailable", reason: "network" }],
  "no turn in time": [[FOUND, LOST], { do: "look" }],
  "stopped on the way": [[...READY, { type: "aborted" }], { status: "unavailable", reason: "aborted" }],
  "stopped at the very end": [
    [...READY, answer(session("MIGRATED")), WORKS, { type: "aborted" }],
    { ...MIGRATED, oldEnded: false },
  ],
};

for (const [name, [events, expected]] of Object.entries(JOURNEYS)) {
  test(`state: ${name}`, () => equal(outcomeOf(...events), expected));
}
