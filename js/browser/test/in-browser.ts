// The suite in a page; `runTests()` answers {name: "" or what went wrong}.

import { forgetKey, idempotencyKey } from "../src/key.js";
import { tests } from "./harness.js";
import "./suite.js";

declare global {
  interface Window {
    /** For several tabs at once: the key of this browser, and its end. */
    key: () => Promise<string>;
    forgetKey: () => void;
    runTests: () => Promise<Record<string, string>>;
  }
}

window.key = () => idempotencyKey();
window.forgetKey = forgetKey;
window.runTests = async () => {
  const results: Record<string, string> = {};
  for (const { name, run } of tests) {
    try {
      await run();
      results[name] = "";
    } catch (error) {
      results[name] = String(error instanceof Error ? (error.stack ?? error) : error);
    }
  }
  return results;
};
