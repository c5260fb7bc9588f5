/**
 * The only writer of beacon values and keys. Invariant kept here: the newest value is that of the highest height, and no key
 * is of two validators.
 */
import { equalBytes, toHex } from "#kernel/bytes.js";
import type { Context } from "#kernel/context.js";
import { nextBeacon } from "#protocol/draws/beacon.js";
import { beaconErrors } from "./errors.js";
import { beaconEvents } from "./events.js";
import { KEY_DELAY } from "./keys.js";
import { keys, newest, values } from "./store.js";
import type { BeaconKey, BeaconKeeper, BeaconPorts, ProvenKey, RegisterBeaconKey } from "./types.js";

/** Blocks of history beyond what draws and claims can ask for. */
const MARGIN = 100n;
/** Values dropped in one block: history that became shorter goes in several. */
const PRUNED_AT_ONCE = 100;

export interface BeaconWriter extends BeaconKeeper {
  /** Of a block, or of the one before the first. */
  put(ctx: Context, height: bigint, value: Uint8Array): void;
  /** Of genesis, which has checked it. */
  add(ctx: Context, k: BeaconKey): void;
  /** Takes the place of the validator's key two blocks on. Throws keyTaken. */
  register(ctx: Context, k: RegisterBeaconKey): void;
  /** At the beginning of a block: its value, and the keys that are effective from it on. */
  advance(ctx: Context): void;
}

/** Whether one of the validator's keys is this one. */
export const holds = (k: BeaconKey, key: Uint8Array): boolean => [k.current, k.next].some((own) => own !== undefined && equalBytes(own.key, key));

export function beaconKeeper(ports: BeaconPorts): BeaconWriter {
  function prune(ctx: Context): void {
    const keep = ports.work.history(ctx) + MARGIN;
    if (ctx.block.height > keep) for (const [old] of values.keys(ctx, { below: [ctx.block.height - keep + 1n], limit: PRUNED_AT_ONCE })) values.delete(ctx, old);
  }

  /** A key registered two blocks ago takes the place of the old one. */
  function promote(ctx: Context): void {
    for (const { validator, next } of keys.list(ctx)) {
      if (!next || ctx.block.height < next.height) continue;
      const current: ProvenKey = { key: next.key, proof: next.proof };
      keys.set(ctx, { validator, current }, validator);
      ctx.emit(beaconEvents.keyEffective({ validator, key: toHex(next.key) }));
    }
  }

  const keeper: BeaconWriter = {
    at: (view, height) => values.get(view, height),
    latest(view) {
      const height = newest.get(view);
      const value = height === undefined ? undefined : values.get(view, height);
      if (height === undefined || !value) throw new Error("beacon: no value yet; InitChain writes the first");
      return { height, value };
    },
    has: (view, operator) => keys.get(view, operator)?.current !== undefined,
    atOnce(ctx, operator) {
      const next = keys.get(ctx, operator)?.next;
      if (next) keys.set(ctx, { validator: operator, current: { key: next.key, proof: next.proof } }, operator);
    },
    forget: (ctx, operator) => keys.delete(ctx, operator),
    proposerKey(view, operator, height) {
      const k = keys.get(view, operator);
      return k?.next && height >= k.next.height ? k.next.key : k?.current?.key;
    },
    put(ctx, height, value) {
      values.set(ctx, value, height);
      newest.set(ctx, height);
    },
    add: (ctx, k) => keys.set(ctx, k, k.validator),
    register(ctx, { validator, key, proof }) {
      for (const other of keys.list(ctx)) {
        if (other.validator !== validator && holds(other, key)) throw beaconErrors.keyTaken(`key ${toHex(key).slice(0, 16)}… of ${other.validator}`);
      }
      const height = ctx.block.height + KEY_DELAY;
      keys.set(ctx, { validator, ...keys.get(ctx, validator), next: { key, proof, height } }, validator);
      ctx.emit(beaconEvents.keyRegistered({ validator, key: toHex(key), effective: height }));
    },
    advance(ctx) {
      const { value: previous } = keeper.latest(ctx);
      const { height, beaconSignature: signature } = ctx.block;
      const value = nextBeacon(ctx.crypto, { previous, height, signature });
      keeper.put(ctx, height, value);
      prune(ctx);
      promote(ctx);
      ctx.emit(beaconEvents.beacon({ height, beacon: toHex(value), signed: signature.length > 0 }));
    },
  };
  return keeper;
}
