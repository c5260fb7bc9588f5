/** The message of `consensus`: x/consensus/keeper of the Cosmos SDK, with what this chain needs of the engine. */
import { checkAuthority } from "#kernel/authority.js";
import type { Context } from "#kernel/context.js";
import { sdk } from "#kernel/errors.js";
import type { MsgHandlers } from "#kernel/services.js";
import { UNLIMITED } from "#protocol/block-room.js";
import type { ConsensusMsg, MsgUpdateParams } from "#proto/gen/cosmos/consensus/v1/tx.js";
import type { ConsensusParams } from "#proto/gen/tendermint/types/params.js";
import { consensusEvents } from "./events.js";
import { consensusKeeper as keeper } from "./keeper.js";
import { paramsFault } from "./params.js";
import { engineParams } from "./store.js";
import type { ConsensusPorts } from "./types.js";

/** A hundredth of it, which is the least share that one transaction may have, holds a proposal. */
const LEAST_GAS = 50_000_000n;

export const consensusMessages = (ports: ConsensusPorts): MsgHandlers<typeof ConsensusMsg> => ({
  updateParams(ctx, m) {
    checkAuthority(ctx, m.authority);
    const { block, evidence, validator } = m;
    if (!block || !evidence || !validator) throw sdk.invalidRequest("all parameters must be present");
    const now = keeper.params(ctx);
    const enabled = now.abci?.voteExtensionsEnableHeight ?? 0n;
    const wanted = m.abci?.voteExtensionsEnableHeight ?? enabled;
    if (wanted !== enabled) throw sdk.invalidRequest(`abci.vote_extensions_enable_height: got ${wanted}, want ${enabled} as it is: verdicts travel in vote extensions, which are never off`);
    const next: ConsensusParams = { ...now, block, evidence, validator };
    const fault = paramsFault(next, mostThereMayBe(ports, ctx));
    if (fault) throw sdk.invalidRequest(fault);
    if (block.maxGas !== UNLIMITED && block.maxGas < LEAST_GAS && block.maxGas !== now.block?.maxGas) throw sdk.invalidRequest(`block.max_gas: got ${block.maxGas}, want at least ${LEAST_GAS}: the next proposal has to fit in a block`);
    engineParams.set(ctx, next);
    ctx.emit(consensusEvents.updated({ authority: m.authority, parameters: parametersText(m) }));
    return {};
  },
});

/** Validators whose votes a block to come may hold: those that staking allows, and those of before it allowed fewer. */
const mostThereMayBe = ({ staking }: ConsensusPorts, ctx: Context): number => Math.max(staking.params(ctx).maxValidators, staking.members(ctx).length, ctx.block.lastCommit.votes.length);

/** As the SDK prints what was asked for into the event: the compact text form of ConsensusParams, with a version of nothing. */
function parametersText({ block, evidence, validator, abci }: MsgUpdateParams): string {
  const { seconds = 0n, nanos = 0 } = evidence?.maxAgeDuration ?? {};
  const fields = (...list: readonly (readonly [name: string, value: bigint | number])[]): string => list.map(([name, v]) => (BigInt(v) === 0n ? "" : `${name}:${v} `)).join("");
  return [
    `block:<${fields(["max_bytes", block?.maxBytes ?? 0n], ["max_gas", block?.maxGas ?? 0n])}> `,
    `evidence:<${fields(["max_age_num_blocks", evidence?.maxAgeNumBlocks ?? 0n])}max_age_duration:<${fields(["seconds", seconds], ["nanos", nanos])}> ${fields(["max_bytes", evidence?.maxBytes ?? 0n])}> `,
    `validator:<${(validator?.pubKeyTypes ?? []).map((k) => `pub_key_types:"${k}" `).join("")}> `,
    "version:<> ",
    abci ? `abci:<${fields(["vote_extensions_enable_height", abci.voteExtensionsEnableHeight])}> ` : "",
  ].join("");
}
