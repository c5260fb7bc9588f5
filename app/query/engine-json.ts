/** The JSON of CometBFT's RPC server as messages: hashes and addresses hexadecimal, other bytes base64, integers as text. */
import { Timestamp } from "#proto/gen/google/protobuf/timestamp.js";
import { DefaultNodeInfo } from "#proto/gen/tendermint/p2p/types.js";
import { Block } from "#proto/gen/tendermint/types/block.js";
import { DuplicateVoteEvidence, Evidence } from "#proto/gen/tendermint/types/evidence.js";
import { type BlockID, type Commit, type Header, type SignedMsgType, type Vote } from "#proto/gen/tendermint/types/types.js";
import { type BlockIDFlag } from "#proto/gen/tendermint/types/validator.js";
import { parseTimestamp } from "#proto/time.js";

// oxlint-disable-next-line typescript/no-explicit-any -- another program's JSON, read field by field below
export type Json = any;

export const bytesOf = (base64: unknown): Uint8Array => (typeof base64 === "string" ? Uint8Array.from(Buffer.from(base64, "base64")) : new Uint8Array(0));
export const hexOf = (hex: unknown): Uint8Array => (typeof hex === "string" ? Uint8Array.from(Buffer.from(hex, "hex")) : new Uint8Array(0));
const timeOf = (text: string): Timestamp => Timestamp.create(parseTimestamp(text));

export const blockIdFromJson = (id: Json): BlockID => ({ hash: hexOf(id?.hash), partSetHeader: { total: id?.parts?.total ?? 0, hash: hexOf(id?.parts?.hash) } });

const headerFromJson = (h: Json): Header => ({
  version: { block: BigInt(h.version?.block ?? 0), app: BigInt(h.version?.app ?? 0) },
  chainId: h.chain_id,
  height: BigInt(h.height),
  time: timeOf(h.time),
  lastBlockId: blockIdFromJson(h.last_block_id),
  lastCommitHash: hexOf(h.last_commit_hash),
  dataHash: hexOf(h.data_hash),
  validatorsHash: hexOf(h.validators_hash),
  nextValidatorsHash: hexOf(h.next_validators_hash),
  consensusHash: hexOf(h.consensus_hash),
  appHash: hexOf(h.app_hash),
  lastResultsHash: hexOf(h.last_results_hash),
  evidenceHash: hexOf(h.evidence_hash),
  proposerAddress: hexOf(h.proposer_address),
});

const commitFromJson = (c: Json): Commit => ({
  height: BigInt(c?.height ?? 0),
  round: c?.round ?? 0,
  blockId: blockIdFromJson(c?.block_id),
  signatures: ((c?.signatures ?? []) as Json[]).map((s) => ({ blockIdFlag: s.block_id_flag as BlockIDFlag, validatorAddress: hexOf(s.validator_address), timestamp: timeOf(s.timestamp), signature: bytesOf(s.signature) })),
});

const voteFromJson = (v: Json): Vote => ({
  type: v.type as SignedMsgType,
  height: BigInt(v.height),
  round: v.round,
  blockId: blockIdFromJson(v.block_id),
  timestamp: timeOf(v.timestamp),
  validatorAddress: hexOf(v.validator_address),
  validatorIndex: v.validator_index,
  signature: bytesOf(v.signature),
  extension: bytesOf(v.extension),
  extensionSignature: bytesOf(v.extension_signature),
});

/** Of two votes; an attack on light clients, which no CometBFT of this version makes into a block of ours, has no vote to show. */
function evidenceFromJson({ value }: Json): Evidence {
  if (!value?.vote_a) return Evidence.create();
  return Evidence.create({
    duplicateVoteEvidence: DuplicateVoteEvidence.create({
      voteA: voteFromJson(value.vote_a),
      voteB: voteFromJson(value.vote_b),
      totalVotingPower: BigInt(value.TotalVotingPower ?? 0),
      validatorPower: BigInt(value.ValidatorPower ?? 0),
      timestamp: timeOf(value.Timestamp),
    }),
  });
}

export const blockFromJson = (b: Json): Block =>
  Block.create({
    header: headerFromJson(b.header),
    data: { txs: ((b.data?.txs ?? []) as string[]).map(bytesOf) },
    evidence: { evidence: ((b.evidence?.evidence ?? []) as Json[]).map(evidenceFromJson) },
    lastCommit: commitFromJson(b.last_commit),
  });

export const nodeFromJson = (n: Json): DefaultNodeInfo => ({
  protocolVersion: { p2p: BigInt(n.protocol_version?.p2p ?? 0), block: BigInt(n.protocol_version?.block ?? 0), app: BigInt(n.protocol_version?.app ?? 0) },
  defaultNodeId: n.id,
  listenAddr: n.listen_addr,
  network: n.network,
  version: n.version,
  channels: hexOf(n.channels),
  moniker: n.moniker,
  other: { txIndex: n.other?.tx_index ?? "", rpcAddress: n.other?.rpc_address ?? "" },
});
