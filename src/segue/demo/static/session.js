// The page's half of a session: the SuperTokens front-end protocol, cookie mode, as small as it can be said.
//
// The page never sees a token. It knows its session by the "front token", a readable copy of the access token's public
// content that the server sends beside the cookies, and by one rule: a 401 is answered with one refresh, then a retry.

const FRONT_TOKEN = "segue-demo.front-token";
const ATTEMPTS = 3;
const HEADERS = { rid: "anti-csrf", "st-auth-mode": "cookie" };

/** What the page knows of its session: {uid, ate, up}, or null. */
export function current() {
  const text = localStorage.getItem(FRONT_TOKEN);
  if (text === null) return null;
  try {
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.charCodeAt(0))));
  } catch {
    localStorage.removeItem(FRONT_TOKEN);
    return null;
  }
}

/** Whether a change of storage, told by the browser, is a change of the session made by another tab. */
export const isAboutSession = (change) => change.key === FRONT_TOKEN || change.key === null;

/** One request, as it is; `seen` is told {method, path, status, took}. */
export async function send(path, { headers, ...options } = {}, seen = () => {}) {
  const began = performance.now();
  const response = await fetch(path, { ...options, credentials: "include", headers: { ...HEADERS, ...headers } });
  keep(response.headers.get("front-token"));
  seen({ method: options.method ?? "GET", path, status: response.status, took: performance.now() - began });
  return response;
}

/** A request that survives the end of its access token: 401, refresh, again. */
export async function call(path, options, seen) {
  for (let attempt = 1; ; attempt += 1) {
    const before = localStorage.getItem(FRONT_TOKEN);
    const response = await send(path, options, seen);
    if (response.status !== 401 || before === null || attempt === ATTEMPTS) return response;
    if (!(await refresh(before, seen))) return response;
  }
}

export async function signOut(seen) {
  const response = await call("/auth/signout", { method: "POST" }, seen);
  if (response.status === 401) keep("remove");
  return response.ok || response.status === 401;
}

// One refresh at a time across all tabs; tells whether the call is worth repeating.
function refresh(before, seen) {
  return exclusively("segue-demo.refresh", async ({ waited }) => {
    const now = localStorage.getItem(FRONT_TOKEN);
    if (now !== before) return now !== null;
    // Another tab has just refreshed, but a lock does not order storage between processes: this tab may still read
    // the old front token. The cookies are right already, so the call itself finds out.
    if (waited) return true;
    const response = await send("/auth/session/refresh", { method: "POST", headers: { rid: "session" } }, seen);
    if (response.status === 401) keep("remove");
    if (response.status >= 500) throw new Error(`refresh was answered ${response.status}`);
    return response.ok;
  });
}

/** Runs `work` in one tab at a time, where the browser can promise that; it hears whether it had to wait. */
export async function exclusively(name, work) {
  if (!navigator.locks) return work({ waited: false });
  const busy = {};
  const result = await navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? work({ waited: false }) : busy));
  return result === busy ? navigator.locks.request(name, () => work({ waited: true })) : result;
}

function keep(frontToken) {
  if (frontToken === null) return;
  if (frontToken === "remove") localStorage.removeItem(FRONT_TOKEN);
  else localStorage.setItem(FRONT_TOKEN, frontToken);
}
