import test from "ava";
import * as tf from "@tensorflow/tfjs";
import { createEngine } from "#engine/index.js";
import { buildNative } from "#engine/native/build.js";
import { type Candidate, COMPLIANCE } from "#engine/testing/compliance.js";
import { LAYERS } from "#engine/testing/layers.js";
import { createTolerantEngine, tensorFlow } from "#engine/tolerant/index.js";

await tf.setBackend("cpu");
const node = await tensorFlow();

const candidates: Candidate[] = [{ name: "exact, WebAssembly", profile: "wasm-f32-1", create: (plan, _, options) => createEngine(plan, { ...options, host: "wasm" }) }];
if ("addon" in buildNative()) candidates.push({ name: "exact, native", profile: "wasm-f32-1", create: (plan, _, options) => createEngine(plan, { ...options, host: "native" }) });
candidates.push({ name: "tolerant, tfjs in plain JavaScript", profile: "tf-f32", create: (plan, topology, options) => createTolerantEngine(tf, plan, topology, options) });
if (node) candidates.push({ name: "tolerant, tfjs-node", profile: "tf-f32", create: (plan, topology, options) => createTolerantEngine(node, plan, topology, options) });

for (const candidate of candidates) {
  for (const [what, check] of Object.entries({ ...COMPLIANCE, ...LAYERS })) test(`${candidate.name}: ${what}`, (t) => check(t, candidate));
}
