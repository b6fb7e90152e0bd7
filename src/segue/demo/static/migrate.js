// Move a signed-in user across with segue-web: the part of the page that an application would have, too.

import * as oldProvider from "./old-provider.js";
import { migrateSession } from "./segue-web.js";
import { session } from "./session.js";

/**
 * Migrate if there is something to migrate.
 *
 * `tell(step)` hears of each step when it is done: {name, took, …facts}. Resolves to segue-web's outcome.
 */
export async function moveAcross(provider, tell) {
  let held = null; // the old provider's tokens, as presented
  let me = null;
  let answered = false;
  let finding = 0;
  let proving = 0;
  let moved = false;

  const old = {
    exists: () => oldProvider.tokens() !== null,
    async credential() {
      held = await oldProvider.freshTokens(provider);
      return held && { token: held.access, refreshToken: held.refresh };
    },
    // Tokens first: should the provider be slow, or gone, nothing of the old session stays in this browser.
    async end() {
      const idToken = held?.id ?? oldProvider.tokens().id;
      oldProvider.forget();
      answered = await oldProvider.logOut(provider, idToken).catch(() => false);
    },
  };

  async function confirm() {
    const response = await session.fetch("/api/me");
    if (response.ok) me = await response.json();
    return response.ok;
  }

  function onEvent(event) {
    const { type, took } = event;
    if (["looked", "session", "credential"].includes(type)) finding += took;
    if (type === "credential" && event.found) tell({ name: "found", took: finding, claims: oldProvider.claims(held.access) });
    if (type === "waiting") tell({ name: "waiting", seconds: Math.ceil(event.ms / 1000) });
    if (type === "answer" && event.answer.is === "session") {
      if (moved) proving += took; // the second time the server sees the session that it gave
      else tell({ name: "migrated", took, ...event.answer });
      moved = true;
    }
    if (type === "confirmed" && event.usable) tell({ name: "confirmed", took: proving + took, me });
    if (type === "ended") tell({ name: "ended", took, answered });
  }

  return migrateSession({ endpoint: "/auth/migrate-session", old, session, confirm, onEvent });
}
