// The two places and the headline: everything on the page that is a function of the state.

const at = (id) => document.getElementById(id);
const put = (id, text) => {
  if (at(id).textContent !== text) at(id).textContent = text;
};
const badge = (id, state, text) => {
  at(id).dataset.state = state;
  put(id, text);
};

/** First characters of an identifier: enough to recognise, too few to use. */
export const short = (text) => (text.length > 12 ? `${text.slice(0, 8)}…` : text);

/** Show the state; before the server was heard every button stays off: {provider, old, session, me, person, now, accessLifetime, moving, tale}. */
export function show(state) {
  const place = state.moving ? "moving" : state.session ? "own" : state.old ? "old" : "nowhere";
  document.body.dataset.place = place;
  const [headline, lead] = words(state, place);
  put("headline", headline);
  put("lead", lead);
  at("start-again").disabled = state.provider.running === null || state.starting;
  showProvider(state);
  showSession(state);
}

function words({ provider, moving, session, tale, refusal, starting }, place) {
  if (starting) return ["Starting again…", "A new provider, an empty database, the present time."];
  if (refusal) return ["The old session was not taken over.", refusal];
  if (moving) return ["Moving you across…", "The old session was found in this browser. You do nothing."];
  if (session && !provider.running)
    return ["The old provider is gone. You are still signed in.", "Call the API, let the access token expire: nothing here needs the old provider any more."];
  if (session && tale) return ["You have been moved across.", tale];
  if (session) return ["You are signed in, on your own server.", "This session was already here. The old provider was not asked about anything."];
  if (place === "old") return ["You are signed in at the old provider.", "Its tokens are in this browser. They are about to become a session of yours."];
  if (!provider.running)
    return ["Nobody is signed in, and the old provider is off.", "Start again brings it back, with everything as it was at the beginning."];
  return ["Your users are signed in somewhere else.", "Sign in at the old provider, as they once did. Back on this page, you will hold a session of this server a moment later, and the old one will be ended."];
}

function showProvider({ provider, old, person, session, moving }) {
  const up = provider.running;
  badge("provider-state", up === null ? "unknown" : up ? "on" : "off", up === null ? "asking…" : up ? "running" : "stopped");
  put("provider-address", provider.address);
  put("provider-process", up && provider.pid ? String(provider.pid) : up === null ? "–" : "ended");
  put("provider-person", whoIsThere(provider, person, old));
  put("provider-tokens", old ? "access and refresh token" : person ? "none any more" : "none");
  at("sign-in").disabled = !up || Boolean(session) || moving;
  at("stop-provider").disabled = !up || moving;
}

function whoIsThere(provider, person, old) {
  if (!person) return "nobody";
  if (!provider.running) return `${person.name}, once`;
  return provider.signedIn || old ? person.name : `${person.name}: ended`;
}

function showSession({ session, me, now, accessLifetime, moving }) {
  const left = session ? session.ate - now : 0;
  badge("session-state", session ? "on" : "off", session ? "signed in" : "none yet");
  put("session-user", session ? session.uid : "–");
  put("session-handle", session ? short(session.up.sessionHandle) : "–");
  put("access-left", !session ? "–" : left > 0 ? `${clock(left)} left` : "expired; the next call renews it");
  at("access-bar").hidden = !session;
  at("access-bar").value = Math.max(0, Math.min(1, left / (accessLifetime * 1000)));
  put("refresh-left", session && me ? `${span(me.refreshExpiresAt - now)} left` : "–");
  put("refresh-count", session && me ? String(me.generation) : "–");
  for (const id of ["call-api", "expire", "sign-out"]) at(id).disabled = !session || moving;
  at("call-api").classList.toggle("main", Boolean(session));
  at("expire").disabled ||= left <= 0;
}

const clock = (ms) => `${Math.floor(ms / 60_000)}:${String(Math.floor((ms / 1000) % 60)).padStart(2, "0")}`;

function span(ms) {
  const hours = ms / 3_600_000;
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  return hours >= 1 ? `${Math.floor(hours)} h ${Math.floor((hours % 1) * 60)} min` : clock(Math.max(0, ms));
}
