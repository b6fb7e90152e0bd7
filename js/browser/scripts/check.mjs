// Everything that is checked without running the suite; it writes nothing but dist/ and .tmp/.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const bin = "node_modules/.bin";
const STEPS = [
  ["form and habits", `${bin}/biome`, "ci", "--error-on-warnings", "."],
  ["types", `${bin}/tsc`, "-p", "tsconfig.json"],
  ["build", process.execPath, "scripts/build.mjs"],
  ["size", process.execPath, "scripts/size.mjs"],
  ["package", `${bin}/publint`, "--strict"],
  ["types as consumers find them", `${bin}/attw`, "--pack", ".", "--profile", "esm-only", "--quiet"],
  ["entries, and one React, as consumers install it", process.execPath, "scripts/consumer.mjs"],
  ["pages and samples", process.execPath, "scripts/samples.mjs"],
  ["bundle of the demo", process.execPath, "scripts/demo.mjs", "--check"],
];

const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
for (const file of readdirSync("src/providers")) {
  if (`./providers/${file.replace(".ts", "")}` in exports) continue;
  console.error(`package.json exports no ${file}`);
  process.exit(1);
}

for (const [name, command, ...args] of STEPS) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  console.log(
    `${status === 0 ? "ok  " : "FAIL"} segue-web: ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`,
  );
  if (status === 0) continue;
  console.error(stdout, stderr);
  process.exit(1);
}
