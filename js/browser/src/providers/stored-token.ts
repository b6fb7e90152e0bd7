// A home-made sign-in that keeps its token in localStorage or sessionStorage.

import type { OldSession } from "../ports.js";

export interface StoredTokenSettings {
  /** Name under which the token is kept. */
  readonly token: string;
  /** Name under which a refresh token is kept. */
  readonly refreshToken?: string;
  /** Name of the provider in your server's settings: of a token that is no JWT nobody can tell whose it is. */
  readonly provider?: string;
  /** Other names that go with the old session and are deleted with it. */
  readonly also?: readonly string[];
  /** `localStorage`, if nothing else is said. */
  readonly storage?: () => Storage;
}

export function storedToken(settings: StoredTokenSettings): OldSession {
  const { token, refreshToken, provider, also = [], storage = () => localStorage } = settings;
  const read = (name: string | undefined): string | undefined => {
    try {
      return name === undefined ? undefined : (storage().getItem(name) ?? undefined);
    } catch {
      return undefined; // where the browser keeps storage closed, nothing is in it
    }
  };
  return {
    exists: () => read(token) !== undefined,
    async credential() {
      const [held, renewing] = [read(token), read(refreshToken)];
      if (held === undefined) return null;
      return {
        token: held,
        ...(renewing === undefined ? {} : { refreshToken: renewing }),
        ...(provider === undefined ? {} : { provider }),
      };
    },
    end() {
      for (const name of [token, refreshToken, ...also]) if (name !== undefined) storage().removeItem(name);
    },
  };
}
