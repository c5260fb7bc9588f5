/** The layers of a file and what each of them reads: Sequential and Functional models, in the dialects of tfjs, Keras 2 and Keras 3. */
import { TopologyError } from "./error.js";
import { type Json, type JsonObject, isObject, show } from "./json.js";

export interface FileLayer {
  readonly className: string;
  readonly config: JsonObject;
  readonly name: string;
  /** names of the layers it reads; undefined for the one before it */
  readonly inputs: readonly string[] | undefined;
  /** arguments of its call beside the inputs */
  readonly call: JsonObject;
}

const NAME = /^[A-Za-z0-9_.:\-/ ]{1,64}$/;
const MAX_LAYERS = 512;
/** Arguments of a call that name another input. */
const INPUT_ARGUMENTS = ["query", "value", "key"];

/** In an order in which every layer stands behind those it reads, the output last. */
export function readGraph(root: Json): FileLayer[] {
  let model = root;
  for (const key of ["modelTopology", "model_config"]) {
    if (isObject(model) && model["class_name"] === undefined && model[key] !== undefined) model = model[key] as Json;
  }
  if (!isObject(model)) throw new TopologyError(`topology is ${show(model)}, want {"class_name": "Sequential", …}`);
  const className = model["class_name"];
  if (className !== "Sequential" && className !== "Functional" && className !== "Model") {
    throw new TopologyError(`model type ${show(className)} is not supported, want "Sequential" or "Functional"`);
  }
  const config = model["config"];
  const list = isObject(config) ? config["layers"] : config;
  if (!Array.isArray(list)) throw new TopologyError(`config.layers is ${show(list)}, want a list of layers`);
  if (list.length > MAX_LAYERS) throw new TopologyError(`${list.length} layers, want at most ${MAX_LAYERS}`);
  if (list.length === 0) throw new TopologyError("no layers, want at least one that has parameters");
  const sequential = className === "Sequential";
  const layers = list.map((value, i) => fileLayer(value, i, sequential));
  const names = new Set<string>();
  for (const { name } of layers) {
    if (names.has(name)) throw new TopologyError("two layers have this name, give each its own", name);
    names.add(name);
  }
  return sequential ? layers : ordered(layers, config as JsonObject);
}

function fileLayer(value: Json, index: number, sequential: boolean): FileLayer {
  if (!isObject(value)) throw new TopologyError(`layer ${index} is ${show(value)}, want {"class_name": …, "config": …}`);
  const className = value["class_name"];
  const config = value["config"] ?? {};
  if (typeof className !== "string") throw new TopologyError(`layer ${index} has class_name ${show(className)}, want text`);
  if (!isObject(config)) throw new TopologyError(`layer ${index} has config ${show(config)}, want an object`);
  const name = config["name"] ?? value["name"] ?? `${className.slice(0, 40).toLowerCase()}_${index}`;
  if (typeof name !== "string" || !NAME.test(name)) throw new TopologyError(`layer ${index} is named ${show(name)}, want 1 to 64 letters, digits or _ . : - /`);
  const nodes = value["inbound_nodes"];
  const calls = Array.isArray(nodes) ? nodes : [];
  if (!sequential) return { className, config, name, ...callOf(calls, className, name) };
  if (calls.length > 0) throw new TopologyError("has inbound_nodes, a Sequential model has none", name);
  return { className, config, name, inputs: undefined, call: {} };
}

function callOf(calls: readonly Json[], className: string, name: string): Pick<FileLayer, "inputs" | "call"> {
  if (className === "InputLayer") {
    if (calls.length > 0) throw new TopologyError("is an input and reads another layer", name);
    return { inputs: [], call: {} };
  }
  const [only] = calls;
  if (only === undefined) throw new TopologyError("reads no other layer, give it inbound_nodes", name);
  if (calls.length > 1) throw new TopologyError("is used in several places, want one: layers that share parameters are not supported", name);
  const inputs: string[] = [];
  const call: JsonObject = {};
  const take = (argument: string, value: Json): void => {
    const read = INPUT_ARGUMENTS.includes(argument) ? reference(value, name) : undefined;
    if (read === undefined) call[argument] = value;
    else inputs.push(read);
  };
  if (isObject(only)) {
    // Keras 3: {args, kwargs}, where args holds tensors or lists of them.
    for (const value of Array.isArray(only["args"]) ? only["args"].flat() : []) inputs.push(wanted(value, name));
    if (isObject(only["kwargs"])) for (const [argument, value] of Object.entries(only["kwargs"])) take(argument, value);
  } else {
    if (!Array.isArray(only)) throw new TopologyError(`inbound_nodes is ${show(calls as Json[])}, want [[[layer, 0, 0, {}], …]]`, name);
    for (const value of typeof only[0] === "string" ? [only as Json] : only) {
      inputs.push(wanted(value, name));
      const more = Array.isArray(value) ? value[3] : undefined;
      if (isObject(more)) for (const [argument, given] of Object.entries(more)) take(argument, given);
    }
  }
  if (className === "MultiHeadAttention") {
    if (inputs.some((i) => i !== inputs[0])) throw new TopologyError(`attends from "${inputs[0]}" to "${inputs.find((i) => i !== inputs[0])}", want one layer: only self-attention is supported`, name);
    inputs.splice(1);
  }
  return { inputs, call };
}

function wanted(value: Json, name: string): string {
  const layer = reference(value, name);
  if (layer === undefined) throw new TopologyError(`reads ${show(value)}, want [layer, 0, 0, {}]`, name);
  return layer;
}

/** The layer that a tensor comes from, or undefined for what is no tensor. */
function reference(value: Json, name: string): string | undefined {
  const history = isObject(value) && isObject(value["config"]) ? value["config"]["keras_history"] : value;
  if (!Array.isArray(history) || typeof history[0] !== "string") return undefined;
  if ((history[1] ?? 0) !== 0 || (history[2] ?? 0) !== 0) throw new TopologyError(`reads ${show(history)}, want the first output of its first use`, name);
  return history[0];
}

function ordered(layers: readonly FileLayer[], config: JsonObject): FileLayer[] {
  const byName = new Map(layers.map((l) => [l.name, l]));
  const input = endOf(config["input_layers"], "input");
  const output = endOf(config["output_layers"], "output");
  for (const l of layers) {
    for (const i of l.inputs ?? []) if (!byName.has(i)) throw new TopologyError(`reads the layer "${i.slice(0, 40)}", which is not there`, l.name);
    if (l.className === "InputLayer" && l.name !== input) throw new TopologyError("is a second input, want one", l.name);
  }
  if (byName.get(input)?.className !== "InputLayer") throw new TopologyError(`input_layers names "${input.slice(0, 40)}", want an InputLayer`);
  if (!byName.has(output)) throw new TopologyError(`output_layers names "${output.slice(0, 40)}", which is not there`);

  // As they stand in the file, each as soon as all that it reads is there.
  const done: FileLayer[] = [];
  const ready = new Set<string>();
  let waiting = layers.filter((l) => l.name !== output);
  while (waiting.length > 0) {
    const next = waiting.filter((l) => {
      const fits = (l.inputs ?? []).every((i) => ready.has(i));
      if (fits) {
        ready.add(l.name);
        done.push(l);
      }
      return !fits;
    });
    if (next.length === waiting.length) throw new TopologyError("reads its own output, through the layers between: cycles are not trained", onCycle(next, byName).name);
    waiting = next;
  }
  const last = byName.get(output) as FileLayer;
  if ((last.inputs ?? []).some((i) => i === output)) throw new TopologyError("reads its own output: cycles are not trained", output);
  done.push(last);
  const used = new Set([output]);
  for (const l of [...done].reverse()) if (used.has(l.name)) for (const i of l.inputs ?? []) used.add(i);
  for (const l of layers) if (!used.has(l.name)) throw new TopologyError("does not lead to the output, leave it out", l.name);
  return done;
}

/** Of layers that all wait for one another, one that waits for itself. */
function onCycle(waiting: readonly FileLayer[], byName: ReadonlyMap<string, FileLayer>): FileLayer {
  const names = new Set(waiting.map((l) => l.name));
  const seen = new Set<string>();
  let at = waiting[0] as FileLayer;
  for (;;) {
    if (seen.has(at.name)) return at;
    seen.add(at.name);
    const back = (at.inputs ?? []).find((i) => names.has(i));
    // It waits for the output, which waits for it.
    if (back === undefined) return at;
    at = byName.get(back) as FileLayer;
  }
}

/** `[[name, 0, 0]]`, and in Keras 3 `[name, 0, 0]` when there is one. */
function endOf(value: Json | undefined, which: string): string {
  const list = Array.isArray(value) ? (typeof value[0] === "string" ? [value] : value) : [];
  const [first] = list;
  const name = Array.isArray(first) ? first[0] : undefined;
  if (list.length !== 1 || typeof name !== "string") throw new TopologyError(`${which}_layers is ${show(value ?? null)}, want one layer: models with several ${which}s are not trained`);
  return name;
}
