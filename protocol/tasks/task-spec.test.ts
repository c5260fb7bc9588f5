import "#platform/install.js";
import { oneGroup } from "#engine/quanta.js";
import test from "ava";
import { taskMemoryBytes } from "./engine-options.js";
import { topologyOf } from "#engine/testing/models.js";
import { parseTopology } from "#engine/topology/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Loss, Optimizer, OptimizerKind, QuantumGroup, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { cidOf } from "./cid.js";
import { bitsOf } from "../floats.js";
import { defaultQuanta } from "./quanta.js";
import { acceptSpec, checkSpec, defaultRunAhead, fillDefaults, largestMap, SpecError } from "./task-spec.js";

const params = { minFlop: 100_000n, maxParameters: 1n << 26n, maxSlots: 1024, maxSupervisors: 31, minEvaluators: 3, maxEvaluators: 31, verdictWindow: 30n };
const topology = JSON.stringify({
  class_name: "Sequential",
  config: { name: "m", layers: [{ class_name: "Dense", config: { name: "a", units: 32, activation: "relu", batch_input_shape: [null, 64] } }, { class_name: "Dense", config: { name: "b", units: 10, activation: "softmax" } }] },
});
const dense = (inputs: number, units: number): string => JSON.stringify({ class_name: "Sequential", config: { layers: [{ class_name: "Dense", config: { units, batch_input_shape: [null, inputs] } }, { class_name: "Dense", config: { units: 2, activation: "softmax" } }] } });
const PADDED = JSON.stringify({
  class_name: "Sequential",
  config: { layers: [{ class_name: "AveragePooling2D", config: { pool_size: 3, padding: "same", batch_input_shape: [null, 8, 8, 1] } }, { class_name: "Flatten", config: {} }, { class_name: "Dense", config: { units: 100, activation: "softmax" } }] },
});
const cid = cidOf(nodeCrypto, Uint8Array.of(1));
const digest = new Uint8Array(32);
const spec = TaskSpec.create({
  topology, loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY, batchSize: 20, epochs: 30, batches: 60, slots: 3, lrBits: bitsOf(0.1), quanta: oneGroup({ tensors: [0, 1, 2, 3] }, -8),
  manifestCid: cid, testSet: { cid, plaintextHash: digest, keyHash: digest, rows: 297 }, properties: [100, 0, 50, 0, 0, 80, 0, 0],
});

const group = (change: Partial<QuantumGroup>) => QuantumGroup.create({ tensors: [0, 1, 2, 3], quantumLog2: -8, levels: 1, ...change });
const adam = (beta1: number, beta2: number) => Optimizer.create({ kind: OptimizerKind.OPTIMIZER_ADAM, momentumBits: bitsOf(beta1), beta2Bits: bitsOf(beta2), epsilonBits: bitsOf(1e-7) });

test("moving averages have groups of their own, whose quanta may be larger", (t) => {
  const json = topologyOf([512], ["BatchNormalization", {}], ["Dense", { units: 10, activation: "softmax" }]);
  const wideSpec = { ...spec, topology: json };
  const { tensors } = parseTopology(json, { maxParameters: 1 << 20 });
  t.deepEqual(tensors.map((x) => x.kind), ["gamma", "beta", "moving_mean", "moving_variance", "kernel", "bias"]);
  const quanta = defaultQuanta(tensors, { quantumLog2: -8, levels: 1 }, 1800n, { scaleOf: (kind) => (kind === "moving_mean" ? { scale: 2 ** 30, step: 2 ** 24 } : { scale: 1e-3, step: 0.01 }) });
  t.deepEqual(quanta, [
    group({ tensors: [0, 1, 4, 5] }),
    group({ tensors: [2], quantumLog2: 18, levels: 4096, statistics: true }),
    group({ tensors: [3], quantumLog2: -18, levels: 4096, statistics: true }),
  ], "2^-12 of the scale, and more where the first step would not fit the levels");
  t.is(acceptSpec({ ...wideSpec, quanta }, params).spec.quanta.length, 3);
  t.throws(() => acceptSpec({ ...wideSpec, quanta: [group({ tensors: [0, 1, 2, 3, 4, 5] })] }, params), { message: /^quanta\.0\.statistics: is false, and tensor 2 \(.*moving_mean\) is a moving average: take a group for each$/ });
  t.throws(() => acceptSpec({ ...wideSpec, quanta: quanta.map((g, i) => (i === 1 ? { ...g, quantumLog2: 29 } : g)) }, params), { message: /^quanta\.1\.quantum_log2: got 29, want -40 to 28$/ });
});

test("a task takes the defaults of the protocol", (t) => {
  const { spec: s, flop, residualInterval } = acceptSpec(spec, params);
  t.is(flop, 6n * 20n * (64n * 32n + 320n));
  t.like(s, { supervisors: 3, evaluators: 3, lag: 1, iterationBlocks: 1n, trainingBlocks: 7200n, dataBlocks: 60n, profile: "wasm-f32-1" });
  t.is(s.runAhead, 131072n, "20 s of so small iterations are more rounds than 2^17");
  t.is(residualInterval, 1n);
  t.deepEqual(fillDefaults(s, parseTopology(topology, { maxParameters: 100_000 })), s, "filling in twice changes nothing");
  t.notThrows(() => checkSpec(s, params));
});

test("in the tolerant profile every residual is hashed, whatever the model's size", (t) => {
  const large = { ...spec, topology: dense(300, 60) };
  t.is(acceptSpec(large, params).residualInterval, 16n);
  const accepted = acceptSpec({ ...large, profile: "tf-f32" }, params);
  t.is(accepted.residualInterval, 1n);
  t.is(accepted.spec.profile, "tf-f32");
});

test("run_ahead is about 20 s of rounds, within its bounds", (t) => {
  t.is(defaultRunAhead(1_000_000_000n, 1), 200n);
  t.is(defaultRunAhead(100_000_000_000n, 1), 64n);
  t.is(defaultRunAhead(1n, 1), 131072n);
});

for (const [field, change] of [
  ["topology", { topology: "{}" }],
  ["topology", { topology: "" }],
  ["loss", { loss: Loss.LOSS_UNSPECIFIED }],
  ["loss", { loss: Loss.LOSS_MEAN_SQUARED_ERROR }],
  ["batch_size", { batchSize: 0 }],
  ["batch_size", { batchSize: 40_000 }],
  ["epochs", { epochs: 0 }],
  ["batches", { batches: 0 }],
  ["slots", { slots: 0 }],
  ["slots", { slots: 1025 }],
  ["slots", { slots: 20, epochs: 1, batches: 19 }],
  ["supervisors", { supervisors: 2 }],
  ["supervisors", { supervisors: 33 }],
  ["evaluators", { evaluators: 1 }],
  ["evaluators", { evaluators: 4 }],
  ["lag", { lag: 17 }],
  ["data_blocks", { dataBlocks: 7_201n }],
  ["training_blocks", { trainingBlocks: 10_000_001n }],
  ["quanta", { quanta: [] }],
  ["quanta", { quanta: oneGroup({ tensors: [0, 1, 2] }, -8) }],
  ["quanta", { quanta: Array.from({ length: 17 }, (_, i) => group({ tensors: [i] })) }],
  ["quanta.1.tensors", { quanta: [group({ tensors: [0, 1] }), group({ tensors: [1, 2, 3] })] }],
  ["quanta.0.tensors", { quanta: [group({ tensors: [1, 0, 2, 3] })] }],
  ["quanta.0.tensors", { quanta: [group({ tensors: [0, 1, 2, 3, 4] })] }],
  ["quanta.1.tensors", { quanta: [group({}), group({ tensors: [] })] }],
  ["quanta.0.statistics", { quanta: [group({ statistics: true })] }],
  ["quanta.0.quantum_log2", { quanta: [group({ quantumLog2: -41 })] }],
  ["quanta.0.quantum_log2", { quanta: [group({ quantumLog2: 1 })] }],
  ["quanta.0.levels", { quanta: [group({ levels: 16_777_216 })] }],
  ["quanta.0.levels", { quanta: [group({ levels: 10_000 })] }],
  ["optimizer.beta2_bits", { optimizer: adam(0.99, 0.98) }],
  ["optimizer.beta2_bits", { optimizer: adam(0, 0.99995) }],
  ["optimizer.beta2_bits", { optimizer: adam(0.5, 0) }],
  ["lr_bits", { lrBits: 0 }],
  ["lr_bits", { lrBits: bitsOf(-0.1) }],
  ["schedule.0.epoch", { schedule: [{ epoch: 30, lrBits: bitsOf(0.1) }] }],
  ["schedule.1.epoch", { schedule: [{ epoch: 3, lrBits: bitsOf(0.1) }, { epoch: 3, lrBits: bitsOf(0.1) }] }],
  ["schedule.0.lr_bits", { schedule: [{ epoch: 3, lrBits: 1 }] }],
  ["run_ahead", { runAhead: 63n }],
  ["run_ahead", { runAhead: 131_073n }],
  ["profile", { profile: "webgpu-1" }],
  ["profile", { profile: "tf-f32", topology: PADDED, quanta: oneGroup({ tensors: [0, 1] }, -8) }],
  ["profile", { profile: "tf-f32", batchSize: 2, topology: dense(2100, 2000) }],
  ["manifest_cid", { manifestCid: "bafy" }],
  ["test_set", { testSet: undefined }],
  ["test_set.key_hash", { testSet: { cid, plaintextHash: digest, keyHash: new Uint8Array(31), rows: 1 } }],
  ["test_set.rows", { testSet: { cid, plaintextHash: digest, keyHash: digest, rows: 0 } }],
  ["properties", { properties: [1, 2] }],
  ["properties", { properties: [100, 0, 0, 0, 0, 0, 0, 0] }],
  ["properties.1", { properties: [100, 101, 0, 0, 0, 0, 0, 0] }],
] as const) {
  test(`refused with the field ${field}: ${JSON.stringify(change, (_, v) => (typeof v === "bigint" ? String(v) : v)).slice(0, 100)}`, (t) => {
    const error = t.throws(() => acceptSpec({ ...spec, ...(change as Partial<TaskSpec>) }, params), { instanceOf: SpecError });
    t.is(error?.field, field);
    t.false(error?.message.includes("\n"));
  });
}

test("a task too small to be worth a draw is refused", (t) => {
  t.throws(() => acceptSpec(spec, { ...params, minFlop: 10_000_000n }), { message: /^topology: one iteration is 284160 flop, want at least 10000000/ });
});

const wide = (units: number) => JSON.stringify({
  class_name: "Sequential",
  config: { name: "m", layers: [{ class_name: "Dense", config: { name: "a", units, activation: "relu", batch_input_shape: [null, 64] } }, { class_name: "Dense", config: { name: "b", units: 10, activation: "softmax" } }] },
});

test("a task that no machine can hold, or run and judge in time, is refused before anybody is drawn for it", (t) => {
  t.throws(() => acceptSpec({ ...spec, topology: wide(800_000), batchSize: 2000 }, params), { message: /^topology: takes \d+ bytes at batch_size 2000, an engine holds 3758096384: take a smaller model/ });
  t.throws(() => acceptSpec({ ...spec, topology: wide(60_000), batchSize: 1000 }, params), { message: /^batch_size: re-running 16 iterations of 26640000000 flop takes 43 s at 10 GFLOP\/s, want at most 30, the verdict window/ });
  const slow = { ...spec, topology: wide(40_000), batchSize: 1000 };
  t.is(acceptSpec(slow, params).spec.iterationBlocks, 2n, "17.8 GFLOP");
  t.throws(() => acceptSpec({ ...slow, iterationBlocks: 1n }, params), { message: /^iteration_blocks: got 1, want 2 to 10000/ });
});

test("a model whose map no message holds is refused", (t) => {
  t.is(largestMap([{ size: 1000, levels: 1 }]), 5 + 1000 + 125);
  t.is(largestMap([{ size: 1000, levels: 63 }]), 5 + 2000);
  t.is(largestMap([{ size: 1000, levels: 64 }, { size: 10, levels: 1 }]), 5 + 3000 + 5 + 10 + 2);
  const large = { ...spec, topology: wide(700_000), batchSize: 1, epochs: 1 };
  t.notThrows(() => acceptSpec(large, params));
  t.throws(() => acceptSpec({ ...large, batchSize: 1, quanta: oneGroup({ tensors: [0, 1, 2, 3] }, -8, 200_000), batches: 3, slots: 1 }, params), { message: /^topology: a map of 52500010 parameters takes up to 210000045 bytes at levels 200000, a message holds 67043328: take a smaller model or fewer levels/ });
});

test("a worker is matched by the memory of the moments as well", (t) => {
  const plan = parseTopology(topologyOf([8], ["Dense", { units: 50 }]), { maxParameters: 1 << 20 });
  const memory = (kind: OptimizerKind) => taskMemoryBytes({ batchSize: 4, optimizer: Optimizer.create({ kind }) }, plan);
  const vector = 4n * BigInt(plan.parameters);
  // A moment stands behind the residual, and once more while it is not known whether the iteration counts.
  t.is(memory(OptimizerKind.OPTIMIZER_MOMENTUM) - memory(OptimizerKind.OPTIMIZER_SGD), 2n * vector);
  t.is(memory(OptimizerKind.OPTIMIZER_ADAM) - memory(OptimizerKind.OPTIMIZER_SGD), 4n * vector);
});
