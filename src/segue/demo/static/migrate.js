// Move a signed-in user across: find the old session, migrate, confirm, and only then end the old one.
//
// The order is the point. Until the new session has answered a request, the old one is left alone, so there is no
// moment at which a closed laptop or a lost answer leaves the user with neither.

import * as oldProvider from "./old-provider.js";
import * as session from "./session.js";

const IDEMPOTENCY_KEY = "segue-demo.idempotency-key";
const ATTEMPTS = 4;

/** A refusal by our server. `code` is stable; `retryable` says whether waiting helps. */
export class Refused extends Error {
  constructor({ code, retryable }, status) {
    super(`refused: ${code}`);
    Object.assign(this, { code, retryable: retryable === true, status });
  }
}

/**
 * Migrate if there is something to migrate. One tab at a time: the second one finds nothing left to do.
 *
 * `tell(step)` hears of each step when it is done: {name, took, …facts}. Resolves to whether a session was moved.
 * Throws Refused when the server says no for good.
 */
export function moveAcross(provider, tell) {
  return session.exclusively("segue-demo.migrate", async () => {
    const old = await timed(() => oldProvider.freshTokens(provider));
    if (old.value === null) return false;
    tell({ name: "found", took: old.took, claims: oldProvider.claims(old.value.access) });

    const moved = await timed(() => migrate(old.value, tell));
    tell({ name: "migrated", took: moved.took, ...moved.value });

    const confirmed = await timed(() => confirm(moved.value.userId));
    tell({ name: "confirmed", took: confirmed.took, me: confirmed.value });

    if (!moved.value.endPreviousSession) return true;
    const ended = await timed(() => endPrevious(provider, old.value.id));
    tell({ name: "ended", took: ended.took, answered: ended.value });
    return true;
  });
}

async function migrate(old, tell) {
  for (let attempt = 1; ; attempt += 1) {
    const response = await session.send("/auth/migrate-session", {
      method: "POST",
      headers: {
        authorization: `Bearer ${old.access}`,
        "content-type": "application/json",
        "idempotency-key": idempotencyKey(),
      },
      body: JSON.stringify({ refreshToken: old.refresh }),
    });
    const answer = await response.json().catch(() => ({ code: `HTTP_${response.status}` }));
    if (response.ok) return { result: answer.result, userId: answer.userId, endPreviousSession: answer.endPreviousSession };
    if (!answer.retryable || attempt === ATTEMPTS) throw new Refused(answer, response.status);
    const seconds = Number(response.headers.get("retry-after")) || 2 ** attempt;
    tell({ name: "waiting", seconds, code: answer.code });
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

async function confirm(userId) {
  const response = await session.call("/api/me");
  if (!response.ok) throw new Error(`the new session was not accepted: ${response.status}`);
  const me = await response.json();
  if (me.userId !== userId) throw new Error("the new session is somebody else’s");
  return me;
}

// Tokens first: should the provider be slow, or gone, nothing of the old session stays in this browser.
async function endPrevious(provider, idToken) {
  oldProvider.forget();
  localStorage.removeItem(IDEMPOTENCY_KEY);
  return oldProvider.logOut(provider, idToken).catch(() => false);
}

// Kept until the move is confirmed: a repetition after a lost answer must be recognised as this browser's own.
function idempotencyKey() {
  const kept = localStorage.getItem(IDEMPOTENCY_KEY) ?? crypto.randomUUID();
  localStorage.setItem(IDEMPOTENCY_KEY, kept);
  return kept;
}

async function timed(work) {
  const began = performance.now();
  const value = await work();
  return { value, took: performance.now() - began };
}
