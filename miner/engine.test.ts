import "#platform/install.js";
import test from "ava";
import { oneGroup } from "#engine/quanta.js";
import { namespaceOf } from "#engine/tolerant/tensorflow.js";
import { denseTopology, planOf } from "#engine/testing/models.js";
import { Loss, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { engineFor, profilesHere } from "./engine.js";

const topology = denseTopology(4, { units: 3, activation: "softmax" });
const spec = (profile: string): TaskSpec => TaskSpec.create({ topology, profile, quanta: oneGroup(planOf(topology), -7), loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY, batchSize: 2 });
const NONE = "@tensorflow/no-such-package";
const PLAIN = "@tensorflow/tfjs";

test("a miner without TensorFlow registers for the exact profile alone, and says what the tolerant one needs", async (t) => {
  t.deepEqual(await profilesHere(NONE), ["wasm-f32-1"]);
  t.is((await engineFor(spec("wasm-f32-1"), planOf(topology), NONE)).profile, "wasm-f32-1");
  await t.throwsAsync(engineFor(spec("tf-f32"), planOf(topology), NONE), { message: /tf-f32 is not available, @tensorflow\/no-such-package or its native library is missing: npm install/ });
});

test("with TensorFlow it registers for both", async (t) => {
  t.deepEqual(await profilesHere(PLAIN), ["wasm-f32-1", "tf-f32"]);
  t.is((await engineFor(spec("tf-f32"), planOf(topology), PLAIN)).profile, "tf-f32");
  t.is((await engineFor(spec("wasm-f32-1"), planOf(topology), PLAIN)).profile, "wasm-f32-1");
});

test("a package that does not load, or is another one, is no TensorFlow", async (t) => {
  const tf = { variableGrads: () => {} };
  t.is(await namespaceOf(async () => Promise.reject(new Error("the native library is missing"))), undefined);
  t.is(await namespaceOf(async () => ({ default: {} })), undefined);
  t.is<unknown, unknown>(await namespaceOf(async () => ({ default: tf })), tf, "a CommonJS module");
  t.is<unknown, unknown>(await namespaceOf(async () => tf), tf);
});
