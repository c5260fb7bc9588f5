/** What the daemon and its compute thread say to each other. The order of both directions is the order of application. */
import { type Slot, type Task } from "#proto/gen/pouw.js";
import { type Fault, type Fork } from "./faults.js";

export interface ComputeSetup {
  readonly chainId: string;
  readonly task: Task;
  readonly maxParameters: number;
  /** own slots, ascending */
  readonly slots: readonly number[];
  /** training batches by number, and their hashes */
  readonly batches: readonly { readonly x: Float32Array; readonly y: Int32Array | Float32Array; readonly hash: Uint8Array }[];
  /** the package that computes the tolerant profile, where it is not the usual one */
  readonly tensorFlow?: string | undefined;
  readonly fault?: Fault | undefined;
}

export interface Raw {
  readonly header: Uint8Array;
  readonly map: Uint8Array;
}

export type ToCompute =
  | { readonly kind: "restore"; readonly message: Raw; readonly residual?: Uint8Array | undefined }
  /** comes before the restores: the residual after this seq will come with its message */
  | { readonly kind: "keptResidual"; readonly slot: number; readonly seq: bigint }
  | { readonly kind: "restored" }
  | { readonly kind: "apply"; readonly message: Raw }
  | { readonly kind: "view"; readonly height: bigint; readonly lowestRound: bigint; readonly slots: readonly Slot[] }
  /** own slot may not iterate at or below this seq: another process of ours signed it, and its message is not here yet */
  | { readonly kind: "behind"; readonly slot: number; readonly seq: bigint }
  | { readonly kind: "rerun"; readonly id: number; readonly slot: number; readonly seq: bigint; readonly residualSeq: bigint; readonly residual: Uint8Array }
  | { readonly kind: "stop" };

export type FromCompute =
  | { readonly kind: "ready"; readonly parameters: number; readonly clock: readonly bigint[] }
  /** the residual is that of an own message whose header names it */
  | { readonly kind: "applied"; readonly slot: number; readonly seq: bigint; readonly residual?: Uint8Array | undefined }
  | {
      readonly kind: "iterated";
      readonly slot: number;
      readonly seq: bigint;
      readonly header: Uint8Array;
      readonly map: Uint8Array;
      /** of a hashed residual, or of one that is kept because much work went into it */
      readonly residual?: Uint8Array | undefined;
      /** what the planted fault signs besides */
      readonly second?: Fork | undefined;
    }
  | { readonly kind: "reran"; readonly id: number; readonly agrees: boolean; readonly residual: Uint8Array }
  | { readonly kind: "idle"; readonly why: string }
  | { readonly kind: "failed"; readonly error: string };
