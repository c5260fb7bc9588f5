/** What goes wrong while a model is trained on one machine, by the real command line: one line that says what to do, 1, no model. */
import test from "ava";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dataFolder } from "#client/data/testing.js";
import { type Ended, run } from "./pouwd.js";

const { dir, file, remove } = dataFolder();
test.after.always(remove);

interface Case {
  readonly csv: string | Uint8Array;
  /** under `data`, beside train and format */
  readonly data?: string;
  readonly layers: string;
  readonly loss: string;
  /** other lines of the task file */
  readonly more?: string;
}

const out = (name: string): string => join(dir, `${name}-model`);
async function train(name: string, { csv, data = "", layers, loss, more = "" }: Case): Promise<Ended> {
  file(`${name}.csv`, csv);
  const task = file(`${name}.yaml`, `data: { train: ${name}.csv, format: csv, test: 4, validation: 0${data} }\nmodel: { input: [2], layers: [${layers}] }\nloss: ${loss}\noptimizer: { sgd: { lr: 1 } }\nbatch: 4\nepochs: 30\nslots: 2\nfee: 1000 POUW\n${more}`);
  return run(["train", task, "--local", "--out", out(name)], { home: dir, node: "http://127.0.0.1:1" });
}
const rows = (row: (i: number) => string): string => `${Array.from({ length: 40 }, (_, i) => row(i)).join("\n")}\n`;
const dense = (...units: number[]): string => units.map((n) => `{ dense: { units: ${n} } }`).join(", ");

const CASES: readonly (readonly [name: string, c: Case, said: RegExp])[] = [
  [
    "diverged",
    { csv: rows((i) => `${(i * 7919) % 1_000_000},${(i * 104_729) % 1_000_000},${(i * 31) % 97}`), layers: dense(4, 4, 4, 4, 4, 1), loss: "mean_squared_error", more: "levels: 1000\nquantum: 1\n" },
    /^✖ training diverged: after \d+ of 270 iterations no loss was finite any more\. Lower the optimizer's lr, or scale the data \(data\.normalise, data\.scale\)\.$/,
  ],
  ["overflow", { csv: rows((i) => `${i}e36,${i},1`), layers: dense(4, 1), loss: "mean_squared_error" }, /overflow\.csv:(\d+): row \1, column 1 is [\d.]+e\+3\d, want -1048576 to 1048576: with larger values training diverges\. Scale the data/],
  ["binary", { csv: rows((i) => `${i},1,${(i % 2) + 1}`), layers: "{ dense: { units: 1, activation: sigmoid } }", loss: "binary_cross_entropy" }, /binary\.csv:2: row 2, column 3: the target is 2, want 0 to 1/],
  ["latin1", { csv: Buffer.from(`a,c,y\n${rows((i) => `${i},caf\xe9,${i % 2}`)}`, "latin1"), data: ", header: true, one_hot: [c]", layers: "{ dense: { units: 2, activation: softmax } }", loss: "softmax_cross_entropy" }, /latin1\.csv:2: is not UTF-8 text\. Convert it: iconv -f LATIN1 -t UTF-8 /],
  ["spaces", { csv: rows((i) => `0.0${i} -${i} ${i}.5`), layers: dense(1), loss: "mean_squared_error" }, /spaces\.csv:1: columns are separated by spaces, want commas\. Set data\.separator to space/],
];

for (const [name, c, said] of CASES) {
  test.serial(`${name}: one line, exit code 1, no model`, async (t) => {
    const { code, lines, stdout } = await train(name, c);
    t.is(code, 1);
    t.regex(lines.at(-1) ?? "", said);
    t.is(lines.filter((l) => l.startsWith("✖")).length, 1);
    t.is(stdout, "");
    t.false(existsSync(out(name)));
  });
}

test.serial("losses above what a header holds are shown as they are, and columns separated by spaces are read", async (t) => {
  const { code, lines, stdout } = await train("raw", { csv: rows((i) => `0.0${i} -${i} ${i + 300}.5`), data: ", separator: space", layers: dense(1), loss: "mean_squared_error" });
  t.is(code, 0, lines.join("\n"));
  const losses = lines.flatMap((l) => /^\d+\/\d+  loss (\S+)/.exec(l)?.[1] ?? []).map(Number);
  t.true(losses.length >= 9 && (losses[0] as number) > 5000 && losses.every(Number.isFinite), lines.join("\n"));
  t.regex(stdout, /test score {6}-?\d+/);
  t.true(existsSync(out("raw")));
});
