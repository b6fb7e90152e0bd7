// What a migration ends with. House rule: closed unions, and nothing in them that must not be logged.

/** Codes with which the server refuses; its error reference explains each. */
export const SERVER_CODES = [
  "ALREADY_MIGRATED",
  "CONTENDED",
  "CORE_UNAVAILABLE",
  "FETCH_FAILED",
  "INTERNAL",
  "KEYS_UNAVAILABLE",
  "MIGRATION_CLOSED",
  "MIGRATION_NOT_YET",
  "MIGRATION_REFUSED",
  "OTHER_USER_SIGNED_IN",
  "PROVIDER_UNCLEAR",
  "REQUEST_INVALID",
  "SIGN_IN_REVOKED",
  "SIGN_IN_TOO_OLD",
  "STATE_UNAVAILABLE",
  "STORE_UNAVAILABLE",
  "TOKEN_CLAIMS_INVALID",
  "TOKEN_EXPIRED",
  "TOKEN_KID_UNKNOWN",
  "TOKEN_MALFORMED",
  "TOKEN_MISSING",
  "TOKEN_NOT_ACTIVE",
  "TOKEN_REFUSED",
  "TOKEN_SIGNATURE_INVALID",
  "TOO_MANY_ATTEMPTS",
  "UNAVAILABLE",
  "USER_REFUSED",
  "anti_csrf_refused",
  "session_cookies_refused",
] as const;

/**
 * Why there is no new session.
 *
 * Besides the server's codes: `SESSION_NOT_KEPT`, the server made a session and this browser did not keep it (cookies
 * are blocked, or nobody stores the answer's tokens); `NOT_CONFIRMED`, the server knows the session and your `confirm`
 * does not; `UNKNOWN`, an answer that is not of this protocol, as of a proxy or
 * at a wrong address.
 */
export type RefusalCode = (typeof SERVER_CODES)[number] | "SESSION_NOT_KEPT" | "NOT_CONFIRMED" | "UNKNOWN";

/** Why nobody can say now whether the user can be moved. */
export type UnavailableReason =
  /** The caller's signal. */
  | "aborted"
  /** No answer: offline, connection lost, blocked by CORS. */
  | "network"
  /** The old provider's SDK failed or did not answer. */
  | "provider"
  /** The new server cannot answer, or a proxy before it says so or wants patience. */
  | "server"
  /** Something took too long, or all of it. */
  | "timeout";

/**
 * How a migration ended.
 *
 * - `none`: there is no old session to move. Nothing was done.
 * - `migrated`: the user has a new session, and it works.
 * - `already`: the user had one; what was left of the old session is ended.
 * - `refused`: no new session; the old one was left alone. `retryable`: a later page load may succeed.
 * - `unavailable`: nothing is known, nothing is lost; the next page load goes on.
 */
export type Outcome =
  | { readonly status: "none" }
  | {
      readonly status: "migrated";
      readonly userId: string;
      readonly sessionHandle: string;
      /** Whether the old session is gone from this browser; if not, the next page load tries again. */
      readonly oldEnded: boolean;
    }
  | { readonly status: "already"; readonly oldEnded: boolean }
  | { readonly status: "refused"; readonly code: RefusalCode; readonly retryable: boolean }
  | { readonly status: "unavailable"; readonly reason: UnavailableReason };
