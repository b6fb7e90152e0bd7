// The demo's copy of the package, which is committed: the demo runs on machines without Node. `--check`: is it the
// same that would be built now?

import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const BUNDLE = "../../src/segue/demo/static/segue-web.js";

const { outputFiles } = await build({
  stdin: {
    contents: 'export { migrateSession } from "./src/index.js"; export { plainSession } from "./src/plain.js";',
    resolveDir: ".",
  },
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  banner: { js: "// js/browser, built by `make fix`; not written by hand." },
  write: false,
});
const built = outputFiles[0].text;

if (!process.argv.includes("--check")) {
  writeFileSync(BUNDLE, built);
} else if (readFileSync(BUNDLE, "utf8") !== built) {
  console.error(`${BUNDLE} is not what js/browser is now: make fix`);
  process.exitCode = 1;
}
