// Builds dist/ from src/: one module for each, as the compiler writes them, so that bundlers shake what is not used.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
const done = spawnSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
process.exitCode = done.status ?? 1;
