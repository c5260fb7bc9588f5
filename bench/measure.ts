/** What the benchmarks share: their options, medians, and rounds that take turns so that both sides see the same machine. */

export const json = process.argv.includes("--json");
/** Few short rounds: shows that a benchmark runs, not how fast the code is. */
export const quick = process.argv.includes("--quick");

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new Error("bench: the median of nothing");
  return sorted.length % 2 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/**
 * `rounds` values of each side. Rounds of the sides follow each other and every other turn is taken backwards: what
 * else the machine does falls on all of them alike, so ratios hold where absolute values shake.
 */
export async function takeTurns<K extends string>(rounds: number, sides: Readonly<Record<K, (round: number) => number | Promise<number>>>): Promise<Record<K, number[]>> {
  const names = Object.keys(sides) as K[];
  const values = Object.fromEntries(names.map((n) => [n, [] as number[]])) as Record<K, number[]>;
  for (let r = 0; r < rounds; r++) for (const n of r % 2 ? names.toReversed() : names) values[n].push(await sides[n](r));
  return values;
}

/** Median over the rounds of one side's value by the other's of the same round. */
export const ratioOf = (over: readonly number[], under: readonly number[]): number => median(over.map((v, i) => v / (under[i] as number)));

export const round = (value: number, digits = 0): number => Number(value.toFixed(digits));

export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** lowest and highest round */
  readonly spread?: readonly [number, number];
  /** of what the benchmark says */
  readonly percent?: number;
  readonly note?: string;
}

/** One line a figure: JSON with --json, else for a person. Quick figures say so. */
export function report(f: Figure): void {
  if (json) return console.log(JSON.stringify(quick ? { ...f, quick } : f));
  const spread = f.spread ? `  (rounds ${f.spread[0]} … ${f.spread[1]})` : "";
  const percent = f.percent === undefined ? "" : `${`${f.percent}`.padStart(8)} %`;
  console.log(`${f.bench.padEnd(13)} ${f.figure.padEnd(48)} ${`${f.value}`.padStart(9)} ${f.unit}${percent}${spread}${f.note ? `  ${f.note}` : ""}`);
}

export function reportRounds(f: Omit<Figure, "value" | "spread">, values: readonly number[], digits = 0): void {
  report({ ...f, value: round(median(values), digits), spread: [round(Math.min(...values), digits), round(Math.max(...values), digits)] });
}
