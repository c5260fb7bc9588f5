/**
 * Rebuilds from a node's RPC what CometBFT v0.38 sent to its application: state/execution.go (FinalizeBlock) and
 * consensus/replay.go (InitChain) of that version are followed field by field.
 */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { rpc } from "#testnet/rpc.js";
import { appStateText } from "./app-state.js";
import { base64, type BlockAnswer, duration, type Evidence, type GenesisAnswer, hex, type ResultsAnswer, timestamp, type ValidatorJson, type ValidatorsAnswer } from "./rpc-json.js";
import { type RecordedBlock, type Recording } from "./recording.js";

const PER_PAGE = 100;
const ADDRESS_BYTES = 20;

/** All validators of a height, in the set's own order, which is the order of last-commit votes. */
async function validatorsAt(node: string, height: number): Promise<ValidatorJson[]> {
  const out: ValidatorJson[] = [];
  for (let page = 1; ; page++) {
    const { validators, total } = await rpc<ValidatorsAnswer>(node, `/validators?height=${height}&page=${page}&per_page=${PER_PAGE}`);
    out.push(...validators);
    if (out.length >= Number(total)) return out;
  }
}

/** `genesisText`: the genesis file itself; without it app_state is as the RPC prints it, which loses the file's white space. */
async function initChainOf(node: string, genesisText: string | undefined): Promise<abci.RequestInitChain> {
  const { genesis: g } = await rpc<GenesisAnswer>(node, "/genesis");
  const p = g.consensus_params;
  const set = await validatorsAt(node, Number(g.initial_height));
  return abci.RequestInitChain.fromPartial({
    time: timestamp(g.genesis_time),
    chainId: g.chain_id,
    consensusParams: ConsensusParams.fromPartial({
      block: { maxBytes: BigInt(p.block.max_bytes), maxGas: BigInt(p.block.max_gas) },
      evidence: { maxAgeNumBlocks: BigInt(p.evidence.max_age_num_blocks), maxAgeDuration: duration(p.evidence.max_age_duration), maxBytes: BigInt(p.evidence.max_bytes) },
      validator: { pubKeyTypes: p.validator.pub_key_types },
      version: { app: BigInt(p.version?.app ?? "0") },
      abci: { voteExtensionsEnableHeight: BigInt(p.abci?.vote_extensions_enable_height ?? "0") },
    }),
    validators: set.map((v) => ({ pubKey: { ed25519: base64(v.pub_key.value) }, power: BigInt(v.voting_power) })),
    appStateBytes: new TextEncoder().encode(genesisText === undefined ? JSON.stringify(g.app_state) : appStateText(genesisText)),
    initialHeight: BigInt(g.initial_height),
  });
}

const BLOCK_ID_FLAG_ABSENT = 1;

/** The last commit as the block holds it, against the validators that were to sign it. The first block has none. */
function decidedLastCommit({ block }: BlockAnswer, signers: readonly ValidatorJson[]): abci.CommitInfo {
  const { round, signatures } = block.last_commit;
  if (signatures.length === 0) return abci.CommitInfo.fromPartial({});
  if (signatures.length !== signers.length) throw new Error(`block ${block.header.height}: ${signatures.length} signatures of ${signers.length} validators`);
  return abci.CommitInfo.fromPartial({
    round,
    votes: signatures.map((s, i) => {
      const v = signers[i] as ValidatorJson;
      if (s.block_id_flag !== BLOCK_ID_FLAG_ABSENT && s.validator_address !== v.address) throw new Error(`block ${block.header.height}: signature ${i} is not of validator ${i}`);
      return { validator: { address: hex(v.address), power: BigInt(v.voting_power) }, blockIdFlag: s.block_id_flag };
    }),
  });
}

export function misbehaviorOf({ type, value }: Evidence): abci.Misbehavior {
  // A light client attack has one entry for each validator of a set that the RPC no longer tells: better refused than guessed.
  if (type !== "tendermint/DuplicateVoteEvidence") throw new Error(`the block holds ${type}: this recorder knows only DuplicateVoteEvidence`);
  const address = hex(value.vote_a.validator_address);
  if (address.length !== ADDRESS_BYTES) throw new Error(`evidence against an address of ${address.length} bytes`);
  return abci.Misbehavior.fromPartial({
    type: abci.MisbehaviorType.DUPLICATE_VOTE,
    validator: { address, power: BigInt(value.ValidatorPower) },
    height: BigInt(value.vote_a.height),
    time: timestamp(value.Timestamp),
    totalVotingPower: BigInt(value.TotalVotingPower),
  });
}

export function finalizeBlockOf(answer: BlockAnswer, signersBefore: readonly ValidatorJson[]): abci.RequestFinalizeBlock {
  const { header, data, evidence } = answer.block;
  return abci.RequestFinalizeBlock.fromPartial({
    txs: (data.txs ?? []).map(base64),
    decidedLastCommit: decidedLastCommit(answer, signersBefore),
    misbehavior: evidence.evidence.map(misbehaviorOf),
    hash: hex(answer.block_id.hash),
    height: BigInt(header.height),
    time: timestamp(header.time),
    nextValidatorsHash: hex(header.next_validators_hash),
    proposerAddress: hex(header.proposer_address),
  });
}

function agreedOf(results: ResultsAnswer, appHash: Uint8Array): abci.ResponseFinalizeBlock {
  if (results.consensus_param_updates) throw new Error(`block ${results.height} changes consensus parameters: this recorder does not know them`);
  return abci.ResponseFinalizeBlock.fromPartial({
    txResults: (results.txs_results ?? []).map((r) => ({ code: r.code, data: base64(r.data ?? ""), gasWanted: BigInt(r.gas_wanted), gasUsed: BigInt(r.gas_used) })),
    validatorUpdates: (results.validator_updates ?? []).map((u) => ({ pubKey: { ed25519: base64(u.pub_key.Sum.value.ed25519) }, power: BigInt(u.power ?? "0") })),
    appHash,
  });
}

/** Every block that a later header confirms: an app hash is agreed on only by the header after it. */
export async function recordFromRpc(node: string, genesisText?: string): Promise<Recording> {
  const initChain = await initChainOf(node, genesisText);
  const first = Number(initChain.initialHeight);
  const { sync_info } = await rpc<{ sync_info: { latest_block_height: string } }>(node, "/status");
  const last = Number(sync_info.latest_block_height) - 1;
  const blocks: RecordedBlock[] = [];
  let block = await rpc<BlockAnswer>(node, `/block?height=${first}`);
  let signers: ValidatorJson[] = [];
  for (let h = first; h <= last; h++) {
    const [next, results, validators] = await Promise.all([
      rpc<BlockAnswer>(node, `/block?height=${h + 1}`),
      rpc<ResultsAnswer>(node, `/block_results?height=${h}`),
      validatorsAt(node, h),
    ]);
    blocks.push({ request: finalizeBlockOf(block, signers), agreed: agreedOf(results, hex(next.block.header.app_hash)) });
    block = next;
    signers = validators;
  }
  return { initChain, blocks };
}
