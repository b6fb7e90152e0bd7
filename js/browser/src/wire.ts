// `POST /migrate-session` on the wire: what is sent, and what an answer means.
//
// House rule: whatever comes back is somebody's text until its form has been looked at; an answer of anybody else (a
// proxy, another application) counts as none or as a refusal, never as a session.

import { type RefusalCode, SERVER_CODES } from "./outcome.js";
import type { Credential } from "./ports.js";
import type { Answer } from "./state.js";

/** The request that presents a credential, and shows the `session` whose access token the page holds. */
export function migrationRequest(
  { token, refreshToken, provider }: Credential,
  key: string,
  session: string | undefined,
  signal: AbortSignal,
): RequestInit {
  const headers: Record<string, string> = { "content-type": "application/json", "idempotency-key": key };
  if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
  return {
    method: "POST",
    headers,
    body: JSON.stringify({ refreshToken, provider, session }), // what is undefined is left out
    credentials: "include",
    cache: "no-store",
    redirect: "error", // a credential goes where it was sent, and nowhere else
    signal,
  };
}

/** What an answer says. Of a proxy's, that it wants patience or has found no server. */
export function readAnswer(status: number, retryAfter: string | null, body: unknown): Answer {
  const said = isObject(body) ? body : {};
  if (status === 200 && said["status"] === "OK") return readSession(said) ?? unknown(false);
  if (said["status"] === "REFUSED") return readRefusal(said, retryAfter);
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500;
  return unknown(retryable, seconds(retryAfter));
}

function readSession(said: JsonObject): Answer | null {
  const { result, userId, sessionHandle } = said;
  if (result !== "MIGRATED" && result !== "REPEATED" && result !== "ALREADY") return null;
  if (typeof userId !== "string" || typeof sessionHandle !== "string") return null;
  return { is: "session", result, userId, sessionHandle, endOld: said["endPreviousSession"] === true };
}

function readRefusal(said: JsonObject, header: string | null): Answer {
  const code = SERVER_CODES.find((known) => known === said["code"]) ?? "UNKNOWN";
  return refusal(code, said["retryable"] === true, seconds(said["retryAfter"]) ?? seconds(header));
}

const unknown = (retryable: boolean, retryAfter?: number): Answer => refusal("UNKNOWN", retryable, retryAfter);

function refusal(code: RefusalCode, retryable: boolean, retryAfter: number | undefined): Answer {
  return { is: "refusal", code, retryable, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

/** Seconds as a number or as text; a date counts as nothing said. */
function seconds(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && number >= 0 && Number.isFinite(number) ? number : undefined;
}

type JsonObject = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null;
