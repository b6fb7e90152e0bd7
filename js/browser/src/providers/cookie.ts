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
}

/** Presents nothing: the migration route must be where the browser sends the cookie, and your server must read it. */
export function cookie({ exists, end }: CookieSettings): OldSession {
  return { exists, credential: async () => ({}), end };
}
