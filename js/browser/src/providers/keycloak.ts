// Keycloak, with keycloak-js.

import type { OldSession } from "../ports.js";

/** What is used of keycloak-js. */
export interface KeycloakAdapter {
  authenticated?: boolean;
  token?: string;
  refreshToken?: string;
  updateToken(minValidity?: number): Promise<boolean>;
  clearToken(): void;
}

/**
 * An adapter that was initialised before, with `check-sso` or nothing: `login-required` leaves the page when the old
 * session ends.
 *
 * Keycloak's own sign-on cookie stays: with `check-sso` the next page load finds the user there again, is answered
 * `already`, and ends it again, until Keycloak's session is over. Replace `end` by `keycloak.logout(…)` to leave it at once.
 */
export function keycloak(adapter: KeycloakAdapter): OldSession {
  return {
    exists: () => adapter.authenticated === true,
    async credential(fresh) {
      try {
        await adapter.updateToken(fresh ? -1 : 30);
      } catch (error) {
        if (adapter.authenticated) throw error; // keycloak-js clears what Keycloak refused
      }
      const { token, refreshToken } = adapter;
      if (token === undefined) return null;
      return refreshToken === undefined ? { token } : { token, refreshToken };
    },
    end: () => adapter.clearToken(),
  };
}
