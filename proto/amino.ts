/** Amino JSON of messages by their field descriptors, as SIGN_MODE_LEGACY_AMINO_JSON signs it. */
import { decText, fromWire } from "./dec.js";
import { PubKey as Ed25519 } from "./gen/cosmos/crypto/ed25519/keys.js";
import { PubKey as Secp256k1 } from "./gen/cosmos/crypto/secp256k1/keys.js";
import type { Any } from "./gen/google/protobuf/any.js";
import { base64 } from "./json.js";
import { type Instant, timestampText } from "./time.js";
import { type Codec, decodeCanonical, type FieldInfo } from "./wire.js";

/** Messages that are text: a time, and a length of time in nanoseconds. */
const TEXTS: Readonly<Record<string, (v: unknown) => string>> = {
  "/google.protobuf.Timestamp": (v) => timestampText(v as Instant),
  "/google.protobuf.Duration": (v) => `${(v as Instant).seconds * 1_000_000_000n + BigInt((v as Instant).nanos)}`,
};
/** Keys stand in amino JSON as their bytes, behind the name of their type. */
const KEYS = new Map([Ed25519, Secp256k1].map((codec) => [codec.typeUrl, codec]));

/** snake_case, 64-bit integers as strings, bytes base64, decimal numbers with their point; defaults left out where the .proto does not keep them. Throws for an Any of a type that has no amino form. */
export function aminoJson(codec: Codec<unknown>, message: unknown): unknown {
  const text = TEXTS[codec.typeUrl];
  if (text) return text(message);
  if (codec.typeUrl === "/google.protobuf.Any") return aminoAny(message as Any);
  const out: Record<string, unknown> = {};
  for (const f of codec.fields) {
    const v = (message as Record<string, unknown>)[f.name];
    if (f.repeated) {
      const list = v as unknown[];
      if (list.length > 0 || f.aminoKeepsEmpty) out[f.proto] = list.map((x) => aminoValue(f, x));
    } else if (v !== undefined && (f.aminoKeepsEmpty || f.optional || (v !== 0 && v !== 0n && v !== "" && v !== false && !(v instanceof Uint8Array && v.length === 0)))) {
      out[f.proto] = aminoValue(f, v);
    }
  }
  return out;
}

function aminoAny({ typeUrl, value }: Any): unknown {
  const codec = KEYS.get(typeUrl);
  if (!codec) throw new Error(`${typeUrl} has no amino JSON`);
  // Bytes that are not canonical would stand in the transaction, and not in what is signed.
  return { type: codec.aminoName, value: base64(decodeCanonical(codec, value).key) };
}

function aminoValue(f: FieldInfo, v: unknown): unknown {
  if (f.type === "message") return f.codec ? aminoJson(f.codec(), v) : {};
  if (f.scalar === "dec" && typeof v === "string") return decText(fromWire(v));
  if (v instanceof Uint8Array) return base64(v);
  return typeof v === "bigint" ? `${v}` : v;
}
