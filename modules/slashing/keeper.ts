/**
 * Who does not sign is jailed and loses a part of its stake; who signs twice at one height is never let in again:
 * x/slashing/keeper of the Cosmos SDK. The only writer of signing infos. Invariant kept here: a validator's counter is the
 * number of its missed places.
 */
import type { CommitVote, Context } from "#kernel/context.js";
import { mulInt, quo, truncate } from "#kernel/dec.js";
import { ModuleError } from "#kernel/errors.js";
import type { View } from "#kernel/store.js";
import { instantOf, nanosecondsOf } from "#kernel/time.js";
import { type Params, ValidatorSigningInfo } from "#proto/gen/cosmos/slashing/v1beta1/slashing.js";
import { BondStatus } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import { slashingErrors } from "./errors.js";
import { slashingEvents } from "./events.js";
import { decOfBytes, leastSigned, params } from "./params.js";
import { infos, missedBlocks } from "./store.js";
import type { SigningInfo, SlashingKeeper, SlashingPorts } from "./types.js";

const { BOND_STATUS_UNBONDED } = BondStatus;
/** Blocks until the engine's set is what it was told; a fault of a block is one of the stake before that. */
const UPDATE_DELAY = 1n;
/** 31 December 9999, which is for ever */
const FOR_EVER_NS = 253_402_300_799n * 1_000_000_000n;

export const parseInfo = (view: View, w: ValidatorSigningInfo): SigningInfo => ({
  address: view.addresses.consensus.parse(w.address),
  startHeight: w.startHeight,
  offset: w.indexOffset,
  jailedUntilNs: nanosecondsOf(w.jailedUntil),
  tombstoned: w.tombstoned,
  missed: w.missedBlocksCounter,
});
export const wireInfo = (view: View, i: SigningInfo): ValidatorSigningInfo => ({
  address: view.addresses.consensus.format(i.address),
  startHeight: i.startHeight,
  indexOffset: i.offset,
  jailedUntil: instantOf(i.jailedUntilNs),
  tombstoned: i.tombstoned,
  missedBlocksCounter: i.missed,
});

export interface SlashingWriter extends SlashingKeeper {
  put(ctx: Context, info: SigningInfo): void;
  /** At the beginning of a block: who signed the one before. */
  judge(ctx: Context): void;
  /** Throws what keeps it in jail. */
  unjail(ctx: Context, operator: string): void;
}

export function slashingKeeper(ports: SlashingPorts): SlashingWriter {
  const seconds = ({ downtimeJailDuration: d }: Params): bigint => nanosecondsOf(d);

  function judgeOne(ctx: Context, { validator: address, power, flag }: CommitVote, p: Params): void {
    const v = ports.staking.byConsensusAddress(ctx, address);
    const known = keeper.info(ctx, address);
    // One that was removed or unbonded since it signed has nothing to lose.
    if (!v || v.jailed || v.status === BOND_STATUS_UNBONDED || !known) return;
    const { height } = ctx.block;
    const window = p.signedBlocksWindow;
    const place = known.offset % window;
    const before = missedBlocks.has(ctx, address, place);
    const missed = flag === "absent";
    let info: SigningInfo = { ...known, offset: known.offset + 1n };
    if (missed && !before) {
      missedBlocks.add(ctx, address, place);
      info = { ...info, missed: info.missed + 1n };
    } else if (!missed && before) {
      missedBlocks.delete(ctx, address, place);
      info = { ...info, missed: info.missed - 1n };
    }
    const text = ctx.addresses.consensus.format(address);
    if (missed) ctx.emit(slashingEvents.liveness({ address: text, missed_blocks: info.missed, height }));
    if (height > info.startHeight + window && info.missed > window - leastSigned(p)) {
      const burned = ports.staking.slash(ctx, address, height - UPDATE_DELAY - 1n, power, decOfBytes(p.slashFractionDowntime));
      ctx.emit(slashingEvents.slashed({ address: text, power, reason: "missing_signature", jailed: text, burned_coins: burned }));
      ports.staking.jail(ctx, address);
      for (const [, at] of missedBlocks.keys(ctx, { prefix: [address] })) missedBlocks.delete(ctx, address, at);
      info = { ...info, jailedUntilNs: ctx.block.timeNs + seconds(p), missed: 0n, offset: 0n };
    }
    keeper.put(ctx, info);
  }

  const keeper: SlashingWriter = {
    params: (view) => params.get(view),
    info(view, address) {
      const w = infos.get(view, address);
      return w && parseInfo(view, w);
    },
    isTombstoned: (view, address) => keeper.info(view, address)?.tombstoned ?? false,
    put: (ctx, info) => infos.set(ctx, wireInfo(ctx, info), info.address),
    bonded(ctx, address) {
      const known = keeper.info(ctx, address);
      keeper.put(ctx, { address, offset: 0n, jailedUntilNs: 0n, tombstoned: false, missed: 0n, ...known, startHeight: ctx.block.height });
    },
    judge(ctx) {
      const p = params.get(ctx);
      for (const vote of ctx.block.lastCommit.votes) judgeOne(ctx, vote, p);
    },
    unjail(ctx, operator) {
      const v = ports.staking.byOperator(ctx, operator);
      // The error of staking, as in the Cosmos SDK.
      if (!v) throw new ModuleError("staking", 3, "validator does not exist");
      const own = ports.staking.delegation(ctx, operator, operator);
      if (!own) throw slashingErrors.noSelfDelegation("");
      const tokens = v.shares === 0n ? 0n : truncate(quo(mulInt(own.shares, v.tokens), v.shares));
      if (tokens < v.minSelfDelegation) throw slashingErrors.selfDelegationTooLow(`${tokens} less than ${v.minSelfDelegation}`);
      if (!v.jailed) throw slashingErrors.notJailed("");
      const address = ctx.crypto.sha256(v.consensusKey).slice(0, 20);
      const info = keeper.info(ctx, address);
      if (info && (info.tombstoned || ctx.block.timeNs < info.jailedUntilNs)) throw slashingErrors.jailed("");
      ports.staking.unjail(ctx, address);
    },
    tombstone(ctx, address, stakeHeight, power) {
      const burned = ports.staking.slash(ctx, address, stakeHeight, power, decOfBytes(params.get(ctx).slashFractionDoubleSign));
      const text = ctx.addresses.consensus.format(address);
      ctx.emit(slashingEvents.slashedOnly({ address: text, power, reason: "double_sign", burned_coins: burned }));
      const v = ports.staking.byConsensusAddress(ctx, address);
      if (v && !v.jailed) {
        ports.staking.jail(ctx, address);
        ctx.emit(slashingEvents.jailed({ jailed: text }));
      }
      const known = keeper.info(ctx, address);
      if (known) keeper.put(ctx, { ...known, jailedUntilNs: FOR_EVER_NS, tombstoned: true });
    },
  };
  return keeper;
}

