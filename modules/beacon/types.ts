/** Beacon keys as the module has them, what it needs of other modules, and what it offers. Ports are read at call time. */
import type { Crypto } from "#kernel/crypto.js";
import type { Context } from "#kernel/context.js";
import { toHex } from "#kernel/bytes.js";
import type { View } from "#kernel/store.js";
import { BeaconKey as WireBeaconKey } from "#proto/gen/pouw/beacon/v1/types.js";
import type { MsgRegisterBeaconKey } from "#proto/gen/pouw/beacon/v1/tx.js";
import { beaconErrors } from "./errors.js";
import { verifyPossession } from "./keys.js";

/** A key whose holder has proved that it can sign with it. */
export interface ProvenKey {
  /** BLS12-381 G1, 48 bytes */
  readonly key: Uint8Array;
  /** 96 bytes */
  readonly proof: Uint8Array;
}

/** The keys of a validator: the one that it signs with, and the one that takes its place. There is one of the two at least. */
export interface BeaconKey {
  /** operator address */
  readonly validator: string;
  readonly current?: ProvenKey;
  /** signs from the block `height` on */
  readonly next?: ProvenKey & { readonly height: bigint };
}

/** From the store, whose writer has checked it. */
export const parseBeaconKey = ({ validator, key, proof, next }: WireBeaconKey): BeaconKey => ({
  validator,
  ...(key.length > 0 ? { current: { key, proof } } : {}),
  ...(next ? { next } : {}),
});

export const wireBeaconKey = ({ validator, current, next }: BeaconKey): WireBeaconKey =>
  WireBeaconKey.create({ validator, ...current, ...(next ? { next: { ...next } } : {}) });

export interface RegisterBeaconKey extends ProvenKey {
  readonly validator: string;
}

/** Throws badKey and badProof. */
export function parseRegisterBeaconKey(crypto: Pick<Crypto, "sha256" | "verifyBls">, { validator, key, proof }: MsgRegisterBeaconKey): RegisterBeaconKey {
  if (key.length !== 48) throw beaconErrors.badKey(`got ${key.length} bytes`);
  if (!verifyPossession(crypto, key, proof)) throw beaconErrors.badProof(`proof of ${proof.length} bytes for key ${toHex(key).slice(0, 16)}…`);
  return { validator, key, proof };
}

export interface BeaconPorts {
  readonly staking: {
    /** operators of those who sign */
    bonded(view: View): readonly string[];
    byOperator(view: View, address: string): { readonly operator: string } | undefined;
  };
  /** how far back a draw or a claim may ask */
  readonly work: { /** blocks that draws, claims and verdicts may look back on */ history(view: View): bigint };
}

export interface BeaconKeeper {
  /** beacon(height); undefined when it was pruned or lies ahead. */
  at(view: View, height: bigint): Uint8Array | undefined;
  /** The newest value. In committed state of block h it is beacon(h), which block h+1's proposer signs. */
  latest(view: View): { readonly height: bigint; readonly value: Uint8Array };
  /** Whether the operator's validator has a key that is effective. */
  has(view: View, operator: string): boolean;
  /** In genesis: the key that the validator has registered signs from the first block on. */
  atOnce(ctx: Context, operator: string): void;
  /** The validator is gone, and its keys with it. */
  forget(ctx: Context, operator: string): void;
  /** The key that the proposer of a coming block signs the beacon with; undefined when it has none. */
  proposerKey(view: View, operator: string, height: bigint): Uint8Array | undefined;
}
