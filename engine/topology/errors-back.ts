/** Where the errors stand on their way back: few buffers, each used again as soon as its layer has read it. */
import { sizeOf } from "./options.js";
import type { LayerPlan, ModelPlan } from "./plan.js";

export interface ErrorSlots {
  /** by layer: the buffer of its output's error, or -1 where nobody asks for it */
  readonly of: readonly number[];
  /** floats of a row, by buffer; the output's is the first */
  readonly sizes: readonly number[];
  /** floats of a row beside them, for a share that is added to another */
  readonly share: number;
  /** The layer that made what this one gives out: itself, or the one before layers that only reshape; -1 the input. */
  readonly root: readonly number[];
}

export function errorSlots(plan: Pick<ModelPlan, "layers">): ErrorSlots {
  const { layers } = plan;
  const root = rootsOf(layers);
  const needs = layers.map((): boolean => false);
  layers.forEach((l, i) => {
    needs[i] = l.parameters > 0 || l.from.some((f) => f >= 0 && (needs[f] as boolean));
  });
  const of = layers.map(() => -1);
  const sizes: number[] = [];
  const free: number[] = [];
  let share = 0;
  const take = (layer: number): void => {
    const slot = free.pop() ?? sizes.push(0) - 1;
    sizes[slot] = Math.max(sizes[slot] as number, sizeOf((layers[layer] as LayerPlan).outputShape));
    of[layer] = slot;
  };
  const output = root[layers.length - 1] as number;
  if (output >= 0) take(output);
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i] as LayerPlan;
    if (layer.kind === "shape" || !needs[i]) continue;
    for (const f of passesError(layer) ? layer.from : []) {
      const from = f < 0 ? -1 : (root[f] as number);
      if (from < 0 || !needs[from]) continue;
      if (of[from] === -1) take(from);
      else share = Math.max(share, sizeOf((layers[from] as LayerPlan).outputShape));
    }
    free.push(of[i] as number);
  }
  return { of, sizes, share, root };
}

/** A position's row depends on its place alone. */
export const passesError = (layer: LayerPlan): boolean => layer.kind !== "position";

function rootsOf(layers: readonly LayerPlan[]): number[] {
  const root: number[] = [];
  layers.forEach((l, i) => {
    const from = l.from[0] as number;
    root.push(l.kind === "shape" ? (from < 0 ? -1 : (root[from] as number)) : i);
  });
  return root;
}
