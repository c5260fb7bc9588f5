/** What an optimizer is told; engine/update.ts does it. */
/** Every number is a binary32. */
export interface Optimizer {
  readonly kind: "sgd" | "momentum" | "adam";
  /** momentum: the part of the moment that stays; adam: of the first */
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** adam: the part of the second moment that stays */
  readonly beta2?: number;
  readonly epsilon?: number;
  /** of the kernels, times the learning rate, at every step; decoupled from the gradient */
  readonly weightDecay?: number;
  /** largest length of the whole gradient; 0 for any */
  readonly clipNorm?: number;
}

export const SGD: Optimizer = { kind: "sgd" };

/** Vectors of n that stand behind a residual: the moment, or the first and the second. */
export const momentsOf = (o: Optimizer): number => (o.kind === "sgd" ? 0 : o.kind === "momentum" ? 1 : 2);
