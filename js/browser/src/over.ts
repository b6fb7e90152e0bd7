// What old providers' SDKs throw when a session is over, in contrast to when they cannot tell.

/** Null if the error says by one of these words (its `error`, `code`, `errorCode` or `name`) that the session is over. */
export function overOrThrow(error: unknown, ...words: readonly string[]): null {
  const said = typeof error === "object" && error !== null ? (error as Readonly<Record<string, unknown>>) : {};
  if (words.some((word) => ["error", "code", "errorCode", "name"].some((field) => said[field] === word))) return null;
  throw error;
}

/** The same of RFC 6749 §5.2 and OpenID Connect Core §3.1.2.6. */
export function oauthOverOrThrow(error: unknown): null {
  return overOrThrow(
    error,
    "invalid_grant",
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
    "missing_refresh_token", // auth0-spa-js
  );
}
