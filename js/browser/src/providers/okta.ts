// Okta, with @okta/okta-auth-js (also inside @okta/okta-react).

import { oauthOverOrThrow } from "../over.js";
import type { OldSession } from "../ports.js";

/** What is used of `OktaAuth`. */
export interface Okta {
  getOrRenewAccessToken(): Promise<string | null>;
  readonly tokenManager: {
    getTokensSync(): { accessToken?: { accessToken: string }; refreshToken?: { refreshToken: string } };
    renew(key: string): Promise<unknown>;
    clear(): void;
  };
}

/** The access token of a custom authorisation server; those of the org server are for Okta alone. */
export function okta({ tokenManager, ...client }: Okta): OldSession {
  return {
    exists: () => tokenManager.getTokensSync().accessToken !== undefined,
    async credential(fresh) {
      try {
        if (fresh) await tokenManager.renew("accessToken");
      } catch (error) {
        return oauthOverOrThrow(error);
      }
      const token = await client.getOrRenewAccessToken();
      if (token === null) return null;
      const refreshToken = tokenManager.getTokensSync().refreshToken?.refreshToken;
      return refreshToken === undefined ? { token } : { token, refreshToken };
    },
    end: () => tokenManager.clear(),
  };
}
