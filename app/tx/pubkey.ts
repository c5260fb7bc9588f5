/** Public keys of accounts and the verification of their signatures, single and threshold. */
import { MultiSignature } from "cosmjs-types/cosmos/crypto/multisig/v1beta1/multisig";
import { type ModeInfo } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { type SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { secp256k1Address } from "#kernel/address.js";
import { concat, equalBytes, fromHex } from "#kernel/bytes.js";
import { type Crypto } from "#kernel/crypto.js";
import { type Environment } from "#kernel/environment.js";
import { sdk } from "#kernel/errors.js";
import { LegacyAminoPubKey } from "#proto/gen/cosmos/crypto/multisig/keys.js";
import { PubKey } from "#proto/gen/cosmos/crypto/secp256k1/keys.js";
import { type Any } from "#proto/gen/google/protobuf/any.js";
import { Writer } from "#proto/wire.js";

export type AnyKey = Readonly<Any>;

const SECP = PubKey.typeUrl;
export const MULTISIG = LegacyAminoPubKey.typeUrl;
/** amino prefixes of tendermint/PubKeySecp256k1 and tendermint/PubKeyMultisigThreshold */
const AMINO_SECP = Uint8Array.of(0xeb, 0x5a, 0xe9, 0x87, 0x21);
const AMINO_MULTISIG = Uint8Array.of(0x22, 0xc1, 0xf7, 0xe2);
const MAX_KEYS = 16;
const SECP_KEY = 33;
const SIGNATURE = 64;

/** A generated codec, or one of cosmjs-types. */
interface AnyCodec<T> {
  decode(bytes: Uint8Array): T;
  encode(message: T): Uint8Array | { finish(): Uint8Array };
}

/**
 * Undefined when the bytes are not exactly what encoding gives. Unknown fields may nest as deep as they like, and a
 * decoder's stack overflow must not make a difference: whatever is not canonical is refused, decoded or not.
 */
function exactly<T>(codec: AnyCodec<T>, bytes: Uint8Array): T | undefined {
  try {
    const message = codec.decode(bytes);
    const again = codec.encode(message);
    return equalBytes(again instanceof Uint8Array ? again : again.finish(), bytes) ? message : undefined;
  } catch {
    return undefined;
  }
}

export function addressOfKey({ crypto, addresses }: Environment, key: AnyKey): string {
  if (key.typeUrl === SECP) return addresses.format(secp256k1Address(crypto, secpKey(key)));
  if (key.typeUrl === MULTISIG) return addresses.format(crypto.sha256(aminoMultisig(key)).slice(0, 20));
  throw sdk.invalidPubKey(`type ${key.typeUrl.slice(0, 100)} is not supported, want ${SECP}`);
}

function secpKey(key: AnyKey): Uint8Array {
  const raw = exactly(PubKey, key.value)?.key;
  if (!raw) throw sdk.invalidPubKey(`secp256k1 key: ${key.value.length} bytes that are not canonical protobuf`);
  if (raw.length !== SECP_KEY) throw sdk.invalidPubKey(`secp256k1 key of ${raw.length} bytes, want ${SECP_KEY}`);
  return raw;
}

function multisigKey(key: AnyKey): LegacyAminoPubKey {
  const k = exactly(LegacyAminoPubKey, key.value);
  if (!k) throw sdk.invalidPubKey(`multisig key: ${key.value.length} bytes that are not canonical protobuf`);
  // The address says nothing of a member's type: with another one whoever passes a transaction on could lock the member out.
  const other = k.publicKeys.find((m) => m.typeUrl !== SECP);
  if (other) throw sdk.invalidPubKey(`member of a multisig key of type ${JSON.stringify(other.typeUrl.slice(0, 100))}, want ${SECP}`);
  if (k.threshold < 1 || k.publicKeys.length > MAX_KEYS || k.publicKeys.length < k.threshold) throw sdk.invalidPubKey(`multisig ${k.threshold} of ${k.publicKeys.length}`);
  return k;
}

function aminoMultisig(key: AnyKey): Uint8Array {
  const { threshold, publicKeys } = multisigKey(key);
  const w = new Writer();
  w.uint32(8).uint32(threshold);
  for (const k of publicKeys) w.uint32(18).bytes(concat(AMINO_SECP, secpKey(k)));
  return concat(AMINO_MULTISIG, w.finish());
}

/** How many single signatures a key asks for at most: the limit counts them. */
export const keyCount = (key: AnyKey): number => (key.typeUrl === MULTISIG ? multisigKey(key).publicKeys.length : 1);

/** Stands for the key of an account that has not signed yet, in a simulation; it is the SDK's. */
export const SIMULATED_KEY: AnyKey = { typeUrl: SECP, value: PubKey.encode({ key: fromHex("035ad6810a47f073553ff30d2fcc7e0d3b1c0b74b61a1aaa2582344037151e143a") }) };

/** Bytes that a signature and its key are taken for in a simulation: the SDK's amino record of both, and six; of a threshold key as many as a transaction may have signatures. */
export function simulatedSize(key: AnyKey, limit: bigint): bigint {
  const field = (length: number): number => 1 + Writer.create().uint32(length).finish().length + length;
  const keySize = key.typeUrl === MULTISIG ? aminoMultisig(key).length : AMINO_SECP.length + SECP_KEY;
  const size = BigInt(field(keySize) + field(SIGNATURE) + 6);
  return key.typeUrl === MULTISIG ? size * limit : size;
}

type BitArray = NonNullable<NonNullable<ModeInfo["multi"]>["bitarray"]>;
const bitCount = ({ elems, extraBitsStored }: BitArray): number => (elems.length - 1) * 8 + (extraBitsStored || 8);
const bit = ({ elems }: BitArray, i: number): boolean => ((((elems[i >> 3] ?? 0) >> (7 - (i & 7))) & 1) === 1);
/** One array of bits for one set of signers: what lies beyond its end is zero. */
function isBitArray(b: BitArray, size: number): boolean {
  if (b.extraBitsStored > 7 || bitCount(b) !== size) return false;
  for (let i = size; i < b.elems.length * 8; i++) if (bit(b, i)) return false;
  return true;
}

/** How many single signatures are there to verify: gas counts them. */
export function signaturesGiven(key: AnyKey, mode: ModeInfo | undefined): number {
  const all = keyCount(key);
  const bits = mode?.multi?.bitarray;
  if (key.typeUrl !== MULTISIG || !bits) return all;
  let given = 0;
  for (let i = 0; i < all; i++) if (bit(bits, i)) given++;
  return given;
}

/** As transactions are indexed by them: the signature; of a threshold key each one and then all together. */
export function signatureParts(mode: ModeInfo | undefined, signature: Uint8Array): Uint8Array[] {
  const each = mode?.multi ? (exactly(MultiSignature, signature)?.signatures ?? []) : [];
  return [...each, signature];
}

/** Whether the signature is the key's; `bytesFor` gives the sign bytes of a mode. */
export function verifySignature(crypto: Crypto, key: AnyKey, mode: ModeInfo | undefined, signature: Uint8Array, bytesFor: (mode: SignMode) => Uint8Array): boolean {
  if (key.typeUrl === SECP) {
    if (!mode?.single) return false;
    return crypto.verifySecp256k1(secpKey(key), crypto.sha256(bytesFor(mode.single.mode)), signature);
  }
  if (key.typeUrl !== MULTISIG || !mode?.multi?.bitarray) return false;
  const { threshold, publicKeys } = multisigKey(key);
  const { bitarray, modeInfos } = mode.multi;
  const signatures = exactly(MultiSignature, signature)?.signatures;
  if (!signatures) return false;
  if (!isBitArray(bitarray, publicKeys.length) || signatures.length !== modeInfos.length || signatures.length < threshold) return false;
  let at = 0;
  for (let i = 0; i < publicKeys.length; i++) {
    if (!bit(bitarray, i)) continue;
    const one = signatures[at];
    if (!one || !verifySignature(crypto, publicKeys[i] as AnyKey, modeInfos[at], one, bytesFor)) return false;
    at++;
  }
  return at === signatures.length;
}
