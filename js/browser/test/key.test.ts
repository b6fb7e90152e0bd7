// The Idempotency-Key: one for a browser, and never one that can be guessed or computed.

import { forgetKey, idempotencyKey } from "../src/key.js";
import { equal, inPage, ok, test } from "./harness.js";

/** With one of the page's globals closed, as browsers do it. */
async function without<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
  const kept = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  for (const name of names) {
    const get = (): never => {
      throw new DOMException("closed", "SecurityError");
    };
    Object.defineProperty(globalThis, name, { configurable: true, get });
  }
  try {
    return await work();
  } finally {
    for (const [index, name] of names.entries()) {
      const before = kept[index];
      if (before === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, before);
    }
  }
}

test(`key: random${inPage ? ", and the same for everybody who asks at once" : ""}`, async () => {
  forgetKey();
  const keys = await Promise.all(Array.from({ length: 20 }, () => idempotencyKey()));
  equal(new Set(keys).size, inPage ? 1 : 20); // Node has neither database nor storage
  ok(keys.every((key) => /^[0-9a-f]{64}$/.test(key)));
});

test("key: forgotten, the next one is another", async () => {
  const first = await idempotencyKey();
  equal(first === (await idempotencyKey()), inPage);
  forgetKey();
  ok(first !== (await idempotencyKey()));
  forgetKey();
});

test("key: with the database closed it is random all the same, and survives a reload", async () => {
  const keys = await without(["indexedDB"], async () => {
    const [first, second] = [await idempotencyKey(), await idempotencyKey()];
    forgetKey();
    return [first, second, await idempotencyKey()];
  });
  equal(new Set(keys).size, inPage ? 2 : 3);
  if (inPage) equal(await idempotencyKey(), keys[2], "the database is open again, and the migration is the same");
  forgetKey();
});

test("key: a database that does not answer the next time changes nothing", async () => {
  const first = await idempotencyKey();
  const later = await without(["indexedDB"], () => idempotencyKey());
  equal(first === later, inPage);
  forgetKey();
});

test("key: with everything closed nobody can compute it", async () => {
  const keys = await without(["indexedDB", "localStorage"], async () => {
    const both = [await idempotencyKey(), await idempotencyKey()];
    forgetKey();
    return both;
  });
  equal(new Set(keys).size, 2);
});
