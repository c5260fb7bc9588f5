/**
 * Genesis of `beacon`: a key of every validator, and the values that an export has kept. Where there are none, the first one
 * is made from chain id and genesis time. The validators' genesis comes before.
 */
import type { Context } from "#kernel/context.js";
import { defineGenesis } from "#kernel/genesis.js";
import { GenesisState } from "#proto/gen/pouw/beacon/v1/genesis.js";
import type { BeaconKey as WireBeaconKey, BeaconValue } from "#proto/gen/pouw/beacon/v1/types.js";
import { beaconGenesis as firstValue } from "#protocol/draws/beacon.js";
import { type BeaconWriter, holds } from "./keeper.js";
import { verifyPossession } from "./keys.js";
import { keys as stored, values as kept } from "./store.js";
import { type BeaconPorts, parseBeaconKey, wireBeaconKey } from "./types.js";

export function beaconGenesis(ports: BeaconPorts, keeper: BeaconWriter) {
  /** Text that is no address is no validator's either. */
  function known(ctx: Context, operator: string): boolean {
    try {
      return ports.staking.byOperator(ctx, operator) !== undefined;
    } catch {
      return false;
    }
  }

  function addKeys(ctx: Context, keys: readonly WireBeaconKey[], at: string): void {
    const missing = new Set(ports.staking.bonded(ctx));
    for (const [i, wire] of keys.entries()) {
      const here = `${at}.keys[${i}]`;
      const { validator } = wire;
      if (keys.slice(0, i).some((k) => k.validator === validator)) throw new Error(`${here}.validator: ${validator} stands there twice`);
      if (!known(ctx, validator)) throw new Error(`${here}.validator: got ${JSON.stringify(validator)}, want a validator's operator`);
      // One that has just registered waits for its key, and is not bonded yet.
      const signs = missing.delete(validator);
      if (wire.key.length === 0 && (signs || !wire.next)) throw new Error(`${here}.key: is missing; a validator without one has no power`);
      if (wire.key.length > 0 && !verifyPossession(ctx.crypto, wire.key, wire.proof)) throw new Error(`${here}.proof: does not prove that key can sign`);
      if (wire.next && !verifyPossession(ctx.crypto, wire.next.key, wire.next.proof)) throw new Error(`${here}.next.proof: does not prove that next.key can sign`);
      const k = parseBeaconKey(wire);
      // One key in two hands would let one secret speak for both, and MsgRegisterBeaconKey refuses it as well.
      for (const [field, own] of [["key", k.current], ["next.key", k.next]] as const) {
        const shared = own && stored.list(ctx).find((other) => holds(other, own.key));
        if (shared) throw new Error(`${here}.${field}: ${shared.validator} has the same one; want a key for each`);
      }
      keeper.add(ctx, k);
    }
    for (const operator of missing) throw new Error(`${at}.keys: ${operator} has none, and a validator without one has no power; want one of each`);
  }

  function putValues(ctx: Context, values: readonly BeaconValue[], at: string): void {
    let last: bigint | undefined;
    for (const [i, { height, value }] of values.entries()) {
      const here = `${at}.values[${i}]`;
      if (value.length !== 32) throw new Error(`${here}.value: got ${value.length} bytes, want 32`);
      if (last !== undefined && height <= last) throw new Error(`${here}.height: got ${height} behind ${last}, want them ascending`);
      keeper.put(ctx, height, value);
      last = height;
    }
    // The first block's proposer signs over the value before it.
    // A new chain's genesis is of height 0, and block 1 comes behind it.
    const first = ctx.block.height > 0n ? ctx.block.height : 1n;
    if (last !== first - 1n) throw new Error(`${at}.values: the newest is of block ${last}, want ${first - 1n}; initial_height is one more than the height of the export`);
  }

  return defineGenesis("beacon", {
    codec: GenesisState,
    init(ctx, { keys, values }, at) {
      addKeys(ctx, keys, at);
      const { chainId, height, timeNs: genesisTimeNs } = ctx.block;
      if (values.length > 0) putValues(ctx, values, at);
      else keeper.put(ctx, height > 0n ? height - 1n : 0n, firstValue(ctx.crypto, { chainId, genesisTimeNs }));
    },
    export: (ctx) => ({
      keys: stored.list(ctx).map(wireBeaconKey),
      values: kept.entries(ctx).map(({ key: [height], value }) => ({ height, value })),
    }),
  });
}
