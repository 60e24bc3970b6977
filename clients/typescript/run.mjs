// Runs a TypeScript file of this folder: node run.mjs scenario.ts. Newer versions of Node read
// TypeScript by themselves; for older ones, AX_TYPESCRIPT names the folder of the package
// `typescript`. Ends with 77 where neither is there.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const CANNOT = 77;

async function stripper() {
  const own = nodeModule.stripTypeScriptTypes;
  if (own) return (text) => own(text);
  const folder = process.env.AX_TYPESCRIPT;
  if (!folder) return null;
  const require = nodeModule.createRequire(import.meta.url);
  const ts = require(folder);
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  return (text) => ts.transpileModule(text, { compilerOptions }).outputText;
}

const strip = await stripper();
if (strip === null) process.exit(CANNOT);
const place = mkdtempSync(join(tmpdir(), "planexe-ax-"));
try {
  for (const name of ["planexe-ax.ts", process.argv[2]]) {
    const text = readFileSync(new URL(name, import.meta.url), "utf8");
    const plain = strip(text).replaceAll("./planexe-ax.ts", "./planexe-ax.mjs");
    writeFileSync(join(place, name.replace(/\.ts$/, ".mjs")), plain);
  }
  await import(pathToFileURL(join(place, process.argv[2].replace(/\.ts$/, ".mjs"))).href);
} finally {
  rmSync(place, { recursive: true, force: true });
}
