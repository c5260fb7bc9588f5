/** A chain's state at a height as a genesis: readable JSON by module, from which a chain goes on at the next height. */
import { type QueryContext } from "#kernel/context.js";
import { nanosecondsOf } from "#kernel/time.js";
import type { ConsensusParams } from "#proto/gen/tendermint/types/params.js";
import { exportState } from "./app-state.js";
import { type Assembly } from "./assemble.js";
import { type GenesisDocument } from "./genesis/document.js";

export { type GenesisDocument } from "./genesis/document.js";

/**
 * The genesis of a chain that goes on where `ctx` ends: `first` is the genesis that it began with. Its validators are those
 * of the state; vote extensions begin with it, since verdicts travel in them from the first block on.
 */
export function exportGenesis(ctx: QueryContext, assembly: Assembly, first: GenesisDocument): GenesisDocument {
  const next = `${ctx.block.height + 1n}`;
  return {
    ...first,
    genesis_time: rfc3339(ctx.block.timeNs),
    chain_id: ctx.block.chainId,
    initial_height: next,
    consensus_params: { ...first.consensus_params, ...engineParams(assembly.keepers.consensus.params(ctx)), abci: { vote_extensions_enable_height: next } },
    validators: assembly.keepers.staking
      .members(ctx)
      .map((v) => ({ pub_key: { type: "tendermint/PubKeyEd25519", value: Buffer.from(v.consensusKey).toString("base64") }, power: `${v.power}`, name: v.operator })),
    app_hash: "",
    app_state: { ...exportState(ctx, assembly.modules), genutil: { gen_txs: [] } },
  };
}

/** As CometBFT's genesis has them: numbers as text, a length of time in nanoseconds. */
function engineParams({ block, evidence, validator }: ConsensusParams): Record<string, unknown> {
  return {
    ...(block && { block: { max_bytes: `${block.maxBytes}`, max_gas: `${block.maxGas}` } }),
    ...(evidence && { evidence: { max_age_num_blocks: `${evidence.maxAgeNumBlocks}`, max_age_duration: `${nanosecondsOf(evidence.maxAgeDuration)}`, max_bytes: `${evidence.maxBytes}` } }),
    ...(validator && { validator: { pub_key_types: [...validator.pubKeyTypes] } }),
  };
}

function rfc3339(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${`${ns % 1_000_000_000n}`.padStart(9, "0")}Z`;
}
