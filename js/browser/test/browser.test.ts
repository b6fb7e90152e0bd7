// Turns and pauses of the real place that the suite runs in.

import { pause, takeTurn } from "../src/browser.js";
import { equal, ok, test } from "./harness.js";

const never = (): AbortSignal => new AbortController().signal;
const locks = globalThis.navigator?.locks !== undefined;

test(`browser: ${locks ? "one at a time" : "without locks everybody goes on"}`, async () => {
  const order: string[] = [];
  const leave = await takeTurn("test", 5000, never());
  const second = takeTurn("test", 5000, never()).then((next) => {
    order.push("second");
    next();
  });
  await new Promise((resolve) => setTimeout(resolve));
  order.push("first");
  leave();
  await second;
  equal(order, locks ? ["first", "second"] : ["second", "first"]);
});

test("browser: nobody waits for ever", async () => {
  const leave = await takeTurn("test", 5000, never());
  (await takeTurn("test", 5, never()))();
  leave();
});

test("browser: nobody waits who was stopped", async () => {
  const leave = await takeTurn("test", 5000, never());
  const stop = new AbortController();
  const waiting = takeTurn("test", 60_000, stop.signal);
  stop.abort();
  (await waiting)();
  leave();
});

test("browser: a pause ends when the network is back", async () => {
  const paused = pause(60_000, never());
  globalThis.dispatchEvent(new Event("online"));
  await paused;
});

test("browser: a pause ends by itself and by its signal", async () => {
  await pause(1, never());
  const stop = new AbortController();
  const paused = pause(60_000, stop.signal);
  stop.abort();
  await paused;
  ok(true);
});
