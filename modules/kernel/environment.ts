/** What all of a chain's state machine shares, and what no key of its state holds. */
import { type Addresses, makeAddresses } from "./address.js";
import { type Crypto } from "./crypto.js";

export interface Environment {
  readonly crypto: Crypto;
  readonly addresses: Addresses;
}

/** Throws sdk.invalidAddress for a prefix that is none. */
export const makeEnvironment = (crypto: Crypto, prefix: string): Environment => ({ crypto, addresses: makeAddresses(prefix, crypto) });
