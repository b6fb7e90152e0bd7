// Builds the suite for Node and for a page, and runs it in Node. The page is opened by tests/js/test_suite.py.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { build } from "esbuild";

const shared = {
  bundle: true,
  ignoreAnnotations: true,
  format: "esm",
  sourcemap: "inline",
  logLevel: "warning",
  outdir: ".tmp",
};
await build({
  ...shared,
  entryPoints: ["test/in-node.ts"],
  platform: "node",
  packages: "external",
  outExtension: { ".js": ".mjs" },
});
await build({ ...shared, entryPoints: ["test/in-browser.ts"], define: { "process.env.NODE_ENV": '"development"' } });
writeFileSync(
  ".tmp/index.html",
  '<!doctype html><title>segue-web</title><script type="module" src="in-browser.js"></script>\n',
);

if (!process.argv.includes("--build-only")) {
  const done = spawnSync(process.execPath, ["--test", "--test-reporter=dot", ".tmp/in-node.mjs"], { stdio: "inherit" });
  process.exitCode = done.status ?? 1;
}
