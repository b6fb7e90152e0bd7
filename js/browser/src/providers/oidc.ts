// Any OpenID provider, with oidc-client-ts (also inside react-oidc-context).

import { oauthOverOrThrow } from "../over.js";
import type { OldSession } from "../ports.js";

interface User {
  readonly access_token: string;
  readonly id_token?: string;
  readonly refresh_token?: string;
  /** Seconds left. */
  readonly expires_in: number | undefined;
}

/** What is used of `UserManager`. */
export interface OidcUserManager {
  getUser(): Promise<User | null>;
  signinSilent(): Promise<User | null>;
  removeUser(): Promise<void>;
}

const EARLY = 30;

/** @param kind which token your server's settings of the provider expect. */
export function oidc(manager: OidcUserManager, kind: "access" | "id" = "access"): OldSession {
  return {
    exists: async () => (await manager.getUser()) !== null,
    async credential(fresh) {
      let user = await manager.getUser();
      try {
        if (user !== null && (fresh || (user.expires_in ?? EARLY) < EARLY)) user = await manager.signinSilent();
      } catch (error) {
        return oauthOverOrThrow(error);
      }
      const token = kind === "id" ? user?.id_token : user?.access_token;
      if (token === undefined) return null;
      return user?.refresh_token === undefined ? { token } : { token, refreshToken: user.refresh_token };
    },
    end: () => manager.removeUser(),
  };
}
