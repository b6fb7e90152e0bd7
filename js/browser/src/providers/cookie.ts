// An old session that is nothing but a cookie, which the browser sends to your server by itself.

import type { OldSession } from "../ports.js";

export interface CookieSettings {
  /**
   * Whether the user seems to be signed in the old way: scripts cannot see an HttpOnly cookie, so say it by what the old
   * application leaves behind (a readable cookie, a flag in its page).
   */
  readonly exists: () => boolean | Promise<boolean>;
  /** Sign out the old way: usually a request to the old application's sign-out route. */
  readonly end: () => void | Promise<void>;
  /** Name of the provider in your server's settings, where it reads the cookies of several. */
  readonly provider?: string;
}

/**
 * Presents nothing: the migration route must be where the browser sends the cookie, and your server must read it. That
 * the page is yours, it sees by the `Origin` and by the `Idempotency-Key`, which no other page can send.
 */
export function cookie({ exists, end, provider }: CookieSettings): OldSession {
  return { exists, credential: async () => (provider === undefined ? {} : { provider }), end };
}
