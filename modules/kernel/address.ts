/** Account addresses: bech32 of 20 bytes under the chain's prefix. */
import { bech32 } from "@scure/base";
import { type Crypto, type Hash } from "./crypto.js";
import { sdk } from "./errors.js";
import { utf8 } from "./bytes.js";

/** Where neither genesis nor configuration names another. */
export const DEFAULT_PREFIX = "pouw";

export const isAddressPrefix = (text: string): boolean => /^[a-z][a-z0-9]{0,15}$/.test(text);

export const toBech32 = (prefix: string, bytes: Uint8Array): string => bech32.encode(prefix, bech32.toWords(bytes));

/** The addresses of one chain. */
export interface Addresses {
  readonly prefix: string;
  /** bech32 of raw bytes */
  format(bytes: Uint8Array): string;
  /**
   * 20 raw bytes of an account address (32 for a derived one). Throws sdk.invalidAddress. Bech32 would allow all upper
   * case too: what clients send is put into lower case at the door (`lowerCase`), so that behind it an address has one
   * spelling and equal addresses are equal strings.
   */
  parse(text: string): Uint8Array;
  /** The same bytes as an operator of a validator is written (prefix "…valoper"). */
  readonly operator: OtherForm;
  /** Consensus addresses (prefix "…valcons"). */
  readonly consensus: OtherForm;
  /** A module's own account, as in the Cosmos SDK: the first 20 bytes of SHA-256 of its name. */
  module(name: string): string;
}

/** Another bech32 form of raw addresses. */
export interface OtherForm {
  format(bytes: Uint8Array): string;
  /** Throws sdk.invalidAddress. */
  parse(text: string): Uint8Array;
}

const OPERATOR = "valoper";

/** The account of an operator's address; any other text as it is. Who signs for a validator is its operator. */
export function accountOfOperator(text: string): string {
  const end = text.lastIndexOf("1");
  if (end < 0 || !text.slice(0, end).endsWith(OPERATOR)) return text;
  try {
    const { prefix, words } = bech32.decode(text as `${string}1${string}`);
    return bech32.encode(prefix.slice(0, -OPERATOR.length), words);
  } catch {
    throw sdk.invalidAddress(`${JSON.stringify(text.slice(0, 100))} is not a bech32 address`);
  }
}

/** The operator's address of an account of this chain. Throws where the text is no account's. */
export const operatorText = ({ addresses }: { readonly addresses: Addresses }, account: string): string => addresses.operator.format(addresses.parse(account));

/** The other way: the operator's address of an account; text that is no address stays as it is. */
export function operatorOfAccount(text: string): string {
  try {
    const { prefix, words } = bech32.decode(text as `${string}1${string}`);
    return bech32.encode(`${prefix}${OPERATOR}`, words);
  } catch {
    return text;
  }
}

/** Text that is an address in upper case, as bech32 allows it to be written, in the one spelling that the state has; any other text as it is. */
export function lowerCase(text: string): string {
  if (!UPPER.test(text)) return text;
  const lower = text.toLowerCase();
  return bech32.decodeUnsafe(lower) ? lower : text;
}
/** All that bech32 is written with, no lower-case letter, a separator behind the prefix: cheap, before the checksum is looked at. */
const UPPER = /^[A-Z][A-Z0-9]{0,25}1[02-9AC-HJ-NP-Z]{38,100}$/;

/** Above the accounts that a few blocks touch; then all are forgotten. */
const MAX_PARSED = 16_384;

/** Throws sdk.invalidAddress for a prefix that is none. */
export function makeAddresses(prefix: string, hash: Hash): Addresses {
  if (!isAddressPrefix(prefix)) throw sdk.invalidAddress(`prefix ${JSON.stringify(prefix)}: want 1 to 16 of a–z and 0–9`);
  const modules = new Map<string, string>();
  // PERF: reading an address takes 2.4 µs, finding it 0.1 µs, and a transfer's keys ask for its two addresses some ten times.
  const parsed = new Map<string, Uint8Array>();
  const format = (bytes: Uint8Array): string => toBech32(prefix, bytes);
  const form = (suffix: string): OtherForm => ({ format: (bytes) => toBech32(prefix + suffix, bytes), parse: (text) => parse(prefix + suffix, text) });
  return {
    prefix,
    format,
    operator: form(OPERATOR),
    consensus: form("valcons"),
    parse(text) {
      let bytes = parsed.get(text);
      if (!bytes) {
        bytes = parse(prefix, text);
        if (parsed.size >= MAX_PARSED) parsed.clear();
        parsed.set(text, bytes);
      }
      return bytes.slice();
    },
    module(name) {
      let address = modules.get(name);
      if (address === undefined) {
        address = format(hash.sha256(utf8(name)).slice(0, 20));
        modules.set(name, address);
      }
      return address;
    },
  };
}

function parse(prefix: string, address: string): Uint8Array {
  if (address !== address.toLowerCase()) throw sdk.invalidAddress(`${JSON.stringify(address.slice(0, 100))} has upper-case letters: write the address in lower case`);
  let decoded: { prefix: string; bytes: Uint8Array };
  try {
    const { prefix: hrp, words } = bech32.decode(address as `${string}1${string}`);
    decoded = { prefix: hrp, bytes: bech32.fromWords(words) };
  } catch {
    throw sdk.invalidAddress(`${JSON.stringify(address.slice(0, 100))} is not a bech32 address`);
  }
  if (decoded.prefix !== prefix) throw sdk.invalidAddress(`address ${address} has prefix ${decoded.prefix}, want ${prefix}`);
  const { bytes } = decoded;
  if (bytes.length !== 20 && bytes.length !== 32) throw sdk.invalidAddress(`address ${address} has ${bytes.length} bytes, want 20`);
  return Uint8Array.from(bytes);
}

/** Address bytes of a compressed secp256k1 key: RIPEMD-160 of SHA-256. */
export const secp256k1Address = (crypto: Pick<Crypto, "sha256" | "ripemd160">, key: Uint8Array): Uint8Array => crypto.ripemd160(crypto.sha256(key));

/** Consensus address of an ed25519 key: the first 20 bytes of its SHA-256. */
export const consensusAddress = (hash: Hash, key: Uint8Array): Uint8Array => hash.sha256(key).slice(0, 20);
