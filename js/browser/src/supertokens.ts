// The new session in the hands of a SuperTokens front-end SDK, unmodified: it keeps the tokens and refreshes them.

import type { NewSession } from "./ports.js";

/** What `supertokens-web-js/recipe/session`, `supertokens-auth-react/recipe/session` and `supertokens-website` have in common. */
export interface SuperTokensSession {
  doesSessionExist(): Promise<boolean>;
  attemptRefreshingSession(): Promise<boolean>;
  getAccessToken(): Promise<string | undefined>;
}

/**
 * Hand the session to the SDK. It must be initialised before, for the host of the migration route.
 *
 * @param sdk the `Session` recipe, or the default export of `supertokens-website`.
 */
export function superTokens(sdk: SuperTokensSession): NewSession {
  return {
    async look() {
      if (!(await sdk.doesSessionExist())) return "none";
      return (await sdk.getAccessToken()) === undefined ? "cookie" : "header"; // cookies show it to no script
    },
    recover: () => sdk.attemptRefreshingSession(),
    fetch: (address, request) => globalThis.fetch(address, request), // the SDK stands in the way of it, as it should
  };
}
