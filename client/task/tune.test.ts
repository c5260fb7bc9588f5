import "#platform/install.js";
import test from "ava";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trainLocally } from "./local.js";
import { parseTaskFile, readTaskFile } from "./task-file.js";
import { tune, withQuanta } from "./tune.js";

/** A regression on raw targets: they are hundreds, and lr/25 is 2^-15. */
const REGRESSION = `# mine
data: { train: raw.csv, format: csv, test: 20, validation: 0 }
model:
  input: [3]
  layers:
    - dense: { units: 64, activation: relu }
    - dense: { units: 1 }
loss: mean_squared_error
optimizer: { sgd: { lr: 0.001 } }
batch: 10
epochs: 20
slots: 2
fee: 1000 POUW
`;
const quietly = { chainId: "local", taskId: 1n, beacon: new Uint8Array(32).fill(5), progress: () => {} };

test("a quantum that starves is told with one that does not, a default is doubled, and tuning writes what it found", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "tune-"));
  try {
    const rows = Array.from({ length: 220 }, (_, i) => [Math.sin(i), Math.cos(3 * i), Math.sin(7 * i)]);
    writeFileSync(join(dir, "raw.csv"), rows.map(([a = 0, b = 0, c = 0]) => [a, b, c, 150 + 80 * a - 40 * b * c].join()).join("\n"));
    const path = join(dir, "task.yaml");
    writeFileSync(path, REGRESSION.replace("slots: 2", "quantum: 2^-15 # too small\nslots:   2"));
    const notes: string[] = [];
    const starved = await trainLocally(readTaskFile(path), { ...quietly, note: (text) => notes.push(text) });
    t.regex(notes.join("\n"), /^9\d % of updates were larger than levels·quantum: set quantum to 2\^-\d or more, or run pouwd task tune$/);

    const found = await tune(path);
    t.is(found.tried.filter((x) => x.taken).length, 1);
    t.is(found.tried.find((x) => x.taken)?.loss, Math.min(...found.tried.filter((x) => x.starved <= 0.5).map((x) => x.loss)));
    writeFileSync(path, withQuanta(path, found));
    const text = readFileSync(path, "utf8");
    t.regex(text, /^# mine\n/);
    t.deepEqual(found.replaced, ["quantum: 2^-15"]);
    t.deepEqual(found.notes.filter((n) => n.includes("default")).map((n) => /the default (2\^-\d+)/.exec(n)?.[1]), ["2^-15"]);
    t.true(text.startsWith(REGRESSION.replace("slots: 2", "slots:   2")), "all else is as it was, to the letter");
    t.regex(text, /quanta:\n {2}- \{ tensors: weights, quantum: 2\^-\d \}\n$/);
    const tuned = await trainLocally(readTaskFile(path), quietly);
    t.true(tuned.score > starved.score / 4n, `${starved.score} to ${tuned.score}`);

    notes.length = 0;
    const usual = await trainLocally(parseTaskFile(REGRESSION, path), { ...quietly, note: (line) => notes.push(line) });
    t.regex(notes.join("\n"), /^quantum is 2\^-\d: with the default 2\^-15 9\d % of 64 iterations' updates were larger$/);
    t.true(usual.score > starved.score / 4n);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

const digits = readFileSync(new URL("../../examples/digits.yaml", import.meta.url), "utf8");
const refused = (quanta: string, message: RegExp) => [quanta, message] as const;
for (const [quanta, message] of [
  refused("[{ tensors: kernels, quantum: 2^-8 }]", /task\.quanta\[0\]\.tensors: the model has no tensor "kernels"\. Take weights, one of its kinds \(kernel, bias\)/),
  refused("[{ tensors: [kernel], quantum: 0.3 }]", /task\.quanta\[0\]\.quantum: expected a power of two from 2\^-40 to 2\^0, got 0\.3/),
  refused("[{ tensors: kernel, quantum: 2^-8 }, { tensors: [bias, dense_1/kernel], quantum: 2^-8 }]", /task\.quanta\[1\]\.tensors\[1\]: dense_1\/kernel is in group 0 too/),
]) {
  test(`groups that a file cannot mean are refused at their place: ${quanta}`, (t) => {
    t.throws(() => parseTaskFile(`${digits}\nquanta: ${quanta}\n`, "examples/digits.yaml"), { message });
  });
}

test("groups that a file writes out stay, and what is in none of them has the default", (t) => {
  const { spec } = parseTaskFile(`${digits}\nquanta: [{ tensors: bias, quantum: 2^-6, levels: 3 }]\n`, "examples/digits.yaml");
  t.deepEqual(spec.quanta, [
    { tensors: [1, 3], quantumLog2: -6, levels: 3, statistics: false },
    { tensors: [0, 2], quantumLog2: -8, levels: 1, statistics: false },
  ]);
});
