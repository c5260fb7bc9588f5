/**
 * What the checks cost whose gas is fixed, in microseconds of this machine, beside what their gas stands for: 150 gas a
 * microsecond (a block's 300 million are two seconds). Each is run once and its answer asserted before it is timed.
 */
import assert from "node:assert/strict";
import { nodeCrypto } from "#platform/crypto.js";
import { GAS_PER_PROOF, possessionMessage, verifyPossession } from "#modules/beacon/index.js";
import { topologyGas } from "#modules/tasks/index.js";
import { parseTopology } from "#engine/topology/index.js";
import { beaconSignerOf, possessionProof } from "#test/chain/keys.js";
import { quick, report, round } from "./measure.js";

const GAS_PER_MICROSECOND = 150;
const ROUNDS = quick ? 1 : 50;

function cost(figure: string, gas: bigint, run: () => void): void {
  run();
  const start = performance.now();
  for (let i = 0; i < ROUNDS; i++) run();
  const us = ((performance.now() - start) * 1000) / ROUNDS;
  const paid = Number(gas) / GAS_PER_MICROSECOND;
  report({ bench: "gas-costs", figure, value: round(us), unit: "µs", note: `${gas} gas stand for ${round(paid)} µs: ${round(us / paid, 2)} of it` });
}

const [one, other] = [beaconSignerOf(nodeCrypto, "one"), beaconSignerOf(nodeCrypto, "other")];
const proof = possessionProof(nodeCrypto, one);
assert(verifyPossession(nodeCrypto, one.key, proof));
assert(!verifyPossession(nodeCrypto, other.key, proof));
assert.equal(possessionMessage(nodeCrypto, one.key).length, 32);
cost("a beacon key and its proof", GAS_PER_PROOF, () => verifyPossession(nodeCrypto, one.key, proof));
cost("a proof of another key", GAS_PER_PROOF, () => verifyPossession(nodeCrypto, other.key, proof));

const dense = (n: number): string => JSON.stringify({ class_name: "Sequential", config: { layers: Array.from({ length: n }, (_, i) => ({ class_name: "Dense", config: { units: 10, activation: i === n - 1 ? "softmax" : "relu", ...(i ? {} : { batch_input_shape: [null, 8] }) } })) } });
/** A chain of layers in reverse order, and one layer that reads all of them many times. */
function graph(length: number, inputs: number): string {
  const many: unknown[] = Array.from({ length: inputs }, () => ["i", 0, 0]);
  many.push(["l0", 0, 0]);
  const layers: unknown[] = [{ class_name: "Add", config: { name: "o2" }, inbound_nodes: [many] }];
  for (let i = 0; i < length; i++) layers.push({ class_name: "Dropout", config: { name: `l${i}`, rate: 0.5 }, inbound_nodes: [[[i === length - 1 ? "i" : `l${i + 1}`, 0, 0]]] });
  layers.push({ class_name: "InputLayer", config: { name: "i", batch_input_shape: [null, 64] }, inbound_nodes: [] });
  layers.push({ class_name: "Dense", config: { name: "d", units: 10, activation: "softmax" }, inbound_nodes: [[["o2", 0, 0]]] });
  return JSON.stringify({ class_name: "Functional", config: { layers, input_layers: [["i", 0, 0]], output_layers: [["d", 0, 0]] } });
}
const read = (text: string): void => {
  try {
    parseTopology(text, { maxParameters: 1 << 26 });
  } catch {
    // refused, behind its work
  }
};
for (const [what, text] of [["2 dense layers", dense(2)], ["64 dense layers", dense(64)], ["500 dense layers", dense(500)], ["a graph of 100 layers and 1,000 inputs", graph(100, 1_000)], ["a graph of 505 layers and 21,000 inputs", graph(505, 21_000)], ["200,000 brackets", "[".repeat(200_000)]] as const) {
  cost(`${what} (${text.length} bytes)`, topologyGas(text), () => read(text));
}
