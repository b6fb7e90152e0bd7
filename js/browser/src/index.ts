// segue-web: move a signed-in user from a previous auth provider onto a session of yours.

import { browser } from "./browser.js";
import type { Outcome } from "./outcome.js";
import { type MigrationOptions, run } from "./run.js";

export type { Outcome, RefusalCode, UnavailableReason } from "./outcome.js";
export type { Credential, NewSession, OldSession } from "./ports.js";
export type { MigrationEvent, MigrationOptions } from "./run.js";
export type { Answer } from "./state.js";

/**
 * Move the user if there is somebody to move. Call it on every page load, before the application asks who is signed in.
 *
 * Without an old session it asks nobody and answers `none`. Several tabs, reloads and lost answers end in one session.
 * On a server it does nothing.
 */
export async function migrateSession(options: MigrationOptions): Promise<Outcome> {
  return typeof document === "undefined" ? { status: "none" } : run(options, browser);
}
