/** Account addresses: bech32 of 20 bytes under the chain's prefix. */
import { bech32 } from "@scure/base";
import { crypto, sha256 } from "./crypto.js";
import { sdk } from "./errors.js";
import { utf8 } from "./bytes.js";

let prefix = "pouw";

export const isAddressPrefix = (text: string): boolean => /^[a-z][a-z0-9]{0,15}$/.test(text);

/** The prefix of this process's chain; set once by an entry point from genesis or config. */
export function setAddressPrefix(value: string): void {
  if (!isAddressPrefix(value)) throw sdk.invalidAddress(`prefix ${JSON.stringify(value)}: want 1 to 16 of a–z and 0–9`);
  prefix = value;
}

export const addressPrefix = (): string => prefix;

export const toBech32 = (bytes: Uint8Array, hrp: string = prefix): string => bech32.encode(hrp, bech32.toWords(bytes));

/**
 * 20 raw bytes of an account address (32 for a derived one). Throws sdk.invalidAddress. Bech32 would allow all upper case
 * too: that is refused, so that an address has one spelling and equal addresses are equal strings.
 */
export function fromBech32(address: string): Uint8Array {
  if (address !== address.toLowerCase()) throw sdk.invalidAddress(`${JSON.stringify(address.slice(0, 100))} has upper-case letters: write the address in lower case`);
  let decoded: { prefix: string; words: number[] };
  try {
    decoded = bech32.decode(address as `${string}1${string}`);
  } catch {
    throw sdk.invalidAddress(`${JSON.stringify(address.slice(0, 100))} is not a bech32 address`);
  }
  if (decoded.prefix !== prefix) throw sdk.invalidAddress(`address ${address} has prefix ${decoded.prefix}, want ${prefix}`);
  const bytes = bech32.fromWords(decoded.words);
  if (bytes.length !== 20 && bytes.length !== 32) throw sdk.invalidAddress(`address ${address} has ${bytes.length} bytes, want 20`);
  return Uint8Array.from(bytes);
}

/** Address bytes of a compressed secp256k1 key: RIPEMD-160 of SHA-256. */
export const secp256k1Address = (key: Uint8Array): Uint8Array => crypto().ripemd160(sha256(key));

/** Consensus address of an ed25519 key: the first 20 bytes of its SHA-256. */
export const consensusAddress = (key: Uint8Array): Uint8Array => sha256(key).slice(0, 20);

/** Address of a module's own account, as in the Cosmos SDK: the first 20 bytes of SHA-256 of its name. */
export const moduleAddress = (name: string): string => toBech32(sha256(utf8(name)).slice(0, 20));
