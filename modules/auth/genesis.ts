/** Accounts as genesis and its export have them: the Cosmos SDK's JSON of a BaseAccount. */
import { LegacyAminoPubKey } from "cosmjs-types/cosmos/crypto/multisig/keys";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { type Environment } from "#kernel/environment.js";
import { base64, fromBase64 } from "#proto/json.js";
import { type Account } from "./index.js";

type AnyKey = NonNullable<Account["pubKey"]>;
/** one that has no number yet gets the next free one */
export type GenesisAccount = Omit<Account, "accountNumber"> & { readonly accountNumber: bigint | undefined };

const SECP = "/cosmos.crypto.secp256k1.PubKey";
const MULTISIG = "/cosmos.crypto.multisig.LegacyAminoPubKey";
const MAX_U64 = (1n << 64n) - 1n;

export function accountJson({ address, pubKey, accountNumber, sequence }: Account): Record<string, unknown> {
  return { "@type": "/cosmos.auth.v1beta1.BaseAccount", address, pub_key: pubKey ? keyJson(pubKey) : null, account_number: `${accountNumber}`, sequence: `${sequence}` };
}

function keyJson({ typeUrl, value }: AnyKey): Record<string, unknown> {
  if (typeUrl === SECP) return { "@type": SECP, key: base64(PubKey.decode(value).key) };
  const { threshold, publicKeys } = LegacyAminoPubKey.decode(value);
  return { "@type": typeUrl, threshold, public_keys: publicKeys.map(keyJson) };
}

/** Throws one line that names the field. */
export function accountsOf(env: Environment, genesis: unknown): GenesisAccount[] {
  const list = ((genesis ?? {}) as { accounts?: unknown }).accounts ?? [];
  if (!Array.isArray(list)) throw new Error("app_state.auth.accounts: want a list");
  const numbers = new Set<bigint>();
  return list.map((entry: unknown, i) => {
    const at = `app_state.auth.accounts[${i}]`;
    const a = (entry ?? {}) as Record<string, unknown>;
    if (typeof a.address !== "string") throw new Error(`${at}.address: is missing`);
    env.addresses.parse(a.address);
    const accountNumber = a.account_number === undefined ? undefined : whole(a.account_number, `${at}.account_number`);
    if (accountNumber !== undefined && numbers.has(accountNumber)) throw new Error(`${at}.account_number: ${accountNumber} stands there twice`);
    if (accountNumber !== undefined) numbers.add(accountNumber);
    const sequence = a.sequence === undefined ? 0n : whole(a.sequence, `${at}.sequence`);
    const pubKey = a.pub_key ? keyOf(a.pub_key, `${at}.pub_key`) : undefined;
    return { address: a.address, ...(pubKey ? { pubKey } : {}), accountNumber, sequence };
  });
}

function whole(v: unknown, at: string): bigint {
  if (!/^\d{1,20}$/.test(String(v)) || BigInt(String(v)) >= MAX_U64) throw new Error(`${at}: got ${JSON.stringify(v)}, want a whole number of 64 bits`);
  return BigInt(String(v));
}

function keyOf(json: unknown, at: string, nested = false): AnyKey {
  const k = json as Record<string, unknown>;
  if (k["@type"] === SECP && typeof k.key === "string") {
    const key = fromBase64(k.key, `${at}.key`);
    if (key.length !== 33) throw new Error(`${at}.key: got ${key.length} bytes, want 33`);
    return { typeUrl: SECP, value: PubKey.encode({ key }).finish() };
  }
  if (!nested && k["@type"] === MULTISIG && Array.isArray(k.public_keys) && typeof k.threshold === "number") {
    const publicKeys = k.public_keys.map((x: unknown, i) => keyOf(x, `${at}.public_keys[${i}]`, true));
    return { typeUrl: MULTISIG, value: LegacyAminoPubKey.encode({ threshold: k.threshold, publicKeys }).finish() };
  }
  throw new Error(`${at}: got ${JSON.stringify(json).slice(0, 100)}, want {"@type": "${SECP}", "key": base64}, or a ${MULTISIG} of them`);
}
