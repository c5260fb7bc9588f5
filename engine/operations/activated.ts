import { fused, isGelu } from "#engine/kernels.js";
import type { Place } from "./types.js";

/** The activation behind a layer with parameters: relu goes into its product, gelu keeps what went in. */
export function activated({ kernels, activation, output, kept }: Place, size: number) {
  const gelu = isGelu(activation);
  const linear = gelu ? (kept[0] as number) : output;
  return {
    /** where the product goes */
    linear,
    relu: fused(activation),
    /** relu is left out when the product did it */
    forward(rows: number, reluDone = true): void {
      if (activation > 0 && !(reluDone && fused(activation))) kernels.activate(activation, rows * size, linear, output, 0);
    },
    backward(rows: number, error: number): void {
      if (activation > 0) kernels.activationGradient(activation, rows * size, linear, output, error, error, 0);
    },
  };
}
