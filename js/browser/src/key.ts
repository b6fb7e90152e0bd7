// The Idempotency-Key: what tells this browser from everybody else who may hold the same old token.
//
// It is random and kept in IndexedDB, where reading and making it is one transaction that no other tab can come between;
// localStorage orders nothing between tabs, two of them would each make their own and one be refused. Where IndexedDB is
// closed, localStorage has to do, and where that is closed as well the page's memory. It is never computed from what is
// presented: whoever has stolen that could compute it, too.

const DATABASE = "segue-web";
const STORE = "keys";
const NAME = "idempotency";
const ITEM = `${DATABASE}.${NAME}`;

/** The key of this browser. `patience`: milliseconds that the database may take; some browsers never answer. */
export async function idempotencyKey(patience = 1000): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, patience);
  });
  try {
    return await Promise.race([keptKey(), tooLong]);
  } catch {
    return notedKey();
  } finally {
    clearTimeout(timer);
  }
}

/** It is of no more use. */
export function forgetKey(): void {
  quietly(() => indexedDB.deleteDatabase(DATABASE));
  quietly(() => localStorage.removeItem(ITEM));
}

/** Where IndexedDB is closed or too slow, now or when this migration began. */
const notedKey = (): string => noteKey(quietly(() => localStorage.getItem(ITEM)) ?? randomKey());

/** Beside the database as well, which may be closed or too slow the next time: it would be another key. */
function noteKey(key: string): string {
  quietly(() => localStorage.setItem(ITEM, key));
  return key;
}

function quietly<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null; // closed to the page
  }
}

function keptKey(): Promise<string> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onerror = reject;
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => {
      const database = opening.result;
      database.onversionchange = () => database.close(); // another tab is done with it
      const transaction = database.transaction(STORE, "readwrite");
      const keys = transaction.objectStore(STORE);
      const reading: IDBRequest<unknown> = keys.get(NAME);
      let key: string;
      reading.onsuccess = () => {
        key =
          typeof reading.result === "string"
            ? reading.result
            : (quietly(() => localStorage.getItem(ITEM)) ?? randomKey());
        keys.put(key, NAME);
      };
      transaction.onabort = reject;
      transaction.oncomplete = () => {
        database.close();
        noteKey(key);
        resolve(key);
      };
    };
  });
}

const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0")).join("");
