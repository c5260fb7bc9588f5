/**
 * Proofs that the engine hands over are judged once: x/evidence/keeper of the Cosmos SDK. The only writer of proofs.
 * Invariant kept here: a proof stands under its hash, and something followed from it.
 */
import type { Context, Misbehaviour } from "#kernel/context.js";
import { instantOf, nanosecondsOf } from "#kernel/time.js";
import type { Equivocation } from "#proto/gen/cosmos/evidence/v1beta1/evidence.js";
import { BondStatus } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import { hashOf, wrapped } from "./equivocation.js";
import { evidences } from "./store.js";
import type { EvidenceKeeper, EvidencePorts } from "./types.js";

/** Blocks until the engine's set is what it was told; a fault of a block is one of the stake before that. */
const UPDATE_DELAY = 1n;

export const put = (ctx: Context, e: Equivocation): void => evidences.set(ctx, wrapped(e), hashOf(ctx.crypto, e));

export function evidenceKeeper(ports: EvidencePorts): EvidenceKeeper {
  /** Older than both of the engine's ages. */
  function isTooOld(ctx: Context, { height, timeNs }: Misbehaviour): boolean {
    const { evidence } = ports.consensus.params(ctx);
    if (!evidence) return false;
    return ctx.block.timeNs - timeNs > nanosecondsOf(evidence.maxAgeDuration) && ctx.block.height - height > evidence.maxAgeNumBlocks;
  }

  function judgeOne(ctx: Context, m: Misbehaviour): void {
    const { validator: address, height, timeNs, power } = m;
    const v = ports.staking.byConsensusAddress(ctx, address);
    // Who is gone, or has unbonded since, has nothing to lose. (The SDK stops over a validator that it does not know.)
    if (!v || v.status === BondStatus.BOND_STATUS_UNBONDED) return;
    // No engine knows of a block to come; slashing for one would stop the chain.
    if (height > ctx.block.height || isTooOld(ctx, m)) return;
    const info = ports.slashing.info(ctx, address);
    if (!info || info.tombstoned) return;
    ports.slashing.tombstone(ctx, address, height - UPDATE_DELAY, power);
    put(ctx, { height, time: instantOf(timeNs), power, consensusAddress: ctx.addresses.consensus.format(address) });
  }

  return {
    judge(ctx) {
      for (const m of ctx.block.misbehaviour) judgeOne(ctx, m);
    },
  };
}
