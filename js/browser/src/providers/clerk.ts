// Clerk, with @clerk/clerk-js (in @clerk/react, @clerk/nextjs: `useClerk()`).

import type { OldSession } from "../ports.js";

/** What is used of a loaded `Clerk`. */
export interface ClerkLike {
  readonly session:
    | { readonly id: string; getToken(options: { skipCache: boolean; template?: string }): Promise<string | null> }
    | null
    | undefined;
  signOut(callback: () => void, options: { sessionId: string }): Promise<void>;
}

/**
 * The session token, which lives for a minute and is fetched anew when that is nearly over.
 *
 * @param clerk after `await clerk.load()`.
 * @param template name of a JWT template, if your server expects one.
 */
export function clerk(clerk: ClerkLike, template?: string): OldSession {
  return {
    exists: () => clerk.session != null,
    async credential(fresh) {
      const wanted = template === undefined ? { skipCache: fresh } : { skipCache: fresh, template };
      const token = await clerk.session?.getToken(wanted);
      return token == null ? null : { token };
    },
    async end() {
      const session = clerk.session;
      if (session != null) await clerk.signOut(() => {}, { sessionId: session.id }); // a callback: it does not navigate
    },
  };
}
