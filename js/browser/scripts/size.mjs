// Sizes of what a page loads, minified and compressed: `node scripts/size.mjs` compares them with what is promised.

import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Bytes that each may have at most. */
const PROMISED = {
  'export { migrateSession } from "./dist/index.js"': 4000,
  'export { plainSession } from "./dist/plain.js"': 1200,
  'export { superTokens } from "./dist/supertokens.js"': 350,
  'export { auth0 } from "./dist/providers/auth0.js"': 600,
};

for (const [contents, most] of Object.entries(PROMISED)) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: "." },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length;
  const name = contents.match(/\{ (\w+) \}/)[1];
  console.log(`${name}: ${bytes} bytes of ${most}`);
  if (bytes > most) process.exitCode = 1;
}
