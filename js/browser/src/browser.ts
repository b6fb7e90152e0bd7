// The real browser behind the ports of a migration. House rule: nothing is touched when the module is loaded.

import { forgetKey, idempotencyKey } from "./key.js";
import type { Surroundings } from "./ports.js";

/** Wait until no other tab is at it, where the browser can promise that (Web Locks), and not for ever. */
export function takeTurn(name: string, patience: number, signal: AbortSignal): Promise<() => void> {
  return new Promise((resolve) => {
    const goOn = (): void => resolve(() => {});
    const giveUp = new AbortController();
    const stop = (): void => giveUp.abort();
    const timer = setTimeout(stop, patience);
    signal.addEventListener("abort", stop);
    const held = (): Promise<void> => {
      clearTimeout(timer);
      return new Promise((release) => resolve(release));
    };
    const locks = globalThis.navigator?.locks;
    if (locks === undefined) {
      clearTimeout(timer);
      return goOn();
    }
    // Rejects when it took too long, and where storage is closed to the page.
    locks.request(name, { signal: giveUp.signal }, held).then(goOn, goOn);
  });
}

/** A pause that is over early when the network comes back. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      globalThis.removeEventListener("online", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    globalThis.addEventListener("online", over);
    signal.addEventListener("abort", over);
  });
}

/** This browser. */
export const browser: Surroundings = {
  takeTurn,
  key: idempotencyKey,
  forgetKey,
  pause,
  random: () => Math.random(),
  now: () => performance.now(),
};
