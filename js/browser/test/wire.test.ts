// What is sent, and what an answer means.

import type { Credential } from "../src/ports.js";
import { migrationRequest, readAnswer } from "../src/wire.js";
import { equal, test } from "./harness.js";

const OK = { status: "OK", result: "MIGRATED", userId: "ada", sessionHandle: "h1", endPreviousSession: true };
const { signal } = new AbortController();
const present = (credential: Credential, session?: string) => migrationRequest(credential, "key", session, signal);

test("wire: a credential travels in the header, its refresh token in the body", () => {
  const { headers, body, method, redirect } = present({ token: "t", refreshToken: "r" });
  equal(headers, { "content-type": "application/json", "idempotency-key": "key", authorization: "Bearer t" });
  equal([body, method, redirect], ['{"refreshToken":"r"}', "POST", "error"]);
});

test("wire: without a token there is no such header", () => {
  const { headers, body } = present({});
  equal([headers, body], [{ "content-type": "application/json", "idempotency-key": "key" }, "{}"]);
});

test("wire: whose credential it is can be said", () => {
  equal(present({ provider: "shop" }).body, '{"provider":"shop"}');
});

test("wire: a session in the page's hands is shown in the body", () => {
  equal(present({ token: "t" }, "ours").body, '{"session":"ours"}');
});

const refused = (code: string, retryable: boolean, more = {}) => ({ is: "refusal", code, retryable, ...more });

const ANSWERS: Record<string, readonly [number, string | null, unknown, unknown]> = {
  "a session": [200, null, OK, { is: "session", result: "MIGRATED", userId: "ada", sessionHandle: "h1", endOld: true }],
  "a session beside the old one": [
    ...([200, null, { ...OK, result: "ALREADY", endPreviousSession: false }] as const),
    { is: "session", result: "ALREADY", userId: "ada", sessionHandle: "h1", endOld: false },
  ],
  "a refusal": [
    403,
    null,
    { status: "REFUSED", code: "USER_REFUSED", retryable: false },
    refused("USER_REFUSED", false),
  ],
  "patience, in the body": [
    ...([503, "9", { status: "REFUSED", code: "CONTENDED", retryable: true, retryAfter: 3 }] as const),
    refused("CONTENDED", true, { retryAfter: 3 }),
  ],
  "patience, in the header": [
    ...([503, "9", { status: "REFUSED", code: "CONTENDED", retryable: true }] as const),
    refused("CONTENDED", true, { retryAfter: 9 }),
  ],
  "a date counts as nothing said": [
    ...([503, "Wed, 21 Oct 2026 07:28:00 GMT", { status: "REFUSED", code: "CONTENDED", retryable: true }] as const),
    refused("CONTENDED", true),
  ],
  "a mistake of the server": [
    ...([500, null, { status: "REFUSED", code: "INTERNAL", retryable: false }] as const),
    refused("INTERNAL", false),
  ],
  "a code of the future": [
    ...([403, null, { status: "REFUSED", code: "NEW", retryable: false }] as const),
    refused("UNKNOWN", false),
  ],
  "no such address": [404, null, { detail: "Not Found" }, refused("UNKNOWN", false)],
  "a page of somebody else": [200, null, null, refused("UNKNOWN", false)],
  "another route's success": [200, null, { status: "OK" }, refused("UNKNOWN", false)],
  "a result of the future": [200, null, { ...OK, result: "NEW" }, refused("UNKNOWN", false)],
  "a busy proxy": [429, "7", null, refused("UNKNOWN", true, { retryAfter: 7 })],
  "a proxy without a server": [502, null, null, refused("UNKNOWN", true)],
  "a proxy that wants patience": [503, "3600", null, refused("UNKNOWN", true, { retryAfter: 3600 })],
};

for (const [name, [status, retryAfter, body, expected]] of Object.entries(ANSWERS)) {
  test(`wire: ${name}`, () => equal(readAnswer(status, retryAfter, body), expected));
}
