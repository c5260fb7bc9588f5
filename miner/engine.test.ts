import "#platform/install.js";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { type TensorFlow } from "#engine/tolerant/index.js";
import { namespaceOf } from "#engine/tolerant/tensorflow.js";
import { denseTopology, planOf } from "#engine/testing/models.js";
import { Loss, TaskSpec } from "#proto/gen/pouw.js";
import { engineFor, profilesHere } from "./engine.js";

const topology = denseTopology(4, { units: 3, activation: "softmax" });
const spec = (profile: string): TaskSpec => TaskSpec.create({ topology, profile, loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY, batchSize: 2 });
const none = async (): Promise<undefined> => undefined;
const plain = async (): Promise<TensorFlow> => tf;

test("a miner without TensorFlow registers for the exact profile alone, and says what the tolerant one needs", async (t) => {
  t.deepEqual(await profilesHere(none), ["wasm-f32-1"]);
  t.is((await engineFor(spec("wasm-f32-1"), planOf(topology), none)).profile, "wasm-f32-1");
  await t.throwsAsync(engineFor(spec("tf-f32"), planOf(topology), none), { message: /tf-f32 is not available: install @tensorflow\/tfjs-node/ });
});

test("with TensorFlow it registers for both", async (t) => {
  t.deepEqual(await profilesHere(plain), ["wasm-f32-1", "tf-f32"]);
  t.is((await engineFor(spec("tf-f32"), planOf(topology), plain)).profile, "tf-f32");
  t.is((await engineFor(spec("wasm-f32-1"), planOf(topology), plain)).profile, "wasm-f32-1");
});

test("a package that is missing, or whose native library is, is no TensorFlow", async (t) => {
  t.is(await namespaceOf(async () => Promise.reject(new Error("Cannot find package"))), undefined);
  t.is(await namespaceOf(async () => ({ default: {} })), undefined);
  t.is(await namespaceOf(async () => ({ default: tf })), tf, "a CommonJS module");
  t.is(await namespaceOf(async () => tf), tf);
});
