/** What the engine may be set to: CometBFT's own rules, and what this chain needs beside them. */
import { MAX_DURATION_NS, nanosecondsOf } from "#kernel/time.js";
import type { BlockParams, ConsensusParams, EvidenceParams, ValidatorParams } from "#proto/gen/tendermint/types/params.js";
import { type BlockSize, MOST_BYTES, roomFault, UNLIMITED } from "#protocol/block-room.js";

/** CometBFT's, of a chain that no genesis of the engine says otherwise of. */
export const DEFAULTS: ConsensusParams = {
  block: { maxBytes: 22_020_096n, maxGas: UNLIMITED },
  evidence: { maxAgeNumBlocks: 100_000n, maxAgeDuration: { seconds: 172_800n, nanos: 0 }, maxBytes: 1_048_576n },
  validator: { pubKeyTypes: ["ed25519"] },
  version: { app: 0n },
  abci: { voteExtensionsEnableHeight: 1n },
};
const KEY_TYPES = "ed25519";

export const sizeOf = ({ block, evidence }: ConsensusParams): BlockSize => ({ maxBytes: block?.maxBytes ?? 0n, evidenceBytes: evidence?.maxBytes ?? 0n });

/** One line that begins with the field, on the first thing that is wrong for a chain of at most so many validators. */
export function paramsFault(p: ConsensusParams, validators: number): string | undefined {
  return (p.block && blockFault(p.block)) ?? roomFault(sizeOf(p), validators) ?? (p.evidence && evidenceFault(p.evidence)) ?? (p.validator && validatorFault(p.validator));
}

function blockFault({ maxBytes, maxGas }: BlockParams): string | undefined {
  if (maxBytes !== UNLIMITED && (maxBytes < 1n || maxBytes > MOST_BYTES)) return `block.max_bytes: got ${maxBytes}, want 1 to ${MOST_BYTES}, or ${UNLIMITED} for that`;
  if (maxGas !== UNLIMITED && maxGas < 1n) return `block.max_gas: got ${maxGas}, want the gas of a whole block, or ${UNLIMITED} for no limit`;
  return undefined;
}

function evidenceFault({ maxAgeNumBlocks, maxAgeDuration, maxBytes }: EvidenceParams): string | undefined {
  if (maxAgeNumBlocks < 1n) return `evidence.max_age_num_blocks: got ${maxAgeNumBlocks}, want at least 1`;
  const age = nanosecondsOf(maxAgeDuration);
  if (age <= 0n || age > MAX_DURATION_NS) return `evidence.max_age_duration: got ${age} nanoseconds, want 1 to ${MAX_DURATION_NS}`;
  return maxBytes < 0n ? `evidence.max_bytes: got ${maxBytes}, want at least 0` : undefined;
}

function validatorFault({ pubKeyTypes }: ValidatorParams): string | undefined {
  return pubKeyTypes.length === 1 && pubKeyTypes[0] === KEY_TYPES ? undefined : `validator.pub_key_types: got ${JSON.stringify(pubKeyTypes).slice(0, 100)}, want ["${KEY_TYPES}"]: staking knows no other keys`;
}
