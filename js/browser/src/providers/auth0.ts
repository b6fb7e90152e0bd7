// Auth0, with @auth0/auth0-spa-js (also inside @auth0/auth0-react).

import { oauthOverOrThrow } from "../over.js";
import type { OldSession } from "../ports.js";

/** What is used of `Auth0Client`. */
export interface Auth0 {
  checkSession(): Promise<void>;
  isAuthenticated(): Promise<boolean>;
  getTokenSilently(options: {
    cacheMode: "on" | "off";
    authorizationParams?: { audience?: string; scope?: string };
  }): Promise<string | undefined>;
  logout(options: { openUrl: false }): Promise<void>;
}

/**
 * The access token for your API; without an audience Auth0 hands out one that nobody but Auth0 can read.
 *
 * Ends the session in this browser. Auth0's own sign-on cookie stays where it is: replace `end` by a `logout` that
 * navigates, `{ ...auth0(client), end: () => client.logout(…) }`, if that is not enough.
 */
export function auth0(client: Auth0, authorizationParams?: { audience?: string; scope?: string }): OldSession {
  return {
    async exists() {
      await client.checkSession(); // asks Auth0 only if a cookie of this site says that somebody is signed in
      return client.isAuthenticated();
    },
    async credential(fresh) {
      const wanted = { cacheMode: fresh ? ("off" as const) : ("on" as const) };
      try {
        const token = await client.getTokenSilently(authorizationParams ? { ...wanted, authorizationParams } : wanted);
        return token === undefined ? null : { token };
      } catch (error) {
        return oauthOverOrThrow(error);
      }
    },
    end: () => client.logout({ openUrl: false }),
  };
}
