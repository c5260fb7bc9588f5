/** What one forged residual state can buy: the worst of every optimizer, computed beside the engine (docs/attacks.md). */
import test from "ava";
import { createEngine } from "#engine/index.js";
import type { Optimizer } from "#engine/optimizer.js";
import { adamFactor, firstMomentBound, groupsOf, momentumBound, oneGroup, outOfBounds } from "#engine/quanta.js";
import { bitsOf, denseTopology, firstWeights, planOf } from "#engine/testing/models.js";

const f = Math.fround;
const plan = planOf(denseTopology(4, { units: 3 }));
const n = plan.parameters;
/** Inputs and targets of nothing: the gradient is zero, and whatever moves comes from the state. */
const nothing = { x: new Float32Array(8), y: new Float32Array(6) };

interface Case {
  readonly name: string;
  readonly optimizer: Optimizer;
  readonly lr: number;
  readonly quantumLog2: number;
  readonly levels: number;
  /** quanta a weight, of a state that is as bad as the bounds let it be */
  readonly worst: number;
}
const adam: Optimizer = { kind: "adam", momentum: f(0.9), beta2: f(0.999), epsilon: f(1e-7) };
const momentum: Optimizer = { kind: "momentum", momentum: f(0.9) };
const CASES: readonly Case[] = [
  { name: "SGD, levels 1", optimizer: { kind: "sgd" }, lr: 0.1, quantumLog2: -8, levels: 1, worst: 4 },
  { name: "SGD, levels 64", optimizer: { kind: "sgd" }, lr: 0.1, quantumLog2: -8, levels: 64, worst: 256 },
  { name: "momentum", optimizer: momentum, lr: 0.1, quantumLog2: -5, levels: 1, worst: 32 },
  { name: "Nesterov's momentum", optimizer: { ...momentum, nesterov: true }, lr: 0.1, quantumLog2: -5, levels: 1, worst: 31 },
  { name: "Adam", optimizer: adam, lr: 0.001, quantumLog2: -9, levels: 1, worst: 33 },
];

/** All that leaves a state of r = −B and the largest moments while every gradient is zero, in quanta; `t` is where it begins. */
function quantaOf({ optimizer, lr, quantumLog2, levels }: Case, t0: number): number {
  const [q, rate] = [2 ** quantumLog2, f(lr)];
  const bound = 4 * levels * q;
  const { kind, momentum: beta = 0, beta2 = 0, epsilon = 0, nesterov } = optimizer;
  let [r, m, v, sum] = [-bound, kind === "momentum" ? momentumBound(bound, rate) : 0, 1, 0];
  if (kind === "adam") m = firstMomentBound(adamFactor(beta, beta2) as number, v);
  for (let t = t0; t < t0 + 2000; t++) {
    m *= beta;
    v *= beta2;
    const u = kind === "sgd" ? 0 : kind === "momentum" ? rate * (nesterov ? beta * m : m) : (rate * (Math.sqrt(1 - beta2 ** t) / (1 - beta ** t)) * m) / (Math.sqrt(v) + epsilon);
    const a = r - u;
    const k = Math.max(-levels, Math.min(levels, Math.trunc(a / q)));
    sum += k;
    r = Math.max(-bound, Math.min(bound, a - q * k));
  }
  return -sum;
}

for (const c of CASES) {
  const { optimizer, lr, quantumLog2, levels } = c;
  test(`one forged state moves a weight by at most ${c.worst} quanta: ${c.name}`, async (t) => {
    const engine = await createEngine(plan, { loss: "meanSquaredError", batchSize: 2, optimizer, quanta: oneGroup(plan, quantumLog2, levels), lrMax: f(lr) });
    const groups = groupsOf(oneGroup(plan, quantumLog2, levels), plan.tensors);
    const bound = 4 * levels * 2 ** quantumLog2;
    const zero = new Float32Array(n);
    const run = (state: Float32Array): number => {
      engine.setInitial(zero);
      engine.residual(0).set(state);
      for (let s = 0; s < 400; s++) {
        // Where the weights stand does not matter: targets are what the model says, so no gradient answers.
        engine.addMap(engine.step({ ...nothing, y: engine.predict(nothing.x, 2) }, 0, { lrBits: bitsOf(lr), time: BigInt(100_000 + s) }).map, 1);
      }
      return Math.max(...engine.K.map(Math.abs));
    };
    const forged = new Float32Array(engine.residual(0).length);
    forged.fill(-bound, 0, n);
    if (optimizer.kind === "momentum") forged.fill(momentumBound(bound, f(lr)), n);
    if (optimizer.kind === "adam") {
      forged.fill(firstMomentBound(adamFactor(optimizer.momentum ?? 0, optimizer.beta2 ?? 0) as number, 1), n, 2 * n);
      forged.fill(1, 2 * n);
    }
    t.is(outOfBounds(forged, groups, optimizer, f(lr)), undefined, "as bad as the bounds let it be");
    const moved = run(forged);
    t.is(moved, c.worst);
    t.true(Math.abs(quantaOf(c, 100_000) - moved) <= 1, "what the formulas say");
    t.is(run(new Float32Array(forged.length)), 0, "an honest state moves nothing");
  });
}

test("a state is outside its bounds by any entry that is, and by what is no number", (t) => {
  const groups = groupsOf(oneGroup(plan, -8, 2), plan.tensors);
  const bound = 8 * 2 ** -8;
  const faults = (optimizer: Optimizer, change: Record<number, number>) => {
    const state = new Float32Array(n * (1 + (optimizer.kind === "sgd" ? 0 : optimizer.kind === "momentum" ? 1 : 2)));
    for (const [i, v] of Object.entries(change)) state[Number(i)] = v;
    return outOfBounds(state, groups, optimizer, f(0.1));
  };
  for (const optimizer of [{ kind: "sgd" } as const, momentum, adam]) {
    t.is(faults(optimizer, {}), undefined);
    t.is(faults(optimizer, { 0: bound, 3: -bound }), undefined);
    for (const bad of [bound * 1.001, -bound * 1.001, Number.NaN, Infinity]) t.regex(faults(optimizer, { 2: bad }) ?? "", /^residual 2 is/);
  }
  const most = momentumBound(bound, f(0.1));
  t.is(faults(momentum, { [n]: most }), undefined);
  for (const bad of [most * 1.001, Number.NaN, -Infinity]) t.regex(faults(momentum, { [n + 1]: bad }) ?? "", /^moment 1 is/);
  const factor = adamFactor(f(0.9), f(0.999)) as number;
  t.is(factor, 16);
  t.is(faults(adam, { [n]: firstMomentBound(factor, 0.25), [2 * n]: 0.25 }), undefined);
  t.regex(faults(adam, { [n]: 8.001, [2 * n]: 0.25 }) ?? "", /^first moment 0 is/);
  t.regex(faults(adam, { [n]: 1e-8 }) ?? "", /^first moment 0 is/);
  for (const bad of [-1e-9, 1.1 * 2 ** 20, Number.NaN, Infinity]) t.regex(faults(adam, { [2 * n + 4]: bad }) ?? "", /^second moment 4 is/);
});

test("a gradient as large as floats are moves a weight by no more than a clamped one", async (t) => {
  const engine = await createEngine(plan, { loss: "meanSquaredError", batchSize: 2, quanta: oneGroup(plan, -20, 2 ** 20) });
  engine.setInitial(firstWeights(plan, 3));
  // lr·2^10 is under a quantum for the smallest rates: then the clamp comes before the map's kernel.
  for (const lr of [2 ** -10, 2 ** -34]) {
    engine.setInitial(firstWeights(plan, 3));
    const { isNull } = engine.step({ x: new Float32Array(8).fill(1), y: new Float32Array(6).fill(1e15) }, 0, { lrBits: bitsOf(lr) });
    t.false(isNull);
    const moved = engine.residual(0)[0] as number;
    t.true(Math.abs(moved) <= lr * 1024, `${moved}`);
  }
});
