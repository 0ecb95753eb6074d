// Writes the modules of one folder into another with all mutants in them, each behind a switch, and prints the mutants.
// The switches are functions of switch.ts, not Stryker's own: those change themselves at their first call, which would
// be module state.

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Instrumenter } from "@stryker-mutator/instrumenter";

const SWITCHES = 'import { stryCov_9fa48, stryMutAct_9fa48 } from "./switch.ts";\n';

const [from, to] = process.argv.slice(2);
const names = (await readdir(from)).filter((name) => name.endsWith(".ts")).sort();
const files = await Promise.all(
  names.map(async (name) => ({ name, mutate: true, content: await readFile(join(from, name), "utf-8") })),
);
const silent = () => {};
const logger = { debug: silent, info: silent, warn: console.error, isDebugEnabled: () => false };
const options = { plugins: null, excludedMutations: [], ignorers: [], noHeader: true };
const found = await new Instrumenter(logger).instrument(files, options);
for (const { name, content } of found.files) {
  await writeFile(join(to, name), content.includes("stryMutAct_9fa48") ? SWITCHES + content : content);
}
process.stdout.write(JSON.stringify(found.mutants));
