/** `scripts/bench-against`: the same benchmarks of two checkouts, run by turns, figure by figure. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "#platform/entry.js";
import { type Figure, median, round } from "./measure.js";

const KNOWN = ["engine", "refusals", "hashes", "protocol-overhead", "verification", "transfers"];
const [other, ...given] = process.argv.slice(2) as [string, ...string[]];
const at = given.indexOf("--rounds");
const rounds = at < 0 ? 7 : Number(given[at + 1]);
const rest = at < 0 ? given : given.toSpliced(at, 2);
const quick = rest.includes("--quick");
const names = rest.filter((a) => !a.startsWith("--"));
const unknown = names.find((n) => !KNOWN.includes(n)) ?? rest.find((a) => a.startsWith("--") && a !== "--quick");
if (unknown !== undefined || !(Number.isInteger(rounds) && rounds > 0)) {
  console.error(`✖ bench-against: ${unknown ?? `--rounds ${given[at + 1] ?? ""}`} is not known. There are ${KNOWN.join(", ")}, --quick and --rounds N`);
  process.exit(1);
}

/** The engine's benchmark tells a line a host and model instead of figures. */
interface EngineLine {
  readonly host: string;
  readonly model: string;
  readonly batch: number;
  readonly samplesPerSecond: number;
}
const figureOf = (line: Figure | EngineLine): Figure =>
  "figure" in line ? line : { bench: "engine", figure: `${line.model}, batch ${line.batch}, ${line.host}`, value: line.samplesPerSecond, unit: "samples/s" };

/** Figures of one run, by what they are of. Every benchmark asserts its results before it tells a time. */
function run(folder: string, name: string): Map<string, Figure> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "dist/bench", `${name}.js`), "--json", ...(quick ? ["--quick"] : [])], { cwd: folder, encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${name} in ${folder} ended with ${status}: ${stderr.trim().split("\n").at(-1) ?? ""}`);
  const figures = stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => figureOf(JSON.parse(line) as Figure | EngineLine));
  if (figures.length === 0) throw new Error(`${name} in ${folder} told no figure`);
  return new Map(figures.map((f) => [`${f.figure}, ${f.unit}${noteOf(f)}`, f]));
}

/** Notes may hold figures of the run itself, such as a transaction's length: the sides are told apart by the rest. */
const noteOf = ({ note = "" }: Figure): string => (note === "" || note.startsWith("usual ") ? "" : ` (${note.replace(/\d+ bytes/g, "bytes")})`);

for (const name of names.length > 0 ? names : KNOWN) {
  const values = new Map<string, { old: number[]; now: number[] }>();
  for (let r = 0; r < rounds; r++) {
    const sides: ["old" | "now", string][] = [["old", other], ["now", repositoryRoot]];
    for (const [side, folder] of r % 2 ? sides.toReversed() : sides) {
      for (const [figure, { value }] of run(folder, name)) {
        const of = values.get(figure) ?? { old: [], now: [] };
        of[side].push(value);
        values.set(figure, of);
      }
    }
  }
  for (const [figure, { old, now }] of values) {
    if (old.length !== rounds || now.length !== rounds) {
      console.log(`${name}: ${figure}: only one side has it`);
      continue;
    }
    const ratios = now.map((v, i) => v / (old[i] as number)).sort((a, b) => a - b);
    console.log(`${name}: ${figure}: before ${round(median(old), 2)}, now ${round(median(now), 2)}, ratio ${round(median(ratios), 3)} (${round(ratios[0] as number, 3)} … ${round(ratios.at(-1) as number, 3)})`);
  }
}
