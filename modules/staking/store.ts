/** The store `staking`: prefixes as in the Cosmos SDK; queues have a key for each entry in place of a list for each time. */
import { address, bytes, key, lastAddress, type Part, u64 } from "#kernel/keys.js";
import { decimalValue, defineStore, textValue, u64Value } from "#kernel/store.js";
import { Delegation, HistoricalInfo, Redelegation, UnbondingDelegation, Validator } from "#proto/gen/cosmos/staking/v1beta1/staking.js";

/** A raw address with every bit turned: walked backwards, the lower address comes first among equals. */
const turned: Part<string> = {
  name: "~address…",
  last: true,
  encode: (v, env) => env.addresses.parse(v).map((b) => 255 - b),
  decode: (b, at, env) => [env.addresses.format(b.slice(at).map((x) => 255 - x)), b.length],
};

export const store = defineStore("staking");
export const lastPowers = store.map(0x11, "power of a validator as the engine was last told, by operator", key(address), u64Value);
export const lastTotal = store.item(0x12, "the power of all of them", decimalValue);
export const validators = store.map(0x21, "a validator by its operator", key(address), Validator);
export const operators = store.map(0x22, "the operator of the validator with a consensus address", key(bytes(20)), textValue);
export const powerIndex = store.set(0x23, "validators that are not jailed, by the power that they have or would have", key(u64, turned));
export const delegations = store.map(0x31, "a delegation by delegator and operator", key(address, address), Delegation);
export const unbondings = store.map(0x32, "what a delegator takes back, by delegator and operator", key(address, address), UnbondingDelegation);
export const unbondingsFrom = store.set(0x33, "who takes back from a validator", key(address, address));
export const redelegations = store.map(0x34, "a delegator's moves from one validator to another", key(address, address, address), Redelegation);
export const redelegationsFrom = store.set(0x35, "moves by the validator that was left", key(address, address, address));
export const redelegationsTo = store.set(0x36, "a delegator's moves by the validator that was gone to", key(address, address, address));
export const unbondingId = store.item(0x37, "the last number given to an unbonding", u64Value);
export const unbondingQueue = store.set(0x41, "when something taken back is paid, nanoseconds", key(u64, address, address));
export const redelegationQueue = store.set(0x42, "when a move is over, nanoseconds", key(u64, address, address, address));
export const validatorQueue = store.set(0x43, "when a validator is unbonded, nanoseconds, and the height where it began", key(u64, u64, lastAddress));
export const history = store.map(0x50, "who could sign a block, by height", key(u64), HistoricalInfo);
// 0x51: params.ts
export const delegators = store.set(0x71, "who delegates to a validator", key(address, address));
