/** Vote extensions: a validator's finished verdicts, and what CometBFT signs of them. */
import { concat, utf8 } from "#kernel/bytes.js";
import { type VerdictEntry, Verdicts } from "#proto/gen/pouw/v1/block.js";
import { Writer, sameBytes } from "#proto/wire.js";

export const MAX_EXTENSION_BYTES = 2048;
export const MAX_EXTENSION_ENTRIES = 128;

/** Entries must be in ascending order of job. */
export const encodeVerdicts = (entries: readonly VerdictEntry[]): Uint8Array => Verdicts.encode({ entries: [...entries] });

/**
 * The entries of an extension. Anything else, however it fails (not canonical, too long, too many, jobs not ascending,
 * an unknown code), is an empty extension and never a reason to reject: CometBFT does not show late precommits to the
 * application, so anything can stand here.
 */
export function decodeVerdicts(bytes: Uint8Array): VerdictEntry[] {
  if (bytes.length === 0 || bytes.length > MAX_EXTENSION_BYTES) return [];
  let entries: VerdictEntry[];
  try {
    const message = Verdicts.decode(bytes);
    if (!sameBytes(Verdicts.encode(message), bytes)) return [];
    entries = message.entries;
  } catch {
    return [];
  }
  if (entries.length > MAX_EXTENSION_ENTRIES) return [];
  let previous = -1n;
  for (const { job, code } of entries) {
    if (job <= previous || code < 1 || code > 5) return [];
    previous = job;
  }
  return entries;
}

/** As many of the entries, in order, as an extension may hold. */
export function fitVerdicts(entries: readonly VerdictEntry[]): Uint8Array {
  let bytes = new Uint8Array(0) as Uint8Array;
  for (let n = 1; n <= Math.min(entries.length, MAX_EXTENSION_ENTRIES); n++) {
    const longer = encodeVerdicts(entries.slice(0, n));
    if (longer.length > MAX_EXTENSION_BYTES) break;
    bytes = longer;
  }
  return bytes;
}

/** Length-delimited CanonicalVoteExtension{1 extension, 2 height sfixed64, 3 round sfixed64, 4 chain_id}. */
export function extensionSignBytes({ extension, height, round, chainId }: { extension: Uint8Array; height: bigint; round: number | bigint; chainId: string }): Uint8Array {
  const parts: Uint8Array[] = [];
  if (extension.length > 0) parts.push(Uint8Array.of(0x0a), uvarint(extension.length), extension);
  if (height !== 0n) parts.push(Uint8Array.of(0x11), sfixed64(height));
  if (BigInt(round) !== 0n) parts.push(Uint8Array.of(0x19), sfixed64(BigInt(round)));
  const chain = utf8(chainId);
  if (chain.length > 0) parts.push(Uint8Array.of(0x22), uvarint(chain.length), chain);
  const body = concat(...parts);
  return concat(uvarint(body.length), body);
}

function sfixed64(value: bigint): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigInt64(0, value, true);
  return out;
}

export const uvarint = (value: number): Uint8Array => Writer.create().uint32(value).finish();
