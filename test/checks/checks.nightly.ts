/** The whole of `npm run check` passes here and fails for each planted fault. */
import { spawnSync } from "node:child_process";
import test from "ava";
import { copyOfRepository } from "#test/repository-copy.js";
import { FAULTS } from "./faults.js";

const check = (copy: string) => spawnSync("npm", ["run", "check"], { cwd: copy, encoding: "utf8" });

test.serial("npm run check passes", (t) => {
  t.timeout(300_000);
  const { status, stdout, stderr } = check(copyOfRepository(t));
  t.is(status, 0, `${stdout}${stderr}`);
});

for (const fault of FAULTS) {
  test.serial(`npm run check fails for ${fault.name}`, (t) => {
    t.timeout(300_000);
    const copy = copyOfRepository(t);
    fault.plant(copy);
    const { status, stdout, stderr } = check(copy);
    t.not(status, 0);
    t.regex(`${stdout}${stderr}`, fault.told);
  });
}
