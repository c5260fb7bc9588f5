/**
 * How much of a block transaction 0 may take (protocol section 11), and so how many validators a block has room for. Pure
 * arithmetic: whoever governs may ask for any number of validators.
 */
import { MAX_EXTENSION_BYTES } from "./verification/extension.js";

/** CometBFT's word for "as much as there can be" */
export const UNLIMITED = -1n;
/** what that is of bytes */
export const MOST_BYTES = 104_857_600n;
/** CometBFT's own bounds: block, header and commit without signatures; a signature of the commit */
const BLOCK_OVERHEAD = 11n + 626n + 94n;
const COMMIT_SIGNATURE = 111n;

/** as it stands in block-data.ts: the type URL's length, and AuthInfo with its tag */
const TYPE_URL = "/pouw.v1.MsgBlockData".length;
const AUTH = 4;
const BEACON_SIGNATURE = 96;
const ED25519_SIGNATURE = 64;
/** beyond what any block could hold votes of */
const MOST_VOTES = 1 << 20;

/** A field of this many bytes: tag, length, content. PERF: a block asks for thousands, so no varint is written for it. */
function field(length: number): number {
  let digits = 1;
  for (let rest = length; rest >= 128; rest = Math.floor(rest / 128)) digits++;
  return 1 + digits + length;
}

/** Bytes of the largest transaction 0 for a number of votes: every extension as long as it may be. */
export function largestBlockDataTx(votes: number): number {
  const vote = field(field(MAX_EXTENSION_BYTES) + field(ED25519_SIGNATURE));
  const data = field(BEACON_SIGNATURE) + vote * votes;
  return field(field(field(TYPE_URL) + field(data))) + AUTH;
}

/** Bytes in a block of a transaction of this length. */
export const wireLength = (length: number): bigint => BigInt(field(length));

/** What the largest transaction 0 of a set takes of a block. */
export const largestBlockData = (validators: number): bigint => wireLength(largestBlockDataTx(validators));

/** Bytes of a block that are left for transactions behind CometBFT's own parts, without evidence. */
export const transactionBytes = (maxBytes: bigint, validators: number): bigint =>
  (maxBytes === UNLIMITED ? MOST_BYTES : maxBytes) - BLOCK_OVERHEAD - COMMIT_SIGNATURE * BigInt(validators);

export interface BlockSize {
  /** of the whole block; UNLIMITED: as much as there can be */
  readonly maxBytes: bigint;
  /** of the evidence in it */
  readonly evidenceBytes: bigint;
}

/** One line, with the field of the consensus parameters that it begins with, on why a block has no room for so many validators; undefined where it has. */
export function roomFault({ maxBytes, evidenceBytes }: BlockSize, validators: number): string | undefined {
  if (validators > MOST_VOTES) return `block.max_bytes: no block has room for transaction 0 of ${validators} validators`;
  const whole = maxBytes === UNLIMITED ? MOST_BYTES : maxBytes;
  const least = 2n * largestBlockData(validators);
  if (whole < least) return `block.max_bytes: got ${maxBytes}, want at least ${least}: twice the largest transaction 0 of ${validators} validators`;
  const most = transactionBytes(maxBytes, validators) - largestBlockData(validators);
  if (evidenceBytes > most) return `evidence.max_bytes: got ${evidenceBytes}, want at most ${most}: what a block of ${whole} bytes has beside the largest transaction 0 of ${validators} validators`;
  return undefined;
}

/** The most validators that blocks of this size have room for. */
export function mostValidators(size: BlockSize): number {
  let most = 0;
  for (let step = MOST_VOTES; step >= 1; step /= 2) if (roomFault(size, most + step) === undefined) most += step;
  return most;
}
