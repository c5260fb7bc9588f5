/** The shape of a model's input, as its first layer states it. */
import { TopologyError } from "./error.js";
import { type Json, type JsonObject, show } from "./json.js";
import { MAX_ROW } from "./options.js";

/** The first layer's input shape without the batch dimension, or undefined when it states none. */
export function readInputShape(config: JsonObject, name: string, className: string): number[] | undefined {
  const batched = config["batch_input_shape"] ?? config["batch_shape"];
  const bare = config["input_shape"];
  let dims: Json[];
  if (batched !== undefined && batched !== null) {
    if (!Array.isArray(batched) || batched[0] !== null) throw new TopologyError(`batch_input_shape is ${show(batched)}, want [null, …]: the task sets the batch size`, name);
    dims = batched.slice(1);
  } else if (Array.isArray(bare)) dims = bare;
  else if (bare !== undefined && bare !== null) throw new TopologyError(`input_shape is ${show(bare)}, want a list of sizes`, name);
  // An embedding's input_dim is how many rows it has, its input_length how many indices it reads.
  else if (className === "Embedding") {
    if (config["input_length"] === undefined || config["input_length"] === null) return undefined;
    dims = [config["input_length"]];
  } else if (config["input_dim"] !== undefined && config["input_dim"] !== null) dims = [config["input_dim"]];
  else return undefined;
  if (dims.length === 0 || dims.length > 8) throw new TopologyError(`the input has ${dims.length} dimensions, want 1 to 8`, name);
  let size = 1;
  const shape = dims.map((d) => {
    if (typeof d !== "number" || !Number.isSafeInteger(d) || d < 1) throw new TopologyError(`the input shape holds ${show(d)}, want whole numbers of 1 or more`, name);
    if (d > MAX_ROW || (size *= d) > MAX_ROW) throw new TopologyError(`an input row of ${show(dims)} is too large, want at most ${MAX_ROW} numbers`, name);
    return d;
  });
  return shape;
}
