// Microsoft Entra ID and Azure AD B2C, with @azure/msal-browser (also inside @azure/msal-react).

import { overOrThrow } from "../over.js";
import type { OldSession } from "../ports.js";

/** What `AccountInfo` always has. */
export interface MsalAccount {
  homeAccountId: string;
  environment: string;
  tenantId: string;
  username: string;
  localAccountId: string;
}

/** What is used of `IPublicClientApplication`. */
export interface Msal {
  getActiveAccount(): MsalAccount | null;
  getAllAccounts(): MsalAccount[];
  acquireTokenSilent(request: { scopes: string[]; account: MsalAccount; forceRefresh: boolean }): Promise<{
    accessToken: string;
  }>;
  clearCache(request: { account: MsalAccount }): Promise<void>;
}

/**
 * The access token for your own API (`scopes: ["api://…/access"]`); one for Microsoft Graph can be read by Graph alone.
 * Ends the session in this browser; Microsoft's own sign-on stays.
 */
export function msal(application: Msal, scopes: readonly string[]): OldSession {
  const account = (): MsalAccount | null => application.getActiveAccount() ?? application.getAllAccounts()[0] ?? null;
  return {
    exists: () => account() !== null,
    async credential(fresh) {
      const known = account();
      if (known === null) return null;
      const request = { scopes: [...scopes], account: known, forceRefresh: fresh };
      try {
        return { token: (await application.acquireTokenSilent(request)).accessToken };
      } catch (error) {
        return overOrThrow(error, "InteractionRequiredAuthError");
      }
    },
    async end() {
      const known = account();
      if (known !== null) await application.clearCache({ account: known });
    },
  };
}
