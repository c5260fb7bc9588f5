/** A chain's state at a height as a genesis: readable JSON by module, from which a chain goes on at the next height. */
import { type QueryContext } from "#kernel/context.js";
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
  const abci = { ...(first.consensus_params?.abci as object | undefined), vote_extensions_enable_height: next };
  return {
    ...first,
    genesis_time: rfc3339(ctx.block.timeNs),
    chain_id: ctx.block.chainId,
    initial_height: next,
    consensus_params: { ...first.consensus_params, abci },
    validators: assembly.keepers.staking
      .members(ctx)
      .map((v) => ({ pub_key: { type: "tendermint/PubKeyEd25519", value: Buffer.from(v.consensusKey).toString("base64") }, power: `${v.power}`, name: v.operator })),
    app_hash: "",
    app_state: { ...exportState(ctx, assembly.modules), genutil: { gen_txs: [] } },
  };
}

function rfc3339(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${`${ns % 1_000_000_000n}`.padStart(9, "0")}Z`;
}
