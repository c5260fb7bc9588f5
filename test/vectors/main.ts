/** `./scripts/check-vectors FILE…` */
import { readFileSync } from "node:fs";
import "#platform/install.js";
import { nodeCrypto } from "#platform/crypto.js";
import { casesOf, checkCase } from "./check.js";
import { operations } from "./operations.js";

const known = operations(nodeCrypto);
let passed = 0;
let failed = 0;
const fail = (text: string): void => {
  failed++;
  console.log(text);
};

const files = process.argv.slice(2);
const flag = files.find((f) => f.startsWith("-"));
if (files.length === 0 || flag !== undefined) {
  const asked = flag === "--help" || flag === "-h";
  (asked ? console.log : console.error)(`${flag === undefined || asked ? "" : `✖ there is no option ${flag}. `}usage: ./scripts/check-vectors FILE…: runs the cases of vector files such as test/vectors/protocol.json`);
  process.exit(asked ? 0 : 2);
}
for (const file of files) {
  try {
    const cases = casesOf(JSON.parse(readFileSync(file, "utf8")));
    if (cases.length === 0) fail(`${file}: no cases`);
    cases.forEach((test, i) => {
      const differs = checkCase(known, test);
      if (differs === undefined) passed++;
      else fail(`${file}: case ${i} (${test?.op}): ${differs}`);
    });
  } catch (error) {
    fail(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
