// The Idempotency-Key: what tells this browser from everybody else who may hold the same old token.
//
// It is random and kept in IndexedDB, where reading and making it is one transaction that no other tab can come between;
// localStorage orders nothing between tabs, two of them would each make their own and one be refused. Where IndexedDB is
// closed to us it is derived from the credential: the same in every tab, too, and no weaker than the credential.

import type { Credential } from "./ports.js";

const DATABASE = "segue-web";
const STORE = "keys";
const NAME = "idempotency";

/** The key of this browser. `patience`: milliseconds that the database may take; some browsers never answer. */
export async function idempotencyKey(credential: Credential, patience = 1000): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, patience);
  });
  try {
    return await Promise.race([keptKey(), tooLong]);
  } catch {
    return derivedKey(credential);
  } finally {
    clearTimeout(timer);
  }
}

/** It is of no more use. */
export function forgetKey(): void {
  try {
    indexedDB.deleteDatabase(DATABASE);
  } catch {
    // Nothing was kept.
  }
}

function keptKey(): Promise<string> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onerror = reject;
    opening.onblocked = reject;
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => {
      const database = opening.result;
      database.onversionchange = () => database.close(); // another tab is done with it
      const transaction = database.transaction(STORE, "readwrite");
      const keys = transaction.objectStore(STORE);
      const reading: IDBRequest<unknown> = keys.get(NAME);
      let key: string;
      reading.onsuccess = () => {
        key = typeof reading.result === "string" ? reading.result : randomKey();
        keys.put(key, NAME);
      };
      transaction.onabort = transaction.onerror = reject;
      transaction.oncomplete = () => {
        database.close();
        resolve(key);
      };
    };
  });
}

/** Derived from the refresh token where there is one: whoever saw the access token only cannot repeat it. */
export async function derivedKey({ token, refreshToken }: Credential): Promise<string> {
  const secret = refreshToken ?? token;
  if (secret === undefined) return randomKey();
  // Pages over plain HTTP have no digest. What is sent beside the key is readable on such a network anyway.
  if (globalThis.crypto?.subtle === undefined) return `segue-web-${secret.slice(-120)}`.padEnd(40, "-");
  const text = new TextEncoder().encode(`segue-web idempotency-key\n${secret}`);
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", text)));
}

const randomKey = (): string => hex(crypto.getRandomValues(new Uint8Array(32)));
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
