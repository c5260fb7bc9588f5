/**
 * `beacon`: one random value a block, from the proposer's unique signature (protocol section 8).
 *
 * The block pipeline has checked the signature of transaction 0; where that failed it hands over no bytes, and the chain
 * of values goes on without.
 */
import { equalBytes, toHex } from "#kernel/bytes.js";
import { type Context, event } from "#kernel/context.js";
import { dumpStore, loadStore } from "#kernel/dump.js";
import { type AppModule, message, query } from "#kernel/module.js";
import { type View, prefixEnd } from "#kernel/store.js";
import { MsgRegisterBeaconKey, MsgRegisterBeaconKeyResponse, QueryBeaconRequest, QueryBeaconResponse } from "#proto/gen/pouw.js";
import { beaconGenesis, nextBeacon } from "#protocol/draws/beacon.js";
import { beaconErrors } from "./errors.js";
import { KEY_DELAY, verifyPossession } from "./keys.js";
import { STORE, newest, proofs, values } from "./store.js";
import type { BeaconKeeper, BeaconPorts } from "./types.js";

export { KEY_DELAY, possessionMessage, proposerKeyAt, verifyPossession } from "./keys.js";
export { beaconErrors } from "./errors.js";
export type { BeaconKeeper, BeaconPorts } from "./types.js";

/** Blocks of history beyond what draws and claims can ask for. */
const MARGIN = 100n;

export function defineBeacon(ports: BeaconPorts): { module: AppModule; keeper: BeaconKeeper } {
  const keeper: BeaconKeeper = {
    at: (ctx, height) => values.get(ctx, height),
    latest(ctx) {
      const height = newest.get(ctx);
      const value = height === undefined ? undefined : values.get(ctx, height);
      if (height === undefined || !value) throw new Error("beacon: no value yet; InitChain writes the first");
      return { height, value };
    },
  };

  const put = (ctx: Context, height: bigint, value: Uint8Array) => {
    values.set(ctx, value, height);
    newest.set(ctx, height);
  };

  function prune(ctx: Context): void {
    const p = ports.params.get(ctx);
    const keep = p.drawDelay + p.claimWindow + 2n * p.verdictWindow + MARGIN;
    if (ctx.block.height > keep) values.delete(ctx, ctx.block.height - keep);
  }

  /** A key registered two blocks ago takes the place of the old one. */
  function promoteKeys(ctx: Context): void {
    for (const v of ports.validators.all(ctx)) {
      if (v.nextBeaconKey.length === 0 || ctx.block.height < v.nextBeaconHeight) continue;
      ports.validators.set(ctx, {
        ...v,
        beaconKey: v.nextBeaconKey,
        beaconProof: proofs.get(ctx, v.operator) ?? v.beaconProof,
        nextBeaconKey: new Uint8Array(0),
        nextBeaconHeight: 0n,
      });
      proofs.delete(ctx, v.operator);
      ctx.emit(event("beacon_key_effective", { validator: v.operator, key: toHex(v.nextBeaconKey) }));
    }
  }

  function registerKey(ctx: Context, m: MsgRegisterBeaconKey): MsgRegisterBeaconKeyResponse {
    const v = ports.validators.byOperator(ctx, m.validator);
    if (!v) throw beaconErrors.notValidator(m.validator);
    if (m.key.length !== 48) throw beaconErrors.badKey(`got ${m.key.length} bytes`);
    if (!verifyPossession(ctx.crypto, m.key, m.proof)) throw beaconErrors.badProof(`proof of ${m.proof.length} bytes for key ${toHex(m.key).slice(0, 16)}…`);
    for (const other of ports.validators.all(ctx)) {
      if (other.operator !== v.operator && (equalBytes(other.beaconKey, m.key) || equalBytes(other.nextBeaconKey, m.key))) {
        throw beaconErrors.keyTaken(`key ${toHex(m.key).slice(0, 16)}… of ${other.operator}`);
      }
    }
    const effective = ctx.block.height + KEY_DELAY;
    ports.validators.set(ctx, { ...v, nextBeaconKey: m.key, nextBeaconHeight: effective });
    proofs.set(ctx, m.proof, v.operator);
    ctx.emit(event("beacon_key_registered", { validator: v.operator, key: toHex(m.key), effective }));
    return {};
  }

  const module: AppModule = {
    name: "beacon",
    stores: [STORE],
    messages: [message("beacon", MsgRegisterBeaconKey, MsgRegisterBeaconKeyResponse, registerKey)],
    queries: [
      query("/pouw.v1.Query/Beacon", QueryBeaconRequest, QueryBeaconResponse, (ctx, q) => {
        if (q.height === 0n) {
          const { height, value } = keeper.latest(ctx);
          return { height, beacon: value };
        }
        const beacon = keeper.at(ctx, q.height);
        if (!beacon) throw beaconErrors.unknownHeight(`height ${q.height}`);
        return { height: q.height, beacon };
      }),
    ],
    initGenesis(ctx, genesis) {
      const g = (genesis ?? {}) as { genesisTimeNs?: unknown; entries?: unknown };
      if (g.entries !== undefined) return loadStore(ctx, STORE, g.entries);
      const time = g.genesisTimeNs;
      if (time !== undefined && (typeof time !== "string" || !/^[0-9]{1,19}$/.test(time))) {
        throw new Error(`app_state.beacon.genesisTimeNs: got ${JSON.stringify(time)}, want nanoseconds since 1970 as a decimal string`);
      }
      const genesisTimeNs = time === undefined ? ctx.block.timeNs : BigInt(time as string);
      put(ctx, ctx.block.height > 0n ? ctx.block.height - 1n : 0n, beaconGenesis(ctx.crypto, { chainId: ctx.block.chainId, genesisTimeNs }));
    },
    exportGenesis: (ctx) => ({ entries: dumpStore(ctx, STORE) }),
    beginBlock(ctx) {
      const { value: previous } = keeper.latest(ctx);
      const { height, beaconSignature: signature } = ctx.block;
      const value = nextBeacon(ctx.crypto, { previous, height, signature });
      put(ctx, height, value);
      prune(ctx);
      promoteKeys(ctx);
      ctx.emit(event("beacon", { height, beacon: toHex(value), signed: signature.length === 0 ? "false" : "true" }));
    },
    invariants: {
      /** The newest value is the one with the highest height, and every value is a digest. */
      history(ctx: View) {
        const height = newest.get(ctx);
        if (height === undefined) return "no newest height";
        for (const [key, value] of ctx.store(STORE).reverse(Uint8Array.of(1), prefixEnd(Uint8Array.of(1)))) {
          if (value.length !== 32) return `beacon at ${toHex(key.subarray(1))} has ${value.length} bytes`;
          if (equalBytes(key.subarray(1), values.key(ctx, height))) return undefined;
          return `highest kept height is not the newest, ${height}`;
        }
        return "no value is kept";
      },
    },
  };
  return { module, keeper };
}
