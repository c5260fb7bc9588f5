/** What makes a validator on chain: its operator's messages. */
import { type Addresses } from "#kernel/address.js";
import { parseDec } from "#proto/dec.js";
import { type Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { PubKey } from "#proto/gen/cosmos/crypto/ed25519/keys.js";
import { Description } from "#proto/gen/cosmos/staking/v1beta1/staking.js";
import { MsgCreateValidator } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { MsgRegisterBeaconKey } from "#proto/gen/pouw/beacon/v1/tx.js";

export interface ValidatorTerms {
  /** its first stake, the operator's own */
  readonly stake: Coin;
  readonly description: Partial<Description> & { readonly moniker: string };
  /** parts of one as people write them: 0.1 */
  readonly rate: string;
  readonly maxRate: string;
  readonly maxChangeRate: string;
  /** base units */
  readonly minSelfDelegation: string;
}

/** As the Cosmos SDK's command line has them. */
export const DEFAULT_TERMS = { rate: "0.1", maxRate: "0.2", maxChangeRate: "0.01", minSelfDelegation: "1" } as const;

/** `operator`: bech32 account; `consensusKey`: ed25519, 32 bytes. Throws for a rate that is no decimal number. */
export function createValidator(addresses: Addresses, operator: string, consensusKey: Uint8Array, t: ValidatorTerms): MsgCreateValidator {
  const dec = (what: string, text: string): string => {
    try {
      return `${parseDec(text)}`;
    } catch {
      throw new Error(`${what} is ${JSON.stringify(text)}, want a part of one such as 0.1`);
    }
  };
  return MsgCreateValidator.create({
    description: Description.create(t.description),
    commission: { rate: dec("the commission rate", t.rate), maxRate: dec("the highest commission rate", t.maxRate), maxChangeRate: dec("the largest change of the commission rate", t.maxChangeRate) },
    minSelfDelegation: t.minSelfDelegation,
    validatorAddress: addresses.operator.format(addresses.parse(operator)),
    pubkey: { typeUrl: PubKey.typeUrl, value: PubKey.encode({ key: consensusKey }) },
    value: t.stake,
  });
}

/** `key`: 48 bytes, `proof`: 96. */
export const registerBeaconKey = (operator: string, key: Uint8Array, proof: Uint8Array): MsgRegisterBeaconKey => MsgRegisterBeaconKey.create({ validator: operator, key, proof });
