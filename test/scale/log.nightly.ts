/** A million messages of ten slots in one supervisor's log: memory, a restart, pages and proofs stay within what docs/attacks.md says. */
import { spawnSync } from "node:child_process";
import test from "ava";
import { entry } from "#platform/entry.js";

const MESSAGES = 1_000_000;
/** what the figures may be at most, by their names in bench/log.ts */
const MOST: Readonly<Record<string, number>> = {
  "highest RSS while it is written": 400,
  "highest RSS after a restart": 400,
  "memory a further message, second half": 60,
  "open, tips and rules: able to anchor": 3_000,
  "a page of 1 MiB": 50,
  "a proof of inclusion, the slowest": 100,
  "100 readers with a clock above the log": 100,
};

test("a log of a million messages opens at once, and its memory is that of what is open", (t) => {
  const { command, args } = entry("bench/log", "--json", "--messages", `${MESSAGES}`);
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 20 });
  t.is(status, 0, stderr);
  const figures = new Map(stdout.trim().split("\n").map((line) => { const f = JSON.parse(line) as { figure: string; value: number; unit: string }; return [f.figure, f]; }));
  for (const [name, most] of Object.entries(MOST)) {
    const f = figures.get(name);
    t.truthy(f, `${name} is not told`);
    if (f) t.true(f.value <= most, `${name}: ${f.value} ${f.unit}, at most ${most}`);
    t.log(`${name}: ${f?.value} ${f?.unit}`);
  }
});
