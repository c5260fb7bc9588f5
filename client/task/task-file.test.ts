import "#platform/install.js";
import test from "ava";
import { readFileSync } from "node:fs";
import { OptimizerKind } from "#proto/gen/pouw/tasks/v1/types.js";
import { bitsOf } from "#protocol/floats.js";
import { dataFolder } from "../data/testing.js";
import { parseAmount } from "./amount.js";
import { parseTaskFile, readTaskFile, TaskFileError } from "./task-file.js";

const good = readFileSync(new URL("../../examples/digits.yaml", import.meta.url), "utf8");
const broken = (from: string, to: string) => () => parseTaskFile(good.replace(from, to), "digits.yaml");

test("the digits task is read with the protocol's defaults", (t) => {
  const f = readTaskFile("examples/digits.yaml");
  t.is(f.plan.parameters, 64 * 32 + 32 + 32 * 10 + 10);
  t.deepEqual(f.spec.quanta, [{ tensors: [0, 1, 2, 3], quantumLog2: -8, levels: 1, statistics: false }]);
  t.is(f.fee, 1_000_000_000n);
  t.is(f.bond, 200_000_000n);
  t.deepEqual(f.notes, []);
});

test("convolutions and pools are written with the names that Keras gives their options", (t) => {
  const f = readTaskFile("examples/digits-conv.yaml");
  t.is(f.plan.parameters, 80 + 1168 + 650);
  t.deepEqual(f.plan.layers.map((l) => l.outputShape), [[8, 8, 1], [8, 8, 8], [4, 4, 8], [2, 2, 16], [64], [10]]);
});

test("a task may name the tolerant profile, and no other than the two", (t) => {
  t.is(parseTaskFile(`${good}\nprofile: tf-f32\n`, "examples/digits.yaml").spec.profile, "tf-f32");
  t.throws(() => parseTaskFile(`${good}\nprofile: webgpu\n`, "examples/digits.yaml"), { message: /task\.profile: expected one of wasm-f32-1, tf-f32, got "webgpu"/ });
});

test("a value of the wrong type is named with line and column", (t) => {
  t.throws(broken("lr: 0.1", "lr: fast"), { message: /^digits\.yaml:15:25 task\.optimizer\.sgd\.lr: expected a number, got "fast"\.$/ });
});

test("a field that does not exist, a missing one and a wrong choice are named", (t) => {
  t.throws(broken("epochs: 45", "epoch: 45"), { message: /^digits\.yaml:18:8 task\.epoch: there is no such field here\. Did you mean epochs\?$/ });
  t.throws(broken("loss: softmax_cross_entropy", "loss: hinge"), { message: /task\.loss: expected one of softmax_cross_entropy, mean_squared_error, binary_cross_entropy, mean_absolute_error, huber, got "hinge"/ });
});

test("an unknown layer and a wrong amount are named", (t) => {
  t.throws(broken("- dense: { units: 32", "- conv: { units: 32"), { message: /^digits\.yaml:12:13 task\.model\.layers\[0\]\.conv: there is no layer "conv", want one of dense, / });
  t.throws(broken("fee: 1000 POUW", "fee: lots"), { message: /task\.fee: got "lots", want an amount/ });
});

test("data options that do not go with the format, or with each other, are refused at their place", (t) => {
  const data = (to: string) => broken("scale: 0.0625", to);
  t.throws(data("window: 8"), { message: /^digits\.yaml:7:11 task\.data\.window: is for data of the format text; this is csv\. Leave it out\.$/ });
  t.throws(data("scale: 1\n  normalise: standard"), { message: /task\.data\.scale: stands beside normalise, which scales the data itself/ });
  t.throws(data("normalise: zscore"), { message: /task\.data\.normalise: expected one of standard, min_max, got "zscore"/ });
  t.throws(data("one_hot: true"), { message: /task\.data\.one_hot: expected a list of columns, by name or number, got true/ });
  t.throws(data("test_rows: 5"), { message: /task\.data\.test_rows: is for a test file/ });
  t.throws(broken("format: csv\n  label: -1", "format: text"), { message: /task\.data\.window: is missing, want how many characters/ });
  t.throws(broken("format: csv", "format: png"), { message: /task\.data\.label: is for data of the format csv, npy, idx; this is png/ });
  t.deepEqual(parseTaskFile(good.replace("scale: 0.0625", "one_hot: [3, name]\n  validation: 0"), "digits.yaml").data.oneHot, [3, "name"]);
});

test("the examples of MNIST and of a text are read", (t) => {
  t.is(readTaskFile("examples/mnist.yaml").plan.parameters, 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10);
  t.is(readTaskFile("examples/mnist-lenet.yaml").plan.parameters, 61_706);
  const text = readTaskFile("examples/text.yaml");
  t.is(text.data.window, 16);
  t.deepEqual(text.plan.layers.map((l) => l.kind), ["embedding", "gru", "dense"]);
  t.is(text.spec.quanta[0]?.quantumLog2, Math.round(Math.log2(2 * 0.004)));
  t.deepEqual(text.spec.properties, [100, 0, 100, 0, 0, 0, 0, 100], "classification of a text by a model of 44,000 parameters");
});

test("layers may read others by name, and then the model is a graph", (t) => {
  const layers = /    - dense: \{ units: 32.*\n/;
  const graph = (lines: string) => parseTaskFile(good.replace(layers, lines), "examples/digits.yaml");
  const { plan, spec } = graph("    - dense: { units: 32, activation: relu, name: a }\n    - dense: { units: 32, name: b }\n    - add: { from: [a, b] }\n    - concatenate: { from: [add_3, input], name: all }\n");
  t.deepEqual(plan.layers.map((l) => [l.kind, l.from, l.outputShape]), [["shape", [-1], [64]], ["dense", [0], [32]], ["dense", [1], [32]], ["merge", [1, 2], [32]], ["merge", [3, 0], [96]], ["dense", [4], [10]]]);
  t.is(spec.optimizer, undefined);
  t.throws(() => graph("    - dense: { units: 32, name: a, from: nowhere }\n"), { message: /layer "a": reads the layer "nowhere", which is not there/ });
});

test("momentum and Adam come with their defaults, and what an optimizer has not is refused", (t) => {
  const with_ = (o: string) => parseTaskFile(good.replace("sgd: { lr: 0.1 }", o), "examples/digits.yaml").spec;
  t.like(with_("momentum: { lr: 0.1 }"), { quanta: [{ quantumLog2: -5 }], optimizer: { kind: OptimizerKind.OPTIMIZER_MOMENTUM, momentumBits: bitsOf(0.9), nesterov: false } });
  t.like(with_("adam: { lr: 0.001, clip_norm: 1, weight_decay: 0.01 }"), { quanta: [{ quantumLog2: -9 }], optimizer: { kind: OptimizerKind.OPTIMIZER_ADAM, momentumBits: bitsOf(0.9), beta2Bits: bitsOf(0.999), epsilonBits: bitsOf(1e-7), clipNormBits: bitsOf(1), weightDecayBits: bitsOf(0.01) } });
  t.throws(() => with_("adam: { lr: 0.001, nesterov: true }"), { message: /task\.optimizer\.adam\.nesterov: there is no such field here/ });
  t.throws(() => with_("lion: { lr: 0.001 }"), { message: /task\.optimizer\.lion: there is no such field here/ });
});

test("a learning rate is scaled by slots and lag, and the client is told", (t) => {
  const f = parseTaskFile(good.replace("slots: 3", "slots: 16").replace("lag: 1", "lag: 2"), "examples/digits.yaml");
  t.is(f.spec.quanta[0]?.quantumLog2, Math.round(Math.log2((0.1 * 8) / 32 / 25)));
  t.is(f.notes.length, 2);
});

test("amounts are read in POUW and in base units, and fractions of a base unit are refused", (t) => {
  t.is(parseAmount("2.5 POUW"), 2_500_000n);
  t.is(parseAmount("7upouw"), 7n);
  t.is(parseAmount(12), 12n);
  t.throws(() => parseAmount("0.5upouw"), { message: /no fraction/ });
  t.throws(() => parseAmount("1.1234567 POUW"), { message: /at most 6 digits/ });
});

test("a task file that is not UTF-8 is refused by line, with the command that converts it", (t) => {
  const folder = dataFolder();
  t.teardown(folder.remove);
  const refused = (name: string, bytes: Buffer) => t.throws(() => readTaskFile(folder.file(name, bytes)), { instanceOf: TaskFileError }).message;
  t.regex(refused("old.yaml", Buffer.from("fee: 1\ntitle: caf\xe9\n", "latin1")), /old\.yaml:2: is not UTF-8 text\. Convert it: iconv -f LATIN1 -t UTF-8 \S+old\.yaml > \S+old\.utf8\.yaml/);
  t.regex(refused("wide.yaml", Buffer.from("\ufefftitle: t\n", "utf16le")), /wide\.yaml: is UTF-16 text, want UTF-8\. Convert it: iconv -f UTF-16 /);
});
