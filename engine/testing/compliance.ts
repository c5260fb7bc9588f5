/**
 * What every profile has to do: one list, run by each. Values and gradients on random shapes are held to stock
 * TensorFlow.js and to finite differences, the state to the arithmetic of maps to the bit.
 */
import { oneGroup } from "#engine/quanta.js";
import type { ExecutionContext } from "ava";
import fc from "fast-check";
import { bitsOf, classes, denseTopology, firstWeights, type Layer, LENET, planOf, topologyOf, uniform } from "#engine/testing/models.js";
import { agreesWithTfjs, madeBatch, type MakeEngine } from "#engine/testing/reference.js";
import { checkTolerant, type Loss, type ModelPlan } from "#engine/topology/index.js";
import type { Profile } from "#engine/types.js";

export interface Candidate {
  readonly name: string;
  readonly profile: Profile;
  readonly create: MakeEngine;
}

export type Check = (t: ExecutionContext, candidate: Candidate) => Promise<void>;

/** What a profile does not train it refuses by name: a rule of the chain, not a fault of the engine. */
export function isRefused({ profile }: Candidate, plan: ModelPlan): boolean {
  if (profile !== "tf-f32") return false;
  try {
    checkTolerant(plan);
    return false;
  } catch {
    return true;
  }
}

/** Loss, gradients and predictions beside those of stock TensorFlow.js, or a refusal by name. */
export async function agrees(t: ExecutionContext, candidate: Candidate, topology: string, loss: Loss, rows: number, seed: number, tolerance?: number): Promise<void> {
  if (isRefused(candidate, planOf(topology))) return void t.pass("refused by name");
  // The tolerant profile is tfjs with the loss taken apart: a rounding more.
  await agreesWithTfjs(t, candidate.create, topology, loss, rows, seed, tolerance ?? (candidate.profile === "tf-f32" ? 3e-5 : 1e-5));
}

/** The gradient beside the loss's slope along every few weights, by finite differences of step h. */
async function isSlope(t: ExecutionContext, candidate: Candidate, topology: string, loss: Loss, o: { rows: number; every: number; h: number; within: number }): Promise<void> {
  const plan = planOf(topology);
  if (isRefused(candidate, plan)) return void t.pass("refused by name");
  const engine = await candidate.create(plan, topology, { loss, batchSize: o.rows });
  const w0 = firstWeights(plan, 5);
  const batch = madeBatch(plan, loss, o.rows, 9);
  engine.setInitial(w0);
  const { gradient } = engine.gradient(batch);
  const lossAt = (i: number, d: number): number => {
    const w = w0.slice();
    w[i] = (w[i] as number) + d;
    engine.setInitial(w);
    return engine.gradient(batch).loss;
  };
  for (let i = 0; i < plan.parameters; i += o.every) {
    const slope = (lossAt(i, o.h) - lossAt(i, -o.h)) / (2 * o.h);
    t.true(Math.abs(slope - (gradient[i] as number)) < o.within, `weight ${i}: slope ${slope}, gradient ${gradient[i]} in ${topology}`);
  }
}

const hidden = fc.record({ units: fc.integer({ min: 1, max: 19 }), activation: fc.constantFrom("linear", "relu", "tanh", "sigmoid"), use_bias: fc.boolean() });
const shape = fc.record({ inputs: fc.integer({ min: 1, max: 21 }), hidden: fc.array(hidden, { maxLength: 3 }), outputs: fc.integer({ min: 2, max: 12 }), rows: fc.integer({ min: 1, max: 13 }), seed: fc.integer({ min: 1, max: 1 << 30 }) });
const padding = fc.constantFrom("valid", "same");
const pair = (most: number) => fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }));
const convolution = fc
  .record({ filters: fc.integer({ min: 1, max: 18 }), kernel_size: pair(3), strides: pair(2), padding, activation: fc.constantFrom("linear", "relu", "tanh", "sigmoid"), use_bias: fc.boolean() })
  .map((config): Layer => ["Conv2D", config]);
const pool = fc
  .record({ how: fc.constantFrom("MaxPooling2D", "AveragePooling2D"), pool_size: pair(3), strides: fc.option(pair(2), { nil: null }), padding })
  .map(({ how, ...config }): Layer => [how, config]);
const image = fc.record({ size: fc.tuple(fc.integer({ min: 7, max: 12 }), fc.integer({ min: 7, max: 12 }), fc.integer({ min: 1, max: 4 })), layers: fc.array(fc.oneof(convolution, pool), { minLength: 1, maxLength: 3 }), outputs: fc.integer({ min: 2, max: 9 }), rows: fc.integer({ min: 1, max: 4 }), seed: fc.integer({ min: 1, max: 1 << 30 }) });

const dense = (loss: Loss): Check => async (t, candidate) => {
  const last = loss === "softmaxCrossEntropy" ? fc.constantFrom("softmax", "linear") : fc.constantFrom("linear", "relu", "tanh", "sigmoid");
  await fc.assert(
    fc.asyncProperty(shape, last, ({ inputs, hidden, outputs, rows, seed }, activation) => agrees(t, candidate, denseTopology(inputs, ...hidden, { units: outputs, activation }), loss, rows, seed)),
    { numRuns: 40, seed: 20_240 },
  );
};

const denseSlope = (loss: Loss): Check => async (t, candidate) => {
  for (const activation of ["linear", "tanh", "sigmoid"]) {
    await isSlope(t, candidate, denseTopology(5, { units: 7, activation }, { units: 4, activation: loss === "softmaxCrossEntropy" ? "softmax" : activation }), loss, { rows: 3, every: 5, h: 1 / 128, within: 2e-4 });
  }
};

export const COMPLIANCE: Readonly<Record<string, Check>> = {
  "value, gradient and predictions agree with tfjs to 1e-5 (softmaxCrossEntropy)": dense("softmaxCrossEntropy"),
  "value, gradient and predictions agree with tfjs to 1e-5 (meanSquaredError)": dense("meanSquaredError"),
  "the gradient is the slope that finite differences see (softmaxCrossEntropy)": denseSlope("softmaxCrossEntropy"),
  "the gradient is the slope that finite differences see (meanSquaredError)": denseSlope("meanSquaredError"),

  "convolutions and pools of any shape agree with tfjs to 1e-5": async (t, candidate) => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(image, async ({ size, layers, outputs, rows, seed }) => {
        const topology = topologyOf(size, ...layers, ["Flatten", {}], ["Dense", { units: outputs, activation: "softmax" }]);
        try {
          // A padded average pool: finite differences say that ours is the slope, and tfjs's is not (docs/decisions.md).
          checkTolerant(planOf(topology));
        } catch {
          return; // or the windows left nothing of the image
        }
        compared++;
        await agrees(t, candidate, topology, "softmaxCrossEntropy", rows, seed);
      }),
      { numRuns: 80, seed: 20_241 },
    );
    t.true(compared > 40, `${compared} models`);
  },

  "a convolution may be the first layer and the last": async (t, candidate) => {
    await agrees(t, candidate, topologyOf([6, 5, 2], ["Conv2D", { filters: 3, kernel_size: 2, activation: "tanh" }]), "meanSquaredError", 3, 11);
    await agrees(t, candidate, topologyOf([6, 5, 2], ["MaxPooling2D", { pool_size: [2, 1] }], ["Conv2D", { filters: 5, kernel_size: [3, 5] }], ["Flatten", {}]), "softmaxCrossEntropy", 3, 12);
  },

  "global pools agree with tfjs to 1e-5": async (t, candidate) => {
    for (const how of ["GlobalMaxPooling2D", "GlobalAveragePooling2D"]) {
      await agrees(t, candidate, topologyOf([6, 7, 2], ["Conv2D", { filters: 5, kernel_size: 3, activation: "tanh" }], [how, {}], ["Dense", { units: 3, activation: "softmax" }]), "softmaxCrossEntropy", 4, 31);
    }
  },

  "the gradient through padded windows is the slope that finite differences see": async (t, candidate) => {
    for (const pools of [[], [["AveragePooling2D", { pool_size: 3, strides: 2, padding: "same" }]]] as Layer[][]) {
      const topology = topologyOf([5, 7, 2], ["Conv2D", { filters: 3, kernel_size: [3, 2], strides: [1, 2], padding: "same", activation: "tanh" }], ...pools, ["Flatten", {}], ["Dense", { units: 3, activation: "softmax" }]);
      await isSlope(t, candidate, topology, "softmaxCrossEntropy", { rows: 4, every: 3, h: 1 / 256, within: 5e-4 });
    }
  },

  "LeNet-5 agrees with tfjs to 1e-5": async (t, candidate) => {
    t.is(planOf(LENET).parameters, 61_706);
    await agrees(t, candidate, LENET, "softmaxCrossEntropy", 3, 21);
  },

  "separate Activation, Flatten, Reshape and InputLayer layers train and export like their fused forms": async (t, candidate) => {
    const layer = (class_name: string, config: object) => ({ class_name, config });
    const topology = JSON.stringify({
      class_name: "Sequential",
      config: [
        layer("InputLayer", { batch_shape: [null, 2, 6], name: "in" }),
        layer("Flatten", {}),
        layer("Dense", { units: 8 }),
        layer("Activation", { activation: "tanh" }),
        layer("Reshape", { target_shape: [2, -1] }),
        layer("Flatten", {}),
        layer("Dense", { units: 3 }),
        layer("Activation", { activation: "softmax" }),
      ],
    });
    const fused = denseTopology(12, { units: 8, activation: "tanh" }, { units: 3, activation: "softmax" });
    const [plan, fusedPlan] = [planOf(topology), planOf(fused)];
    const rows = 5;
    const options = { loss: "softmaxCrossEntropy", batchSize: rows } as const;
    const [a, b] = [await candidate.create(plan, topology, options), await candidate.create(fusedPlan, fused, options)];
    const w0 = firstWeights(fusedPlan, 3);
    a.setInitial(w0);
    b.setInitial(w0);
    const batch = { x: uniform(rows * 12, 1, 4), y: classes(rows, 3, 5) };
    t.deepEqual(a.gradient(batch), b.gradient(batch));
    await agrees(t, candidate, topology, "softmaxCrossEntropy", rows, 6);
  },

  "state is the exact sum of maps: a step brings to K and residual what its gradient says, to the bit": async (t, candidate) => {
    const topology = denseTopology(6, { units: 9, activation: "relu" }, { units: 4, activation: "softmax" });
    const plan = planOf(topology);
    const engine = await candidate.create(plan, topology, { loss: "softmaxCrossEntropy", batchSize: 5, quanta: oneGroup(plan, -7, 3) });
    const w0 = firstWeights(plan, 8);
    const [q, levels, lr] = [2 ** -7, 3, 0.5];
    const bound = 4 * levels * q;
    engine.setInitial(w0);
    for (let i = 0; i < 20; i++) {
      const batch = { x: uniform(5 * 6, 2, 100 + i), y: classes(5, 4, 200 + i) };
      const { gradient, loss, correct } = engine.gradient(batch);
      const [before, K] = [engine.residual(i % 2).slice(), engine.K.slice()];
      const step = engine.step(batch, i % 2, { lrBits: bitsOf(lr) });
      t.deepEqual([step.loss, step.correct, step.isNull], [loss, correct, false]);
      engine.addMap(step.map, 1);
      const after = engine.residual(i % 2);
      for (let j = 0; j < plan.parameters; j++) {
        const a = Math.fround((before[j] as number) - Math.fround(lr * (gradient[j] as number)));
        const k = Math.max(-levels, Math.min(levels, Math.trunc(a / q))) + 0;
        if (engine.K[j] !== (K[j] as number) + k || after[j] !== Math.max(-bound, Math.min(bound, Math.fround(a - q * k)))) t.fail(`step ${i}, entry ${j}`);
      }
      t.deepEqual(engine.weights(), w0.map((w, j) => Math.fround(w + q * (engine.K[j] as number))));
    }
  },
};
