/** What `validators` needs of other modules, and what it offers. Ports are read at call time. */
import type { View } from "#kernel/store.js";
import type { Params, Validator as WireValidator } from "#proto/gen/pouw/validators/v1/types.js";

/** A validator as genesis names it. Whether its power counts is not written here: it does while the beacon has a key of it. */
export type Validator = Readonly<WireValidator>;

/** A validator's place in the set of one height. */
export interface Member {
  /** bech32 account */
  readonly operator: string;
  /** ed25519, 32 bytes */
  readonly consensusKey: Uint8Array;
  /** the first 20 bytes of the key's SHA-256 */
  readonly consensusAddress: Uint8Array;
  readonly power: bigint;
}

export interface ValidatorsPorts {
  /** whether the operator's validator has a key that it can sign the beacon with now */
  readonly beacon: { has(view: View, operator: string): boolean };
}

export interface ValidatorsKeeper {
  params(view: View): Params;
  /** ascending by raw operator address */
  all(view: View): readonly Validator[];
  byConsensusAddress(view: View, address: Uint8Array): Validator | undefined;
  byOperator(view: View, address: string): Validator | undefined;
  /** of those that have a beacon key */
  totalPower(view: View): bigint;
  /** Whose power counted at a height, ascending by raw operator address. The set is that of genesis so far, at every height. */
  at(view: View, height: bigint): readonly Member[];
}
