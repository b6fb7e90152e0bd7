// The suite in a page; `runTests()` answers {name: "" or what went wrong}.

import { tests } from "./harness.js";
import "./suite.js";

declare global {
  interface Window {
    runTests: () => Promise<Record<string, string>>;
  }
}

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
