/**
 * One iteration: what a miner does and what a verifier repeats.
 *
 * Nothing is applied here. The miner writes header and map to disk first and then adds its own map to its replica.
 */
import type { Batch, Engine } from "#engine/types.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header } from "#proto/gen/pouw/v1/iteration.js";
import { chainDigest } from "./digest.js";
import { hasAccuracy, stepOptionsOf } from "../tasks/engine-options.js";
import { f32Bytes, millionths, NOT_FINITE } from "../floats.js";
import { encodeHeader, HEADER_VERSION, headerHash } from "../log/header.js";
import { mapHash } from "./map.js";
import { residualInterval, roundOf } from "../log/positions.js";
import type { Replica } from "./replica.js";

export interface IterateInput {
  /** K must stand at the effective clock of this iteration, and know the slot's log up to seq − 1. */
  replica: Replica;
  chainId: string;
  taskId: bigint;
  /** With every default filled in. */
  spec: TaskSpec;
  slot: number;
  seq: bigint;
  height: bigint;
  /** As the header states it; a verifier's may be above the effective one. */
  clock: readonly bigint[];
  batch: Batch;
  batchHash: Uint8Array;
  /** Hash of the slot's previous header; zeros at first. */
  prev: Uint8Array;
}

export interface Iterated {
  header: Header;
  headerBytes: Uint8Array;
  headerHash: Uint8Array;
  map: Uint8Array;
  /** A copy of the residual after this iteration, where the header hashes it. */
  residual: Uint8Array | undefined;
}

/** What was computed here, and not received. */
export interface Computed extends Iterated {
  /** of the batch, before the update, as the engine has it: the header's is clamped. NaN of a null iteration. */
  loss: number;
}

export function iterate(input: IterateInput): Computed {
  const { replica, spec, slot, seq, clock } = input;
  const { engine, hash } = replica;
  const own = replica.chainDigestAt(slot, seq - 1n);
  if (!own || replica.clock[slot] !== seq - 1n) throw new RangeError(`iterate: slot ${slot}, seq ${seq}, but the replica stands at ${replica.clock[slot]}`);

  const result = engine.step(input.batch, slot, stepOptionsOf(hash, spec, engine.plan, replica.seed, slot, seq));
  const mapDigest = mapHash(hash, result.map);
  const digest = chainDigest(hash, own, mapDigest);
  const hashed = seq % residualInterval(engine.plan.parameters, spec.profile) === 0n;
  const residual = hashed ? f32Bytes(engine.residual(slot)).slice() : undefined;
  const header = Header.create({
    version: HEADER_VERSION,
    chainId: input.chainId,
    taskId: input.taskId,
    slot,
    seq,
    prev: input.prev,
    round: roundOf(seq),
    height: input.height,
    clock: [...clock],
    batchHash: input.batchHash,
    mapHash: mapDigest,
    chainDigest: digest,
    modelDigest: replica.digestAt(replica.clock, { slot, chainDigest: digest }) as Uint8Array,
    logRoot: replica.logRoot(slot, seq - 1n),
    residualHash: residual ? hash.sha256(residual) : new Uint8Array(0),
    loss: result.isNull ? NOT_FINITE : millionths(result.loss),
    accuracy: hasAccuracy(spec.loss) ? Math.floor((1_000_000 * result.correct) / spec.batchSize) : 0,
    overdrive: result.isNull ? 0 : result.overdrive,
    null: result.isNull,
  });
  const headerBytes = encodeHeader(header);
  return { header, headerBytes, headerHash: headerHash(hash, headerBytes), map: result.map, loss: result.isNull ? Number.NaN : result.loss, residual };
}

/** Sets a slot's residual: from bytes that were hashed in a header, or zeros at the start. */
export function loadResidual(engine: Engine, slot: number, bytes: Uint8Array | undefined): void {
  const residual = engine.residual(slot);
  if (!bytes) {
    residual.fill(0);
    return;
  }
  if (bytes.length !== residual.byteLength) throw new RangeError(`residual of ${bytes.length} bytes, want ${residual.byteLength}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < residual.length; i++) residual[i] = view.getFloat32(4 * i, true);
}

/** The seq of the last hashed residual before `seq`; 0 when the re-run begins at the zeros of the start. */
export function residualSeqBefore(parameters: number, profile: string, seq: bigint): bigint {
  const interval = residualInterval(parameters, profile);
  return ((seq - 1n) / interval) * interval;
}
