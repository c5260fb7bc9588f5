/** The store of `bank`, laid out as the Cosmos SDK has it. Amounts are decimal text; an amount of nothing is not kept. */
import { concat, utf8 } from "#kernel/bytes.js";
import { address, key, lastText, type Part } from "#kernel/keys.js";
import { decimalValue, defineStore, type ValueCodec } from "#kernel/store.js";
import { Metadata } from "#proto/gen/cosmos/bank/v1beta1/bank.js";

/** A denomination and a zero byte, which none contains: so no denomination's keys stand among those of a longer one. */
const endedDenom: Part<string> = {
  name: "denom and 0",
  encode: (denom) => concat(utf8(denom), Uint8Array.of(0)),
  decode(bytes, at) {
    const end = bytes.indexOf(0, at);
    if (end < 0) throw new RangeError("a denomination in a key has no end");
    return [String.fromCharCode(...bytes.subarray(at, end)), end + 1];
  },
};

/** One byte, 0 or 1. */
const boolValue: ValueCodec<boolean> = { encode: (v) => Uint8Array.of(v ? 1 : 0), decode: (b) => b[0] === 1 };

export const store = defineStore("bank");

export const supplies = store.map(0, "the supply of a denomination", key(lastText), decimalValue);
export const metadata = store.map(1, "what wallets show of a denomination", key(lastText), Metadata);
export const balances = store.map(2, "what an account has of a denomination", key(address, lastText), decimalValue);
export const owners = store.set(3, "who has something of a denomination: an index of the balances", key(endedDenom, address));
export const sendEnabled = store.map(4, "whether messages may transfer a denomination, where it differs from the parameters", key(lastText), boolValue);
/** params.ts declares what stands there. */
export const PARAMS = 5;
