/** What the daemon and its compute thread say to each other. The order of both directions is the order of application. */
import { type StartedTask } from "#protocol/tasks/task-view.js";
import type { Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import type { SeenRound } from "#protocol/log/rounds.js";
import { type LentMap } from "./maps.js";

export interface ComputeSetup {
  readonly chainId: string;
  readonly task: StartedTask;
  readonly maxParameters: number;
  /** own slots, ascending */
  readonly slots: readonly number[];
  /** training batches by number, and their hashes */
  readonly batches: readonly { readonly x: Float32Array; readonly y: Int32Array | Float32Array; readonly hash: Uint8Array }[];
  /** the package that computes the tolerant profile, where it is not the usual one */
  readonly tensorFlow?: string | undefined;
}

export interface Raw {
  readonly header: Uint8Array;
  readonly map: Uint8Array;
}

/** A peer's message that was checked, as far as the compute thread has use for it. */
export interface PeerMap {
  readonly slot: number;
  readonly seq: bigint;
  readonly headerHash: Uint8Array;
  readonly mapHash: Uint8Array;
  readonly map: Uint8Array;
}

const HASH = 32;
const MAP_AT = 4 + 8 + 2 * HASH;

/**
 * In one buffer of its own, to be transferred. PERF: an array within another buffer would be sent with all of that buffer,
 * and what comes out of protobuf lies in a pool of 8 KiB; the header would be decoded a second time (bench/protocol-overhead.ts).
 */
export function packPeer({ slot, seq, headerHash, mapHash, map }: PeerMap): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(MAP_AT + map.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, slot);
  view.setBigUint64(4, seq);
  out.set(headerHash, 12);
  out.set(mapHash, 12 + HASH);
  out.set(map, MAP_AT);
  return out;
}

/** Views of the bytes, but for the map, which is kept. */
export function unpackPeer(bytes: Uint8Array): PeerMap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { slot: view.getUint32(0), seq: view.getBigUint64(4), headerHash: bytes.subarray(12, 12 + HASH), mapHash: bytes.subarray(12 + HASH, MAP_AT), map: bytes.slice(MAP_AT) };
}

export interface Applied {
  readonly slot: number;
  readonly seq: bigint;
  /** of an own message whose header names it */
  readonly residual?: Uint8Array | undefined;
}

/** The most messages whose maps are asked for at once. */
export const LENT_AT_ONCE = 256n;

/** Where an earlier run stood: see Compute.snapshot, and of every slot what the log says of its message there. */
export interface ComputeStart {
  readonly slots: readonly { readonly seq: bigint; readonly chainDigest: Uint8Array; readonly header?: Uint8Array | undefined; readonly frontier?: Uint8Array | undefined }[];
  readonly K: Uint8Array;
  readonly residuals: readonly { readonly slot: number; readonly residual: Uint8Array }[];
}

export type ToCompute =
  /** comes before all restores, if it comes */
  | { readonly kind: "start"; readonly from: ComputeStart }
  /** an answer to "needs": from `first` on, as many as the log has and one answer holds */
  | { readonly kind: "maps"; readonly slot: number; readonly first: bigint; readonly maps: readonly LentMap[] }
  | { readonly kind: "restore"; readonly message: Raw; readonly residual?: Uint8Array | undefined }
  /** comes before the restores: the residual after this seq will come with its message */
  | { readonly kind: "keptResidual"; readonly slot: number; readonly seq: bigint }
  | { readonly kind: "restored" }
  /** an own message that another run of ours signed */
  | { readonly kind: "apply"; readonly message: Raw }
  /** a peer's: packPeer's bytes */
  | Uint8Array
  | { readonly kind: "view"; readonly height: bigint; readonly named: SeenRound | undefined; readonly slots: readonly Slot[] }
  /** own slot may not iterate at or below this seq: another process of ours signed it, and its message is not here yet */
  | { readonly kind: "behind"; readonly slot: number; readonly seq: bigint }
  /** own messages that follow each other, from the residual before the first of them; none: from the start */
  | { readonly kind: "rerun"; readonly id: number; readonly messages: readonly Raw[]; readonly residual?: Uint8Array | undefined }
  | { readonly kind: "stop" };

export type FromCompute =
  | { readonly kind: "ready"; readonly parameters: number; readonly clock: readonly bigint[] }
  | { readonly kind: "applied"; readonly messages: readonly Applied[] }
  | {
      readonly kind: "iterated";
      readonly slot: number;
      readonly seq: bigint;
      readonly header: Uint8Array;
      /** of the header */
      readonly hash: Uint8Array;
      readonly map: Uint8Array;
      /** of a hashed residual, or of one that is kept because much work went into it */
      readonly residual?: Uint8Array | undefined;
    }
  | { readonly kind: "reran"; readonly id: number; readonly agrees: boolean; readonly residual: Uint8Array }
  /** so many restores were taken since this was last said */
  | { readonly kind: "restoring"; readonly count: number }
  /** maps that are not in memory: nothing goes on until they come */
  | { readonly kind: "needs"; readonly slot: number; readonly first: bigint; readonly last: bigint }
  | { readonly kind: "snapshot"; readonly clock: readonly bigint[]; readonly K: Uint8Array; readonly residuals: readonly { readonly slot: number; readonly residual: Uint8Array }[] }
  | { readonly kind: "idle"; readonly why: string }
  | { readonly kind: "failed"; readonly error: string };

/** The compute thread as the daemon sees it. */
export interface ComputeThread {
  post(m: ToCompute): void;
  close(): Promise<void>;
}
