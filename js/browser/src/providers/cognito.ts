// Amazon Cognito, with Amplify (aws-amplify/auth).

import { overOrThrow } from "../over.js";
import type { OldSession } from "../ports.js";

/** What is used of `aws-amplify/auth`. */
export interface AmplifyAuth {
  fetchAuthSession(options?: { forceRefresh?: boolean }): Promise<{
    tokens?: { accessToken: { toString(): string }; idToken?: { toString(): string } };
  }>;
  signOut(): Promise<void>;
}

/**
 * `cognito({ fetchAuthSession, signOut })`, with the functions of `aws-amplify/auth`.
 *
 * With the hosted sign-in page `signOut` leaves the page. Clear the tokens instead, and let your server revoke them:
 * `signOut: () => cognitoUserPoolsTokenProvider.authTokenStore.clearTokens()`, from `aws-amplify/auth/cognito`.
 *
 * @param kind which token your server's settings of the provider expect.
 */
export function cognito(auth: AmplifyAuth, kind: "access" | "id" = "access"): OldSession {
  const tokens = async (forceRefresh: boolean) => {
    try {
      return (await auth.fetchAuthSession({ forceRefresh })).tokens ?? null;
    } catch (error) {
      return overOrThrow(error, "NotAuthorizedException", "UserUnAuthenticatedException");
    }
  };
  return {
    exists: async () => (await tokens(false)) !== null,
    async credential(fresh) {
      const held = await tokens(fresh);
      const token = kind === "id" ? held?.idToken : held?.accessToken;
      return token === undefined ? null : { token: token.toString() };
    },
    end: () => auth.signOut(),
  };
}
