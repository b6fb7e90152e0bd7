// Firebase Authentication, with firebase/auth.

import { overOrThrow } from "../over.js";
import type { OldSession } from "../ports.js";

/** What is used of firebase's `Auth`. */
export interface FirebaseAuth {
  readonly currentUser: { getIdToken(forceRefresh?: boolean): Promise<string> } | null;
  authStateReady(): Promise<void>;
  signOut(): Promise<void>;
}

/** `firebase(getAuth())`: the user's ID token, which is all that Firebase hands out. */
export function firebase(auth: FirebaseAuth): OldSession {
  const user = async () => {
    await auth.authStateReady();
    return auth.currentUser;
  };
  return {
    exists: async () => (await user()) !== null,
    async credential(fresh) {
      try {
        const token = await (await user())?.getIdToken(fresh);
        return token === undefined ? null : { token };
      } catch (error) {
        return overOrThrow(
          error,
          "auth/user-token-expired",
          "auth/invalid-user-token",
          "auth/user-disabled",
          "auth/user-not-found",
        );
      }
    },
    end: () => auth.signOut(),
  };
}
