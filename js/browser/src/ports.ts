// What a migration needs of its surroundings: the old session, the new one, and the browser.

/** What the old provider's session is proven with. Without a token the cookies do that the browser sends along. */
export interface Credential {
  /** Presented as bearer token: the access token or ID token that your server's provider settings expect. */
  readonly token?: string;
  /** Told to the server so that it can end it at the provider; nothing is ever bought with it. */
  readonly refreshToken?: string;
  /** Name of the provider in your server's settings, if the credential does not tell by itself whose it is. */
  readonly provider?: string;
}

/** The old provider's session in this browser. Adapters for SDKs are in `segue-web/providers/…`. */
export interface OldSession {
  /** Whether there seems to be one. Asked on every page load: quick, and without the network where the SDK can tell. */
  exists(): boolean | Promise<boolean>;
  /**
   * What to present, renewed if its time is nearly over; null: the session is over.
   *
   * @param fresh the one before was refused as expired, so a cached one will not do.
   * @throws anything, if nobody can tell now.
   */
  credential(fresh: boolean): Promise<Credential | null>;
  /** Take the session off this browser, without leaving the page. Called when the new session has been seen to work. */
  end(): void | Promise<void>;
}

/** The new session in this browser: `superTokens(…)` of `segue-web/supertokens`, or `plainSession(…)` of `segue-web/plain`. */
export interface NewSession {
  /**
   * Id of the user whose session this browser holds, as far as it knows; null: none. May refresh what has expired; may
   * throw where the network fails.
   */
  user(): Promise<string | null>;
  /** Find out by a refresh whether there is a session after all; likewise. */
  recover(): Promise<string | null>;
  /** The session's access token where scripts hold it (header mode): no cookie shows the server what is here. */
  accessToken?(): Promise<string | undefined>;
  /** Send a migration, and keep the tokens that come with its answer. */
  present(address: string, request: RequestInit): Promise<Response>;
  /** Send one request as the user; a 401 is the answer, and no reason to refresh and repeat. */
  visit(address: string, request: RequestInit): Promise<Response>;
}

/** The browser, as far as it is not the same everywhere. */
export interface Surroundings {
  /** Wait until no other tab migrates; resolves to what lets the next one go on. Never rejects, never waits for ever. */
  takeTurn(name: string, patience: number, signal: AbortSignal): Promise<() => void>;
  /** The Idempotency-Key of this browser: the same in every tab and after a reload, and hard to guess. */
  key(): Promise<string>;
  /** The migration is over: the key is of no more use. */
  forgetKey(): void;
  /** Pause for that many milliseconds, less if the network comes back. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** Between 0 and 1. */
  random(): number;
  /** Milliseconds since some beginning. */
  now(): number;
}
