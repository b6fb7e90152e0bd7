// The package as an application has it, packed and unpacked: every entry is found, and there is one React.
//
// Linked by npm from its folder it would bring the React of its own tests along, and hooks of one know nothing of the
// other's components.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const CONSUMER = ".tmp/consumer";
const MODULES = `${CONSUMER}/node_modules`;

rmSync(CONSUMER, { recursive: true, force: true });
mkdirSync(`${MODULES}/segue-web`, { recursive: true });
writeFileSync(`${CONSUMER}/package.json`, '{"name": "consumer"}'); // its own package, or its names would be found in ours
const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", "--json", "--pack-destination", CONSUMER]));
execFileSync("tar", ["-xzf", `${CONSUMER}/${filename}`, "--strip-components=1", "-C", `${MODULES}/segue-web`]);
cpSync("node_modules/react", `${MODULES}/react`, { recursive: true });

const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
const entries = Object.keys(exports).map(
  (name) => `export * as ${name.replace(/\W/g, "_")} from "segue-web${name.slice(1)}";`,
);
const { metafile } = await build({
  stdin: { contents: [...entries, 'export * as React from "react";'].join("\n"), resolveDir: CONSUMER },
  bundle: true,
  format: "esm",
  metafile: true,
  write: false,
});
const strangers = Object.keys(metafile.inputs).filter((file) => file !== "<stdin>" && !file.startsWith(MODULES));
if (strangers.length > 0) {
  console.error("an application would get these besides:", strangers);
  process.exitCode = 1;
}
