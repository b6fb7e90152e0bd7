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
  let presented: string | undefined;
  const read = (name: string | undefined): string | undefined => {
    try {
      return name === undefined ? undefined : storage().getItem(name) || undefined; // emptied is signed out
    } catch {
      return undefined; // where the browser keeps storage closed, nothing is in it
    }
  };
  return {
    exists: () => read(token) !== undefined,
    async credential() {
      const [held, renewing] = [read(token), read(refreshToken)];
      if (held === undefined) return null;
      presented = held;
      return {
        token: held,
        ...(renewing === undefined ? {} : { refreshToken: renewing }),
        ...(provider === undefined ? {} : { provider }),
      };
    },
    end() {
      const held = read(token) ?? presented;
      // Somebody signed in the old way meanwhile, in another tab: theirs was not moved. The next page load looks at it.
      if (presented !== undefined && held !== presented) throw new Error("another token is there now");
      for (const name of [token, refreshToken, ...also]) if (name !== undefined) storage().removeItem(name);
    },
  };
}
