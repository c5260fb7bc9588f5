/** From the chain's words for a task to the task file's: its field names and, where they differ, its units. */
import { type FieldPath } from "./places.js";
import { PROPERTIES, type Raw } from "./raw.js";

const FIELDS: Record<string, FieldPath> = {
  topology: ["model"],
  batch_size: ["batch"],
  batches: ["data", "train"],
  lr_bits: ["optimizer", "sgd", "lr"],
  iteration_blocks: ["batch"],
  manifest_cid: ["data", "train"],
};

/** Where the task file says what a field of TaskSpec holds. */
export function fieldOfSpec(name: string): FieldPath {
  const known = FIELDS[name];
  if (known) return known;
  const [head, index, leaf] = name.split(".");
  if (head === "schedule") return ["optimizer", "sgd", "schedule", ...(index === undefined ? [] : [Number(index), leaf === "epoch" ? "epoch" : "lr"])];
  if (head === "quanta") return ["quanta", ...(index === undefined ? [] : [Number(index), leaf === "quantum_log2" ? "quantum" : (leaf ?? "tensors")])];
  if (head === "properties") return ["properties", ...(index === undefined ? [] : [PROPERTIES[Number(index)] ?? index])];
  if (head === "test_set") return ["data", "test"];
  return [name];
}

/** The chain's text with the task file's words. */
export function textOfSpec(name: string, text: string): string {
  if (name.endsWith("lr_bits")) return "got a value that no normal 32-bit float holds, want about 1.2e-38 to 3.4e38.";
  if (name === "batches") return `as training batches: ${text}. Take fewer rows, or a larger batch.`;
  return `${text.replaceAll("batch_size", "batch").replaceAll("levels × epochs × batches", "levels × epochs × training batches")}.`;
}

/** The layer that a fault of the topology names, and the option of it that its text begins with or quotes. */
export function fieldOfLayer(e: { readonly layer?: string; readonly message: string }, raw: Raw): FieldPath {
  if ("topology" in raw.model) return ["model", "topology"];
  const { layers } = raw.model;
  const at = layers.findIndex((sugar, i) => e.layer === nameOfLayer(sugar, i));
  const sugar = layers[at];
  if (sugar === undefined) return ["model", "layers"];
  if (typeof sugar === "string") return ["model", "layers", at];
  const [kind] = Object.keys(sugar) as [string];
  const said = e.message.slice(e.message.indexOf(": ") + 2);
  const option = /^option "?([a-z_]+)/.exec(said)?.[1] ?? /^(units|activation|use_bias)\b/.exec(said)?.[1] ?? (said.startsWith("target_shape") ? "shape" : undefined);
  return ["model", "layers", at, kind, ...(option ? [option] : [])];
}

type Sugar = Extract<Raw["model"], { layers: unknown }>["layers"][number];

/** As topologyOfSugar names a layer. */
export function nameOfLayer(sugar: Sugar, index: number): string {
  if (typeof sugar === "string") return `${sugar}_${index + 1}`;
  const [kind, options] = Object.entries(sugar)[0] as [string, { name?: string } | null];
  return options?.name ?? `${kind}_${index + 1}`;
}
