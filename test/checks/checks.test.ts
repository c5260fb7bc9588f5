/** What `npm run check` finds, part by part; checks.nightly.ts runs the whole of it for each fault. */
import { spawnSync } from "node:child_process";
import test from "ava";
import { copyOfRepository } from "#test/repository-copy.js";
import { FAULTS, type Fault } from "./faults.js";

const SCRIPT = ["--conditions=source", "--import=tsx", "--no-warnings"];
const PARTS: Readonly<Record<Exclude<Fault["by"], "tsc">, readonly string[]>> = {
  lint: ["node_modules/oxlint/bin/oxlint", "--deny-warnings"],
  imports: [...SCRIPT, "scripts/check-imports.ts"],
  machines: [...SCRIPT, "scripts/check-machines.ts"],
  proto: [...SCRIPT, "scripts/generate-proto.ts", "--check"],
  tables: [...SCRIPT, "scripts/tables.ts", "--check"],
};

for (const fault of FAULTS) {
  const { by } = fault;
  // Types are compiled by extending.test.ts and in the nightly run: a minute for each here.
  if (by === "tsc") continue;
  test.serial(`the check finds ${fault.name}`, (t) => {
    t.timeout(120_000);
    const copy = copyOfRepository(t);
    fault.plant(copy);
    const { status, stdout, stderr } = spawnSync(process.execPath, PARTS[by], { cwd: copy, encoding: "utf8" });
    t.not(status, 0);
    t.regex(`${stdout}${stderr}`, fault.told);
  });
}
