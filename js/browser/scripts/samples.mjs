// The TypeScript on the project's pages, compiled as a consumer would, against the package as it is built.
//
// Every ```ts and ```tsx block is a module of its own. A first line `// file: name.tsx` gives it a name by which the
// page's other blocks import it.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const PAGES = ["../../README.md", ...readdirSync("../../docs/howto").map((name) => `../../docs/howto/${name}`)];
const OUT = ".tmp/samples";
const FENCE = /^```(tsx?)[^\n]*\n(.*?)^```$/gms;

rmSync(OUT, { recursive: true, force: true });
let found = 0;
for (const page of PAGES.filter((name) => name.endsWith(".md"))) {
  for (const [index, [, language, body]] of [...readFileSync(page, "utf8").matchAll(FENCE)].entries()) {
    const name = /^\/\/ file: (\S+)/.exec(body)?.[1] ?? `block-${index + 1}.${language}`;
    const file = join(OUT, basename(page, ".md"), name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, body);
    found += 1;
  }
}
// Of Next.js, which is not installed for the sake of one function.
writeFileSync(
  join(OUT, "next.d.ts"),
  'declare module "next/navigation" {\n  export function useRouter(): { refresh(): void };\n}\n',
);
if (found === 0) throw new Error("no samples were found");
writeFileSync(
  join(OUT, "tsconfig.json"),
  JSON.stringify({
    extends: "../../tsconfig.json",
    compilerOptions: { jsx: "react-jsx", moduleDetection: "force", noUnusedLocals: false, skipLibCheck: true },
    include: ["."],
  }),
);
const { status } = spawnSync("node_modules/.bin/tsc", ["-p", OUT], { stdio: "inherit" });
console.log(`${found} blocks`);
process.exitCode = status ?? 1;
