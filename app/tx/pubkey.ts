/** Public keys of accounts and the verification of their signatures, single and threshold. */
import { LegacyAminoPubKey } from "cosmjs-types/cosmos/crypto/multisig/keys";
import { MultiSignature } from "cosmjs-types/cosmos/crypto/multisig/v1beta1/multisig";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { type ModeInfo } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { type SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { secp256k1Address, toBech32 } from "#kernel/address.js";
import { concat, equalBytes } from "#kernel/bytes.js";
import { crypto, sha256 } from "#kernel/crypto.js";
import { sdk } from "#kernel/errors.js";
import { Writer } from "#proto/wire.js";

export interface AnyKey {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

const SECP = "/cosmos.crypto.secp256k1.PubKey";
const MULTISIG = "/cosmos.crypto.multisig.LegacyAminoPubKey";
/** amino prefixes of tendermint/PubKeySecp256k1 and tendermint/PubKeyMultisigThreshold */
const AMINO_SECP = Uint8Array.of(0xeb, 0x5a, 0xe9, 0x87, 0x21);
const AMINO_MULTISIG = Uint8Array.of(0x22, 0xc1, 0xf7, 0xe2);
const MAX_KEYS = 16;

interface CosmosCodec<T> {
  decode(bytes: Uint8Array): T;
  encode(message: T): { finish(): Uint8Array };
}

/**
 * Undefined when the bytes are not exactly what encoding gives. Unknown fields may nest as deep as they like, and a
 * decoder's stack overflow must not make a difference: whatever is not canonical is refused, decoded or not.
 */
function exactly<T>(codec: CosmosCodec<T>, bytes: Uint8Array): T | undefined {
  try {
    const message = codec.decode(bytes);
    return equalBytes(codec.encode(message).finish(), bytes) ? message : undefined;
  } catch {
    return undefined;
  }
}

export function addressOfKey(key: AnyKey): string {
  if (key.typeUrl === SECP) return toBech32(secp256k1Address(secpKey(key)));
  if (key.typeUrl === MULTISIG) return toBech32(sha256(aminoMultisig(key)).slice(0, 20));
  throw sdk.invalidPubKey(`type ${key.typeUrl.slice(0, 100)} is not supported, want ${SECP}`);
}

function secpKey(key: AnyKey): Uint8Array {
  const raw = exactly(PubKey, key.value)?.key;
  if (!raw) throw sdk.invalidPubKey(`secp256k1 key: ${key.value.length} bytes that are not canonical protobuf`);
  if (raw.length !== 33) throw sdk.invalidPubKey(`secp256k1 key of ${raw.length} bytes, want 33`);
  return raw;
}

function multisigKey(key: AnyKey): LegacyAminoPubKey {
  const k = exactly(LegacyAminoPubKey, key.value);
  if (!k) throw sdk.invalidPubKey(`multisig key: ${key.value.length} bytes that are not canonical protobuf`);
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

/** How many single signatures a key asks for at most: gas and the limit count them. */
export const keyCount = (key: AnyKey): number => (key.typeUrl === MULTISIG ? multisigKey(key).publicKeys.length : 1);

/** Whether the signature is the key's; `bytesFor` gives the sign bytes of a mode. */
export function verifySignature(key: AnyKey, mode: ModeInfo | undefined, signature: Uint8Array, bytesFor: (mode: SignMode) => Uint8Array): boolean {
  if (key.typeUrl === SECP) {
    if (!mode?.single) return false;
    return crypto().verifySecp256k1(secpKey(key), sha256(bytesFor(mode.single.mode)), signature);
  }
  if (key.typeUrl !== MULTISIG || !mode?.multi?.bitarray) return false;
  const { threshold, publicKeys } = multisigKey(key);
  const { bitarray, modeInfos } = mode.multi;
  const signatures = exactly(MultiSignature, signature)?.signatures;
  if (!signatures) return false;
  const size = (bitarray.elems.length - 1) * 8 + (bitarray.extraBitsStored || 8);
  if (size !== publicKeys.length || signatures.length !== modeInfos.length || signatures.length < threshold) return false;
  let at = 0;
  for (let i = 0; i < publicKeys.length; i++) {
    if (!(((bitarray.elems[i >> 3] as number) >> (7 - (i & 7))) & 1)) continue;
    const one = signatures[at];
    if (!one || !verifySignature(publicKeys[i] as AnyKey, modeInfos[at], one, bytesFor)) return false;
    at++;
  }
  return at === signatures.length;
}
