/** Task files and data files with one fault each, and what the command line must say of it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "#platform/entry.js";

export interface BadTask {
  readonly what: string;
  /** changes to examples/digits.yaml: from → to */
  readonly change?: readonly (readonly [string, string])[];
  /** data file to write beside the task: its name in the task file is `data` */
  readonly data?: { readonly name: string; readonly content: string | Uint8Array };
  /** the place that the line begins with, behind the file's name: `:line:column task.field` */
  readonly place: RegExp;
  /** what would do */
  readonly remedy: RegExp;
}

const example = readFileSync(join(repositoryRoot, "examples", "digits.yaml"), "utf8");
const digits = join(repositoryRoot, "data", "digits.csv");

/** 64 pixels and a label. */
const row = (pixels: string, label: string): string => `${Array.from({ length: 64 }, () => pixels).join(",")},${label}`;
const table = (...rows: string[]): string => `${[...rows, ...Array.from({ length: 400 }, (_, i) => row(`${i % 17}`, `${i % 10}`))].join("\n")}\n`;

/** 400 rows of 65 float32; the value at row 3, column 7 (counted from 1) is what is given. */
function npy(value: number): Uint8Array {
  const values = Float32Array.from({ length: 400 * 65 }, (_, i) => (i % 65 === 64 ? Math.floor(i / 65) % 10 : i % 17));
  values[2 * 65 + 6] = value;
  const text = "{'descr': '<f4', 'fortran_order': False, 'shape': (400, 65), }\n";
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.from([text.length, 0]), Buffer.from(text), Buffer.from(values.buffer)]);
}

const asNpy = [["format: csv", "format: npy"]] as const;

export const BAD_TASKS: readonly BadTask[] = [
  { what: "text that is not YAML", change: [["epochs: 45", "epochs: [45"]], place: /^:\d+:\d+ is not YAML: /, remedy: /\S/ },
  { what: "a layer of an unknown type", change: [["- dense: { units: 32", "- conv9d: { units: 32"]], place: /^:12:15 task\.model\.layers\[0\]\.conv9d: /, remedy: /want one of dense, conv1d, conv2d/ },
  { what: "a convolution on a row of numbers", change: [["dense: { units: 32, activation: tanh }", "conv2d: { filters: 4, kernel_size: 3 }"]], place: /^:12:\d+ task\.model\.layers\[0\]/, remedy: /want rows × columns × channels: put a Reshape layer before it/ },
  { what: "a layer without its units", change: [["dense: { units: 32, ", "dense: { "]], place: /^:12:\d+ task\.model\.layers\[0\]\.dense\.units: /, remedy: /want a whole number of 1 or more/ },
  { what: "an unknown activation", change: [["activation: tanh", "activation: swish"]], place: /^:12:\d+ task\.model\.layers\[0\]\.dense\.activation: /, remedy: /use linear, relu/ },
  { what: "a field that does not exist", change: [["epochs: 45", "epoch: 45"]], place: /^:18:8 task\.epoch: /, remedy: /Did you mean epochs\?/ },
  { what: "a field that is missing", change: [["loss: softmax_cross_entropy\n", ""]], place: /^:\d+:\d+ task\.loss: is missing/, remedy: /add one of softmax_cross_entropy, mean_squared_error/ },
  { what: "a batch of 0", change: [["batch: 20", "batch: 0"]], place: /^:17:8 task\.batch: /, remedy: /expected at least 1, got 0/ },
  { what: "a batch larger than the data", change: [["batch: 20", "batch: 5000"]], place: /^:17:8 task\.batch: got 5000/, remedy: /want at most 1500/ },
  { what: "an even number of supervisors", change: [["supervisors: 3", "supervisors: 2"]], place: /^:21:14 task\.supervisors: got 2/, remedy: /want an odd number/ },
  { what: "more slots than the chain has", change: [["slots: 3", "slots: 2000"]], place: /^:20:8 task\.slots: /, remedy: /expected at most 1024, got 2000/ },
  { what: "a learning rate that is no number", change: [["lr: 0.1", "lr: fast"]], place: /^:15:25 task\.optimizer\.sgd\.lr: /, remedy: /expected a number, got "fast"/ },
  { what: "a fee below the chain's minimum", change: [["fee: 1000 POUW", "fee: 1 upouw"]], place: /^:23:6 task\.fee: got 0\.000001 POUW/, remedy: /want at least \d+\.\d{6} POUW, the chain's minimum: write \d+ POUW/ },
  { what: "a fee in another coin", change: [["fee: 1000 POUW", "fee: 1000 ATOM"]], place: /^:23:6 task\.fee: got "1000 ATOM"/, remedy: /want POUW or upouw/ },
  { what: "a bond that is too small", change: [["bond: 200 POUW", "bond: 1 POUW"]], place: /^:24:7 task\.bond: got 1\.000000 POUW/, remedy: /want at least 200\.000000 POUW/ },
  { what: "a fee that nobody owns", change: [["fee: 1000 POUW", "fee: 999999999 POUW"], ["bond: 200 POUW\n", ""]], place: /^:23:6 task\.fee: /, remedy: /Send it coins, give --from another key, or lower the fee/ },
  { what: "a data file that is not there", change: [[digits, "nowhere.csv"]], place: /^:4:10 task\.data\.train: \S*nowhere\.csv: there is no such file/, remedy: /Paths are relative to the task file/ },
  { what: "a test set larger than the data", change: [["test: 297", "test: 1797"]], place: /^:8:9 task\.data\.test: 1797 rows/, remedy: /Hold back fewer/ },
  { what: "a label column that does not exist", change: [["label: -1", "label: 65"]], place: /^:6:10 task\.data\.label: got 65/, remedy: /want -65 to 64/ },
  { what: "a model of another width than the data", change: [["input: [64]", "input: [63]"]], place: /digits\.csv: has 64 input columns beside the label/, remedy: /Change model\.input or the file/ },
  { what: "NaN in a CSV", data: { name: "nan.csv", content: table(row("1", "1"), row("NaN", "1")) }, place: /nan\.csv:2: row 2, column 1 is "NaN"/, remedy: /want a finite number\. Correct the value or leave its row out \(task\.data\.train\)/ },
  { what: "a value above binary32 in a CSV", data: { name: "big.csv", content: table(row("4e38", "1")) }, place: /big\.csv:1: row 1, column 1 is "4e38"/, remedy: /Scale the data down/ },
  { what: "infinity in an npy file", change: asNpy, data: { name: "inf.npy", content: npy(Number.POSITIVE_INFINITY) }, place: /inf\.npy: row 3, column 7 is Infinity/, remedy: /want a finite number/ },
  { what: "NaN in an npy file", change: asNpy, data: { name: "nan.npy", content: npy(Number.NaN) }, place: /nan\.npy: row 3, column 7 is NaN/, remedy: /want a finite number/ },
  { what: "ragged rows", data: { name: "ragged.csv", content: table(row("1", "1"), "1,2,3") }, place: /ragged\.csv:2: row 2 has 3 columns/, remedy: /want 65 columns as in the first row\. Complete the row or leave it out/ },
  { what: "a label that the model has no class for", data: { name: "label.csv", content: table(row("1", "1"), row("2", "10")) }, place: /label\.csv:2: row 2, column 65: the label is 10/, remedy: /want a whole number from 0 to 9/ },
  { what: "a line of names that was not announced", data: { name: "names.csv", content: `${Array.from({ length: 65 }, (_, i) => `c${i}`).join(",")}\n${table()}` }, place: /task\.data\.header|names\.csv:1: the first line holds names/, remedy: /Set data\.header to true/ },
  { what: "an option of another format", change: [["scale: 0.0625", "window: 16"]], place: /^:7:11 task\.data\.window: /, remedy: /is for data of the format text; this is csv\. Leave it out/ },
  { what: "images where there is a file", change: [["  label: -1          # the last column\n", ""], ["format: csv", "format: png"]], place: /digits\.csv: is a file/, remedy: /want a folder with one sub-folder for each class/ },
  { what: "a text of more characters than the model has classes", change: [["label: -1", "window: 64"], ["format: csv", "format: text"]], place: /digits\.csv: the text has 12 different characters/, remedy: /Give it 12 or more/ },
  { what: "more rows for validation than there are", change: [["test: 297", "test: 297\n  validation: 1500"]], place: /^:9:15 task\.data\.validation: 1500 rows/, remedy: /beside 297 for the test, the training files have 1797\. Hold back fewer/ },
  { what: "categories in a column that does not exist", change: [["scale: 0.0625", "one_hot: [colour]"]], place: /^:7:13 task\.data\.one_hot\[0\]: got "colour"/, remedy: /data\.header: true, or -65 to 64/ },
];

/** The digits task of the examples with changes, beside its data; answers the path. */
export function writeTask(dir: string, name: string, { change = [], data }: Pick<BadTask, "change" | "data"> = {}): string {
  let text = example.replace("../data/digits.csv", digits);
  const changes = [...change, ...(data ? ([[digits, data.name]] as const) : [])];
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`examples/digits.yaml has no ${JSON.stringify(from)}`);
    text = text.replace(from, to);
  }
  if (data) writeFileSync(join(dir, data.name), data.content);
  const path = join(dir, `${name}.yaml`);
  writeFileSync(path, text);
  return path;
}
