/**
 * The rules that every iteration message is held to: by supervisors before they log it, by miners before they apply it
 * (both through intake.ts), and by verifiers before they re-run it.
 *
 * Not among them: model_digest, loss, accuracy and overdrive, which only a re-run can tell. An honest miner that saw the
 * other side of a peer's fork has another model digest, and must be logged all the same.
 */
import { equalBytes } from "#kernel/bytes.js";
import type { Crypto } from "#kernel/crypto.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { chainDigest } from "../state/digest.js";
import { NOT_FINITE } from "../floats.js";
import { ZERO_DIGEST } from "../hash.js";
import { decodeHeader, HEADER_VERSION, headerHash, verifyHead } from "./header.js";
import { decreaseFault, lagFault, type Closures } from "./lag.js";
import { checkMap, isEmptyMap, mapHash } from "../state/map.js";
import type { Group } from "#engine/quanta.js";
import type { BatchOrder } from "../draws/order.js";
import { positionOf, residualInterval, roundOf, slotPositions } from "./positions.js";

/** Names of the rules; verify.ts gives each its number. */
export type Rule =
  | "header"
  | "signature"
  | "sequence"
  | "prev"
  | "round"
  | "height"
  | "clock"
  | "lag"
  | "run_ahead"
  | "batch_hash"
  | "map"
  | "chain_digest"
  | "log_root"
  | "residual_hash"
  | "null"
  | "closed";

export interface Violation {
  code: Rule;
  /** One line: slot, seq, what was got and what was wanted. */
  text: string;
}

export interface CheckContext {
  crypto: Pick<Crypto, "sha256" | "verifyEd25519">;
  chainId: string;
  taskId: bigint;
  /** With every default filled in. */
  spec: TaskSpec;
  /** n. */
  parameters: number;
  /** The spec's quanta, laid out over the model's tensors. */
  groups: readonly Group[];
  /** x: the block that began Training. */
  startHeight: bigint;
  order: BatchOrder;
  /** Of a batch number, from the manifest. */
  batchHash(batch: number): Uint8Array;
  /** The slot's ed25519 session key. */
  sessionKey(slot: number): Uint8Array;
  closures: Closures;
  /** A(height): the lowest anchored round of the open slots, −1 before any anchor; undefined when no longer known. */
  lowestAnchoredRound(height: bigint): bigint | undefined;
}

/** Where a slot's log ends: what the next header must continue. */
export interface SlotTip {
  seq: bigint;
  headerHash: Uint8Array;
  height: bigint;
  clock: readonly bigint[];
  chainDigest: Uint8Array;
  /** Root over header hashes 1 … seq: the next header's log_root. */
  logRoot: Uint8Array;
}

/** The tip of a slot without iterations. */
export const firstTip = (slots: number, startHeight: bigint, emptyRoot: Uint8Array): SlotTip => ({
  seq: 0n,
  headerHash: ZERO_DIGEST,
  height: startHeight,
  clock: Array.from({ length: slots }, () => 0n),
  chainDigest: ZERO_DIGEST,
  logRoot: emptyRoot,
});

export interface CheckedIteration {
  header: Header;
  headerHash: Uint8Array;
  map: Uint8Array;
  signature: Uint8Array;
  bytes: Uint8Array;
}

type Result = { ok: CheckedIteration; violation?: undefined } | { ok?: undefined; violation: Violation };

/**
 * The checks that need no state of the slot: form, signature, map, round, batch, lag, run_ahead. What fails these can be
 * dropped before its turn in causal order. `signature: false` leaves the signature to another thread.
 */
export function checkForm(ctx: CheckContext, message: Iteration, options: { signature?: boolean } = {}): Result {
  let header: Header;
  try {
    header = decodeHeader(message.header);
  } catch (error) {
    return { violation: { code: "header", text: `header: ${(error as Error).message}` } };
  }
  const hash = headerHash(ctx.crypto, message.header);
  const violation = checkDecoded(ctx, header, hash, message, options);
  return violation ? { violation } : { ok: { header, headerHash: hash, map: message.map, signature: message.signature, bytes: message.header } };
}

/** The same of a header that was decoded, by decodeHeader, and hashed before. `mapHash: false` where the map's hash was compared. */
export function checkDecoded(ctx: CheckContext, header: Header, hash: Uint8Array, message: Pick<Iteration, "map" | "signature">, options: { signature?: boolean; mapHash?: boolean } = {}): Violation | undefined {
  const violation = formFault(ctx, header, message, hash, options);
  return violation && named(header, violation);
}

/** The checks against the slot's own log: sequence, prev, height, clock, chain_digest, log_root. */
export function checkSuccession(ctx: CheckContext, header: Header, tip: SlotTip): Violation | undefined {
  const violation = successionFault(ctx, header, tip);
  return violation && named(header, violation);
}

/** All checks of one message in its turn. */
export function checkIteration(ctx: CheckContext, message: Iteration, tip: SlotTip): Result {
  const form = checkForm(ctx, message);
  if (!form.ok) return form;
  const violation = checkSuccession(ctx, form.ok.header, tip);
  return violation ? { violation } : form;
}

/** The tip after an iteration that was checked; `logRoot` is the root with its header hash appended. */
export const tipAfter = (it: Pick<CheckedIteration, "header" | "headerHash">, logRoot: Uint8Array): SlotTip => ({
  seq: it.header.seq,
  headerHash: it.headerHash,
  height: it.header.height,
  clock: it.header.clock,
  chainDigest: it.header.chainDigest,
  logRoot,
});

const named = (h: Header, v: Violation): Violation => ({ code: v.code, text: `slot ${h.slot}, seq ${h.seq}: ${v.text}` });
const fault = (code: Rule, text: string): Violation => ({ code, text });

function formFault(ctx: CheckContext, h: Header, message: Pick<Iteration, "map" | "signature">, hash: Uint8Array, options: { signature?: boolean; mapHash?: boolean }): Violation | undefined {
  const { spec } = ctx;
  if (h.version !== HEADER_VERSION) return fault("header", `version ${h.version}, want ${HEADER_VERSION}`);
  if (h.chainId !== ctx.chainId) return fault("header", `chain ${JSON.stringify(h.chainId.slice(0, 60))}, want ${ctx.chainId}`);
  if (h.taskId !== ctx.taskId) return fault("header", `task ${h.taskId}, want ${ctx.taskId}`);
  if (h.slot >= spec.slots) return fault("header", `the task has ${spec.slots} slots`);
  for (const field of ["prev", "batchHash", "mapHash", "chainDigest", "modelDigest", "logRoot"] as const) {
    if (h[field].length !== 32) return fault("header", `${field} has ${h[field].length} bytes, want 32`);
  }
  const positions = slotPositions(spec, h.slot);
  if (h.seq < 1n || h.seq > positions) return fault("sequence", `want 1 to ${positions}, the slot's positions`);
  if ((options.signature ?? true) && !verifyHead(ctx.crypto, ctx.sessionKey(h.slot), { ...ctx, slot: h.slot, seq: h.seq, headerHash: hash }, message.signature)) {
    return fault("signature", "the signature is not of the slot's session key over this header");
  }
  for (const c of ctx.closures.all()) {
    if (c.slot === h.slot && c.status === "fault" && h.seq > c.closedSeq) return fault("closed", `the slot was closed for a fault; what lies above ${c.closedSeq} is dropped`);
  }
  if (h.round !== roundOf(h.seq)) return fault("round", `round ${h.round}, want ${roundOf(h.seq)}: a slot works its rounds in order`);
  if (h.height < ctx.startHeight) return fault("height", `height ${h.height}, want at least ${ctx.startHeight}, where Training began`);
  return clockFault(ctx, h) ?? contentFault(ctx, h, message.map, options.mapHash ?? true);
}

function clockFault(ctx: CheckContext, h: Header): Violation | undefined {
  const { spec, closures } = ctx;
  if (h.clock.length !== spec.slots) return fault("clock", `${h.clock.length} entries, want ${spec.slots}`);
  for (let slot = 0; slot < spec.slots; slot++) {
    const exist = slotPositions(spec, slot);
    if ((h.clock[slot] as bigint) > exist) return fault("clock", `entry ${h.clock[slot]} of slot ${slot}, which has ${exist} positions`);
  }
  if (h.clock[h.slot] !== h.seq - 1n) return fault("clock", `own entry ${h.clock[h.slot]}, want ${h.seq - 1n}`);
  const lags = lagFault(spec, closures, h.round, h.height, h.clock);
  if (lags) return fault("lag", `entry ${lags.got} of slot ${lags.slot}, want at least ${lags.want} in round ${h.round} at lag ${spec.lag}`);
  const lowest = ctx.lowestAnchoredRound(h.height);
  if (lowest !== undefined && h.round > lowest + spec.runAhead) {
    return fault("run_ahead", `round ${h.round}, want at most ${lowest + spec.runAhead}: ${spec.runAhead} beyond the lowest anchored round at height ${h.height}`);
  }
  return undefined;
}

function contentFault(ctx: CheckContext, h: Header, map: Uint8Array, hashMap: boolean): Violation | undefined {
  const { spec } = ctx;
  const batch = ctx.order.batchOf(positionOf(spec, h.slot, h.seq));
  if (!equalBytes(h.batchHash, ctx.batchHash(batch))) return fault("batch_hash", `is not the hash of batch ${batch}, whose turn it is`);
  if (hashMap && !equalBytes(h.mapHash, mapHash(ctx.crypto, map))) return fault("map", "map_hash is not the hash of the map that came with it");
  try {
    checkMap(ctx.groups, map);
  } catch (error) {
    return fault("map", (error as Error).message);
  }
  const due = h.seq % residualInterval(ctx.parameters, spec.profile) === 0n;
  if (h.residualHash.length !== (due ? 32 : 0)) return fault("residual_hash", `has ${h.residualHash.length} bytes, want ${due ? 32 : 0}`);
  if (h.null && !isEmptyMap(ctx.groups, map)) return fault("null", "a null iteration with a map that is not empty");
  if (!h.null && h.loss === NOT_FINITE) return fault("null", "loss is not finite, yet the iteration is not null");
  if (h.null && h.loss !== NOT_FINITE) return fault("null", `a null iteration with loss ${h.loss}, want ${NOT_FINITE}`);
  if (h.accuracy > 1_000_000) return fault("header", `accuracy ${h.accuracy}, want at most 1000000`);
  if (h.overdrive > ctx.parameters) return fault("header", `overdrive ${h.overdrive} of ${ctx.parameters} parameters`);
  return undefined;
}

function successionFault(ctx: CheckContext, h: Header, tip: SlotTip): Violation | undefined {
  if (h.seq !== tip.seq + 1n) return fault("sequence", `want ${tip.seq + 1n}, the next one`);
  if (!equalBytes(h.prev, tip.headerHash)) return fault("prev", "prev is not the hash of the slot's previous header");
  if (h.height < tip.height) return fault("height", `height ${h.height} after ${tip.height}: it never decreases`);
  const less = decreaseFault(ctx.closures, h.height, tip.clock, h.clock);
  if (less) return fault("clock", `entry ${less.got} of slot ${less.slot}, want at least ${less.want}: a clock never decreases`);
  if (!equalBytes(h.chainDigest, chainDigest(ctx.crypto, tip.chainDigest, h.mapHash))) return fault("chain_digest", "is not that of the slot's maps");
  if (!equalBytes(h.logRoot, tip.logRoot)) return fault("log_root", `is not the root over headers 1 to ${tip.seq}`);
  return undefined;
}

/** Two signed heads of one slot with one seq and different hashes, both signatures good: equivocation. */
export function isEquivocation(ctx: Pick<CheckContext, "crypto" | "chainId" | "taskId">, sessionKey: Uint8Array, slot: number, a: { seq: bigint; hash: Uint8Array; signature: Uint8Array }, b: { seq: bigint; hash: Uint8Array; signature: Uint8Array }): boolean {
  if (a.seq !== b.seq || equalBytes(a.hash, b.hash)) return false;
  return [a, b].every((h) => verifyHead(ctx.crypto, sessionKey, { chainId: ctx.chainId, taskId: ctx.taskId, slot, seq: h.seq, headerHash: h.hash }, h.signature));
}
