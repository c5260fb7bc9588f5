/**
 * How fast a model that cannot be trained is refused: milliseconds of the first
 * refusal in a process of its own, of the slowest of many, and of the usual one; and what memory they took. Every line that is
 * refused with is asserted first.
 */
import { execFileSync } from "node:child_process";
import { entry } from "#platform/entry.js";
import { REFUSALS } from "#engine/testing/refusals.js";
import { median, quick, report, round } from "./measure.js";

const bench = "refusals";
const TARGET = 10;
const TIMES = quick ? 5 : 200;

interface Timed {
  readonly first: number;
  readonly usual: number;
  readonly slowest: number;
  readonly bytes: number;
}

/** In this process. */
async function timed(index: number): Promise<Timed> {
  const { says, prepare, title } = REFUSALS[index] as (typeof REFUSALS)[number];
  const refuse = await prepare();
  const once = (): number => {
    const start = performance.now();
    try {
      refuse();
    } catch (e) {
      const passed = performance.now() - start;
      if (!says.test((e as Error).message)) throw new Error(`bench: ${title} is refused with: ${(e as Error).message}`);
      return passed;
    }
    throw new Error(`bench: ${title} is not refused`);
  };
  const before = process.memoryUsage().rss;
  const first = once();
  const others = Array.from({ length: TIMES }, once);
  return { first, usual: median(others), slowest: Math.max(...others), bytes: process.memoryUsage().rss - before };
}

const at = process.argv.indexOf("--one");
if (at > 0) console.log(JSON.stringify(await timed(Number(process.argv[at + 1]))));
else {
  for (const [i, { title }] of REFUSALS.entries()) {
    const { command, args } = entry("bench/refusals", "--one", `${i}`, ...(quick ? ["--quick"] : []));
    const t = JSON.parse(execFileSync(command, args, { encoding: "utf8" })) as Timed;
    report({ bench, figure: title, value: round(t.first, 2), unit: "ms the first time", note: `usual ${round(t.usual, 3)} ms, slowest ${round(t.slowest, 2)} ms, ${round(t.bytes / 2 ** 20, 1)} MiB over all${Math.max(t.first, t.usual) < TARGET ? "" : `  above the target of ${TARGET} ms`}` });
  }
}
