// The Idempotency-Key: one for a browser, and never one that can be guessed.

import { derivedKey, forgetKey, idempotencyKey } from "../src/key.js";
import { equal, inPage, ok, test } from "./harness.js";

const CREDENTIAL = { token: "header.payload.signature", refreshToken: "refresh" };

test("key: derived from the refresh token, in a domain of its own", async () => {
  equal(await derivedKey(CREDENTIAL), await derivedKey({ token: "another", refreshToken: "refresh" }));
  ok((await derivedKey(CREDENTIAL)) !== (await derivedKey({ token: "refresh.other" })));
  ok(/^[0-9a-f]{64}$/.test(await derivedKey(CREDENTIAL)));
});

test("key: the same credential gives the same key, another one another", async () => {
  equal(await derivedKey({ token: "one" }), await derivedKey({ token: "one" }));
  ok((await derivedKey({ token: "one" })) !== (await derivedKey({ token: "two" })));
});

test("key: nothing to derive it from is a fresh one", async () => {
  const [one, two] = [await derivedKey({}), await derivedKey({})];
  ok(one !== two);
});

test(`key: ${inPage ? "random, and the same for everybody who asks at once" : "without a database, derived"}`, async () => {
  forgetKey();
  const keys = await Promise.all(Array.from({ length: 20 }, () => idempotencyKey(CREDENTIAL)));
  equal(new Set(keys).size, 1);
  equal(keys[0] === (await derivedKey(CREDENTIAL)), !inPage);
  ok(/^[0-9a-f]{64}$/.test(String(keys[0])));
});

test("key: it outlives the credential that it was made with, where it is kept", async () => {
  const [first, later] = [await idempotencyKey(CREDENTIAL), await idempotencyKey({ token: "renewed" })];
  equal(first === later, inPage);
});

test("key: forgotten, the next one is another, where it is kept", async () => {
  const first = await idempotencyKey(CREDENTIAL);
  forgetKey();
  equal(first === (await idempotencyKey(CREDENTIAL)), !inPage);
  forgetKey();
});
