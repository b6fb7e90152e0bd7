// WorkOS AuthKit, with @workos-inc/authkit-js (in @workos-inc/authkit-react: `useAuth()`).

import { overOrThrow } from "../over.js";
import type { OldSession } from "../ports.js";

/** What is used of the client that `createClient` resolves to. */
export interface AuthKit {
  getUser(): unknown;
  getAccessToken(options?: { forceRefresh?: boolean }): Promise<string>;
  signOut(options: { navigate: false }): Promise<void>;
}

/** `workos(await createClient(…))`. */
export function workos(client: AuthKit): OldSession {
  return {
    exists: () => client.getUser() !== null,
    async credential(fresh) {
      try {
        return { token: await client.getAccessToken({ forceRefresh: fresh }) };
      } catch (error) {
        return overOrThrow(error, "LoginRequiredError", "NoSessionError");
      }
    },
    end: () => client.signOut({ navigate: false }),
  };
}
