/** What a block may hold: bytes and gas, as the consensus parameters say. */
import { largestBlockData, transactionBytes, UNLIMITED, wireLength } from "#protocol/block-room.js";
import { uvarint } from "#protocol/verification/extension.js";
import type { ConsensusParams } from "#proto/gen/tendermint/types/params.js";

export interface BlockLimits {
  readonly maxBytes: bigint;
  /** sum of what a block's transactions want */
  readonly maxGas: bigint;
}

/** Of a chain without a genesis. */
export const NO_LIMITS: BlockLimits = { maxBytes: UNLIMITED, maxGas: UNLIMITED };

/** As the engine applies them from the next block on. */
export const limitsOf = ({ block }: Pick<ConsensusParams, "block">): BlockLimits => (block ? { maxBytes: block.maxBytes, maxGas: block.maxGas } : NO_LIMITS);

export const wireSize = (tx: Uint8Array): bigint => wireLength(tx.length);

export const gasLimitOf = ({ maxGas }: BlockLimits): bigint | undefined => (maxGas === UNLIMITED ? undefined : maxGas);

/** Bytes of the longest transaction that fits beside the largest transaction 0 of so many validators. */
export function largestTransaction({ maxBytes }: BlockLimits, validators: number): bigint {
  const rest = transactionBytes(maxBytes, validators) - largestBlockData(validators);
  return rest - 1n - BigInt(uvarint(Number(rest)).length);
}

/**
 * The gas limit of a transaction (TxRaw.auth_info_bytes → fee → gas_limit), without decoding the rest of it: whole blocks
 * are summed. Of bytes that are no canonical transaction it may be anything; executing them costs their decoding.
 */
export function gasWanted(tx: Uint8Array): bigint {
  const info = field(tx, 2);
  const fee = info instanceof Uint8Array ? field(info, 2) : undefined;
  const limit = fee instanceof Uint8Array ? field(fee, 2) : undefined;
  return typeof limit === "bigint" ? limit : 0n;
}

/** The first field of this number in a protobuf message: a varint, or the bytes of a delimited one. Never recurses, never throws. */
function field(bytes: Uint8Array, wanted: number): bigint | Uint8Array | undefined {
  let at = 0;
  /** of tags and lengths; what is above 2^53 is beyond any message */
  const small = (): number => {
    let v = 0;
    for (let unit = 1; unit < 2 ** 56; unit *= 128) {
      const b = bytes[at++] ?? 0;
      v += (b & 127) * unit;
      if (b < 128) break;
    }
    return v;
  };
  while (at < bytes.length) {
    const tag = small();
    const found = Math.floor(tag / 8) === wanted;
    switch (tag & 7) {
      case 0:
        if (found) return varint(bytes, at);
        small();
        break;
      case 2: {
        const length = small();
        if (found) return bytes.subarray(at, at + length);
        at += length;
        break;
      }
      default: // no field of these messages has another type
        return undefined;
    }
  }
  return undefined;
}

function varint(bytes: Uint8Array, at: number): bigint {
  let v = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const b = bytes[at++] ?? 0;
    v |= BigInt(b & 127) << shift;
    if (b < 128) break;
  }
  return v;
}

/** Room for transactions; gas is undefined where there is no limit. */
export interface Room {
  readonly bytes: bigint;
  readonly gas: bigint | undefined;
}

/** Transactions of one signer that are in the lane: what it sends beyond that is like all others'. */
export const MAX_URGENT = 8;

/** What transactions that are not in the lane may have of a block: `lane` is its share of the room of `bytes` and of the gas, parts per million. */
export function ordinaryRoom(limits: BlockLimits, bytes: bigint, lane: number): Room {
  const rest = BigInt(1_000_000 - lane);
  const gas = gasLimitOf(limits);
  return { bytes: (bytes * rest) / 1_000_000n, gas: gas === undefined ? undefined : (gas * rest) / 1_000_000n };
}

/** Whether the gas that a block's transactions want is within the limit. */
export function withinGas(txs: readonly Uint8Array[], limits: BlockLimits): boolean {
  const limit = gasLimitOf(limits);
  if (limit === undefined) return true;
  let sum = 0n;
  for (const tx of txs) sum += gasWanted(tx);
  return sum <= limit;
}

/** Gas that a block's transactions used so far. After the limit none runs; an honest block never comes there. */
export class BlockGas {
  #used = 0n;
  /** of those that are not in the lane */
  #ordinary = 0n;
  readonly #limit: bigint | undefined;
  /** `lane`: what is kept of the limit for the lane. */
  constructor(
    limits: BlockLimits,
    private readonly lane: bigint,
  ) {
    this.#limit = gasLimitOf(limits);
  }
  /** Whether one more may run. */
  admits(urgent: boolean): boolean {
    if (this.#limit === undefined) return true;
    return this.#used < this.#limit && (urgent || this.#ordinary < this.#limit - this.lane);
  }
  add({ gasUsed, gasWanted: wanted }: { readonly gasUsed: bigint; readonly gasWanted: bigint }, urgent: boolean): void {
    const gas = gasUsed < wanted ? gasUsed : wanted;
    this.#used += gas;
    if (!urgent) this.#ordinary += gas;
  }
}
