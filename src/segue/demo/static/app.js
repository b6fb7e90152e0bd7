// The page: wires the old provider, the migration and the session to what is shown.

import { moveAcross } from "./migrate.js";
import * as oldProvider from "./old-provider.js";
import { session, watching } from "./session.js";
import * as story from "./story.js";
import { short, show } from "./view.js";

const PERSON = "segue-demo.person"; // name and session id at the provider; neither is a secret
const TALE = "segue-demo.tale";
const RUN = "segue-demo.run"; // which beginning of the demo the things kept in this browser belong to
const POLL = 1500;

const state = {
  provider: { running: null, address: "–", signedIn: false },
  me: null,
  moving: false,
  tale: null,
  starting: false,
  refusal: null,
  accessLifetime: 1,
  ahead: 0, // how far the server's clock is ahead of this one, in milliseconds
  heard: null, // number of the last server event that was told
};
let about; // where the old provider is and who we are there

const person = () => JSON.parse(localStorage.getItem(PERSON) ?? "null");
const redraw = () =>
  show({
    ...state,
    old: oldProvider.tokens(),
    session: session.current(),
    person: person(),
    now: Date.now() + state.ahead,
  });

// --- the move --------------------------------------------------------------------------------------------------------

const STEPS = {
  found: ({ took, claims }) => ({
    title: "Old session found",
    why: "The old provider’s tokens lie in this browser’s storage.",
    kind: "old",
    took,
    facts: { issuer: new URL(claims.iss).host, subject: claims.sub, session: short(claims.sid), ends: inMinutes(claims.exp) },
  }),
  waiting: ({ seconds }) => ({
    title: `Not now; trying again in ${seconds} s`,
    why: "The same Idempotency-Key goes along, so that a repetition cannot make a second session.",
    kind: "fault",
  }),
  migrated: ({ took, result, userId }) => ({
    title: "New session made",
    why: "The server checked the old token’s signature and claims, and gave this browser a session in two HttpOnly cookies.",
    kind: "own",
    took,
    facts: { POST: "/auth/migrate-session", result, user: userId },
  }),
  confirmed: ({ took, me }) => ({
    title: "Confirmed by using it",
    why: "Only a session that has answered a request is worth giving up the old one for.",
    kind: "own",
    took,
    facts: { GET: "/api/me", status: 200, session: short(me.handle) },
  }),
  ended: ({ took, answered }) => ({
    title: "Old session ended in the browser",
    why: answered
      ? "Its tokens are deleted here, and the old provider has signed this browser out."
      : "Its tokens are deleted here. The old provider did not answer, which changes nothing for the user.",
    kind: "old",
    took,
  }),
};

async function move() {
  if (oldProvider.tokens() === null) return;
  Object.assign(state, { moving: true, refusal: null });
  redraw();
  let add = null;
  let total = 0;
  const tell = (step) => {
    add ??= story.chapter("Moving across");
    total += step.took ?? 0;
    if (step.name === "found") localStorage.setItem(PERSON, JSON.stringify({ name: nameOf(), sid: step.claims.sid }));
    if (step.name === "confirmed") state.me = step.me;
    add(STEPS[step.name](step));
    redraw();
  };
  try {
    const outcome = await moveAcross(about, tell);
    if ("oldEnded" in outcome && add) {
      state.tale = `It took ${story.inTime(total)}, from finding the old token to the end of the old session. You were not asked for anything.`;
      sessionStorage.setItem(TALE, state.tale);
      add.retitle("Moved across");
    } else if (outcome.status !== "none") {
      state.refusal = WORDS[outcome.status]?.(outcome) ?? "";
      add ??= story.chapter("Moving across");
      add({ title: "Not moved", why: state.refusal, kind: "fault" });
      add.retitle("Not moved across");
    }
  } finally {
    state.moving = false;
    await poll().catch(redraw); // the provider has something new to say about itself
  }
}

const WORDS = {
  refused: ({ code }) => `The server said ${code}. Start again, or sign in at the old provider once more.`,
  unavailable: ({ reason }) => `There was no answer (${reason}). Nothing is lost: load the page again.`,
};

const nameOf = () => oldProvider.claims(oldProvider.tokens().id).name;
const inMinutes = (seconds) => `in ${Math.round((seconds * 1000 - Date.now()) / 60_000)} min`;

// --- buttons ---------------------------------------------------------------------------------------------------------

async function callApi() {
  const add = story.chapter("Calling the API");
  const requests = [];
  const tell = (request) => {
    requests.push(request);
    add(request.path === "/api/me" ? apiStep(request) : refreshStep(request));
  };
  const response = await watching(tell, () => session.fetch("/api/me"));
  if (response.ok) state.me = await response.json();
  const refreshed = requests.some((request) => request.path !== "/api/me");
  add.retitle(!response.ok ? "Signed out" : refreshed ? "A silent refresh" : "The API answered");
}

const apiStep = ({ status, took }) => ({
  title: status === 200 ? "The API answered" : "The API wants a fresher token",
  kind: status === 200 ? "own" : "plain",
  took,
  facts: { GET: "/api/me", status },
});

const refreshStep = ({ status, took }) => ({
  title: status === 200 ? "New tokens, without a word to the user" : "The session is over",
  why: status === 200 ? "The refresh token was used once and replaced. The call is repeated." : "",
  kind: status === 200 ? "own" : "fault",
  took,
  facts: { POST: "/auth/session/refresh", status },
});

async function expire() {
  const { ahead, seconds } = await ask("/demo/expire");
  state.ahead = ahead;
  story.chapter("Time passes")({
    title: "The access token has expired",
    why: `The server’s clock was moved on by ${seconds} seconds. Now call the API.`,
  });
}

async function stopProvider() {
  const pid = state.provider.pid;
  await ask("/demo/stop-provider");
  await poll();
  story.chapter("The old provider is shut down")({
    title: "Its process has ended",
    why: "Your session does not notice: it is verified, refreshed and ended by this server alone.",
    kind: "old",
    facts: { process: pid },
  });
}

async function signOut() {
  const add = story.chapter("Signing out");
  const done = ({ method, path, status, took }) =>
    add({ title: status === 200 ? "Done" : "Answered", kind: "own", took, facts: { [method]: path, status } });
  await watching(done, () => session.signOut());
  forgetUs();
  const closed = ({ status, took }) =>
    add({ title: "The API is closed again", took, facts: { GET: "/api/me", status } });
  const response = await watching(closed, () => session.fetch("/api/me"));
  add.retitle(response.status === 401 ? "Signed out" : "Not signed out");
}

async function startAgain() {
  state.starting = true;
  redraw();
  try {
    await ask("/demo/start-again");
    location.replace("/");
  } finally {
    state.starting = false;
  }
}

function forgetUs() {
  localStorage.removeItem(PERSON);
  sessionStorage.removeItem(TALE);
  Object.assign(state, { me: null, tale: null, refusal: null });
}

// --- what the server knows -------------------------------------------------------------------------------------------

// The header forces a preflight that no other site passes: only this page can stop things.
async function ask(path) {
  const response = await fetch(path, { method: "POST", headers: { rid: "demo" } });
  if (!response.ok) throw new Error(`${path} was answered ${response.status}`);
  return response.json();
}

// One at a time: answers that overtook each other would tell an event twice.
let asked = Promise.resolve();
function poll() {
  asked = asked.catch(() => {}).then(askForNews);
  return asked;
}

async function askForNews() {
  const sid = person()?.sid ?? "";
  const response = await fetch(`/demo/state?sid=${encodeURIComponent(sid)}&after=${state.heard ?? ""}`);
  const { run, now, provider, accessLifetime, events, lastEvent } = await response.json();
  if (run !== about.run) return location.replace("/"); // the demo began anew, here or in another tab
  Object.assign(state, { provider, accessLifetime, ahead: now - Date.now() });
  if (!state.moving) hear(events, lastEvent); // first the move is told to its end
  redraw();
}

function hear(events, lastEvent) {
  state.heard = lastEvent;
  for (const { chapter, ...step } of events) story.chapterGoingOn(chapter)(step);
}

async function keepPolling() {
  if (!document.hidden) await poll().catch(() => {});
  setTimeout(keepPolling, POLL);
}

// --- begin -----------------------------------------------------------------------------------------------------------

function button(id, work) {
  const element = document.getElementById(id);
  element.addEventListener("click", async () => {
    element.disabled = true;
    try {
      await work();
    } catch (error) {
      story.chapter("That did not work")({ title: error.message, kind: "fault" });
    }
    redraw();
  });
}

async function begin() {
  const response = await fetch("/demo/about");
  about = { ...(await response.json()), redirectUri: `${location.origin}/` };
  forgetOtherRuns();
  story.recall();
  await poll();
  keepPolling();
  setInterval(redraw, 500);
  try {
    await oldProvider.comeBack(about);
  } catch (error) {
    story.chapter("Signing in at the old provider")({ title: error.message, kind: "fault" });
  }
  await move();
  if (!state.me) await learnMe();
  redraw();
}

// Nothing of an earlier beginning is of any use: its tokens, its sign-ins and its story are over.
function forgetOtherRuns() {
  for (const storage of [localStorage, sessionStorage]) {
    if (storage.getItem(RUN) === about.run) continue;
    storage.clear();
    storage.setItem(RUN, about.run);
  }
  state.tale = sessionStorage.getItem(TALE);
}

async function learnMe() {
  const response = session.current() ? await session.fetch("/api/me") : null;
  state.me = response?.ok ? await response.json() : null;
}

button("sign-in", () => oldProvider.signIn(about));
button("stop-provider", stopProvider);
button("call-api", callApi);
button("expire", expire);
button("sign-out", signOut);
button("start-again", startAgain);
// Another tab has done something. Not `session.watch`: that a session was renewed is worth showing here, too.
addEventListener("storage", async () => {
  await learnMe().catch(() => {});
  redraw();
});
begin();
