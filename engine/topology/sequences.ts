/** Layers over sequences, steps × features: embeddings, recurrent layers, attention. */
import { TopologyError } from "./error.js";
import { type Json, type JsonObject, show } from "./json.js";
import { addKernel, addTensors, allowOptions, begun, type Builder, drawn, type Node, readCount, readFlag, readNumber, readOnly, rowOf, sequenceOf, sizeOf } from "./options.js";
import type { GateActivation, LayerBody, Tensor } from "./plan.js";

const RECURRENT = [
  "units", "activation", "recurrent_activation", "use_bias", "return_sequences", "return_state", "go_backwards", "stateful", "unroll", "dropout", "recurrent_dropout", "time_major", "zero_output_for_mask", "implementation", "seed",
];
/** An index is a whole number that a float32 holds. */
const MAX_VOCABULARY = 1 << 24;

export function readEmbedding(config: JsonObject, name: string, inputShape: number[], build: Builder, node: Node): LayerBody {
  allowOptions(config, name, ["input_dim", "output_dim", "input_length", "mask_zero"]);
  readOnly(config, name, { mask_zero: [false] });
  if (!node.first) throw new TopologyError("looks up what another layer computed, want the model's input", name);
  const vocabulary = readCount(config["input_dim"], "input_dim", name);
  if (vocabulary > MAX_VOCABULARY) throw new TopologyError(`input_dim is ${vocabulary}, want at most ${MAX_VOCABULARY}`, name);
  const width = readCount(config["output_dim"], "output_dim", name);
  const [table] = addTensors(build, name, "use a smaller input_dim or output_dim", [drawn("embeddings", [vocabulary, width], vocabulary, width)]);
  const length = sizeOf(inputShape);
  const outputShape = rowOf([...inputShape, width], name, "use a smaller output_dim");
  // F counts the rows looked up.
  build.macs += BigInt(length) * BigInt(width);
  build.vocabulary = Math.min(build.vocabulary ?? vocabulary, vocabulary);
  return { kind: "embedding", name, inputShape, outputShape, length, vocabulary, width, table: table as Tensor };
}

export function readPosition(config: JsonObject, name: string, inputShape: number[], build: Builder): LayerBody {
  allowOptions(config, name, ["sequence_length", "initializer"]);
  const [length, width] = sequenceOf(inputShape, name);
  const most = readCount(config["sequence_length"], "sequence_length", name);
  if (most !== length) throw new TopologyError(`sequence_length is ${most}, want the ${length} steps of its input`, name);
  const [table] = addTensors(build, name, "use shorter sequences", [drawn("position_embeddings", [length, width], length, width)]);
  return { kind: "position", name, inputShape, outputShape: inputShape, length, width, table: table as Tensor };
}

export function readRecurrent(kind: "gru" | "lstm", config: JsonObject, name: string, inputShape: number[], build: Builder): LayerBody {
  allowOptions(config, name, [...RECURRENT, kind === "gru" ? "reset_after" : "unit_forget_bias"]);
  // reset_after is another cell, which TensorFlow.js has not got.
  readOnly(config, name, { return_state: [false], go_backwards: [false], stateful: [false], time_major: [false], zero_output_for_mask: [false], dropout: [0], recurrent_dropout: [0], reset_after: [false], activation: ["tanh"] });
  const gate = readGate(config["recurrent_activation"], name);
  const [length, inputs] = sequenceOf(inputShape, name);
  const units = readCount(config["units"], "units", name);
  const sequences = readFlag(config["return_sequences"], "return_sequences", name, false);
  const useBias = readFlag(config["use_bias"], "use_bias", name, true);
  const forget = kind === "lstm" && readFlag(config["unit_forget_bias"], "unit_forget_bias", name, true);
  const gates = kind === "gru" ? 3 : 4;
  const advice = "use fewer units";
  const [kernel, recurrent, bias] = addTensors(build, name, advice, [
    drawn("kernel", [inputs, gates * units], inputs, gates * units),
    drawn("recurrent_kernel", [units, gates * units], units, gates * units),
    ...(useBias ? [begun("bias", [gates * units], forget ? "forget" : "zeros")] : []),
  ]);
  const outputShape = rowOf(sequences ? [length, units] : [units], name);
  rowOf([length, gates * units], name, "use fewer units or shorter sequences");
  build.macs += BigInt(length) * BigInt(gates * units) * BigInt(inputs + units);
  return { kind, name, inputShape, outputShape, length, inputs, units, gate, sequences, kernel: kernel as Tensor, recurrent: recurrent as Tensor, bias };
}

function readGate(value: Json | undefined, name: string): GateActivation {
  // What TensorFlow.js takes when nothing is said.
  if (value === undefined || value === null || value === "hardSigmoid" || value === "hard_sigmoid") return "hardSigmoid";
  if (value === "sigmoid") return "sigmoid";
  throw new TopologyError(`recurrent_activation is ${show(value)}, use "sigmoid" or "hardSigmoid"`, name);
}

export function readAttention(config: JsonObject, name: string, inputShape: number[], build: Builder, { call }: Node): LayerBody {
  allowOptions(config, name, ["num_heads", "key_dim", "value_dim", "dropout", "use_bias", "output_shape", "attention_axes", "query_shape", "key_shape", "value_shape", "seed", "flash_attention", "use_gate"]);
  readOnly(config, name, { dropout: [0], flash_attention: [false], use_gate: [false] });
  for (const option of ["attention_axes", "output_shape"]) if (config[option] !== undefined && config[option] !== null && !isDefault(config[option] as Json, option, inputShape)) throw new TopologyError(`${option} is ${show(config[option] as Json)}, leave it out`, name);
  for (const [argument, value] of Object.entries(call)) {
    if (argument !== "use_causal_mask" && argument !== "useCausalMask" && argument !== "training" && value !== null && value !== false) throw new TopologyError(`is called with ${argument.slice(0, 40)}, want query, value and use_causal_mask alone`, name);
  }
  const causal = readFlag(call["use_causal_mask"] ?? call["useCausalMask"], "use_causal_mask", name, false);
  const [length, width] = sequenceOf(inputShape, name);
  const heads = readCount(config["num_heads"], "num_heads", name);
  const keyWidth = readCount(config["key_dim"], "key_dim", name);
  const valueWidth = readCount(config["value_dim"] ?? keyWidth, "value_dim", name);
  const useBias = readFlag(config["use_bias"], "use_bias", name, true);
  readNumber(heads * length * length, "num_heads × steps × steps", name, 0, 1, 1 << 24);
  rowOf([length, heads * Math.max(keyWidth, valueWidth)], name, "use fewer heads or a smaller key_dim");
  const projection = (of: string, wide: number) =>
    addKernel(build, name, "use fewer heads or a smaller key_dim", drawn(`${of}/kernel`, [width, heads, wide], width, heads * wide), useBias ? begun(`${of}/bias`, [heads, wide]) : undefined);
  const [query, key, value] = [projection("query", keyWidth), projection("key", keyWidth), projection("value", valueWidth)];
  const output = addKernel(build, name, "use fewer heads", drawn("attention_output/kernel", [heads, valueWidth, width], heads * valueWidth, width), useBias ? begun("attention_output/bias", [width]) : undefined);
  const [T, D, HK, HV] = [length, width, heads * keyWidth, heads * valueWidth].map(BigInt) as [bigint, bigint, bigint, bigint];
  build.macs += T * D * (HK + HK + HV + HV) + T * T * (HK + HV);
  return { kind: "attention", name, inputShape, outputShape: inputShape, length, width, heads, keyWidth, valueWidth, causal, query, key, value, output };
}

/** As Keras writes what was not given. */
const isDefault = (value: Json, option: string, inputShape: readonly number[]): boolean =>
  option === "attention_axes" ? Array.isArray(value) && value.length === 1 && value[0] === 1 : Array.isArray(value) ? value.length === 1 && value[0] === inputShape.at(-1) : value === inputShape.at(-1);
