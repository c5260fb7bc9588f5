/** Amino JSON of messages by their field descriptors, as SIGN_MODE_LEGACY_AMINO_JSON signs it. */
import { MAX_ANY_DEPTH } from "./any.js";
import { decText, fromWire } from "./dec.js";
import { PubKey as Ed25519 } from "./gen/cosmos/crypto/ed25519/keys.js";
import { LegacyAminoPubKey } from "./gen/cosmos/crypto/multisig/keys.js";
import { PubKey as Secp256k1 } from "./gen/cosmos/crypto/secp256k1/keys.js";
import type { Any } from "./gen/google/protobuf/any.js";
import { codecs } from "./gen/registry.js";
import { base64 } from "./json.js";
import { type Instant, timestampText } from "./time.js";
import { type Codec, decodeCanonical, type FieldInfo } from "./wire.js";

/** Messages that are text: a time, and a length of time in nanoseconds. */
const TEXTS: Readonly<Record<string, (v: unknown) => string>> = {
  "/google.protobuf.Timestamp": (v) => timestampText(v as Instant),
  "/google.protobuf.Duration": (v) => `${(v as Instant).seconds * 1_000_000_000n + BigInt((v as Instant).nanos)}`,
};
/** Keys stand in amino JSON as their bytes, behind the name of their type; all else as its fields. */
const KEYS = new Map([Ed25519, Secp256k1].map((codec) => [codec.typeUrl, codec]));
/** What else an Any may hold: all but keys of several, whose form is another again and stands in no message. */
const TYPES = new Map(codecs.filter((c) => c.typeUrl !== LegacyAminoPubKey.typeUrl).map((c) => [c.typeUrl, c]));

/** The name of a type: what its .proto file says, else its type URL. */
export const aminoNameOf = ({ aminoName, typeUrl }: Pick<Codec<unknown>, "aminoName" | "typeUrl">): string => aminoName ?? typeUrl;

/**
 * snake_case, 64-bit integers as strings, bytes base64, decimal numbers with their point; defaults left out where the .proto
 * does not keep them. Of fields that exclude each other the one that is there stands behind its type's name. Throws for an Any
 * of a type that has no amino form.
 */
export function aminoJson(codec: Codec<unknown>, message: unknown, depth = 0): unknown {
  const text = TEXTS[codec.typeUrl];
  if (text) return text(message);
  if (codec.typeUrl === "/google.protobuf.Any") return aminoAny(message as Any, depth + 1);
  const out: Record<string, unknown> = {};
  for (const f of codec.fields) {
    const v = (message as Record<string, unknown>)[f.name];
    if (f.oneof && f.aminoOneof) {
      // as Go names the field that all of them share; nothing is null
      const shared = pascal(f.oneof);
      if (v !== undefined) out[shared] = { type: f.aminoOneof, value: { [f.proto]: aminoValue(f, v, depth) } };
      else out[shared] ??= null;
    } else if (f.repeated) {
      const list = v as unknown[];
      if (list.length > 0 || f.aminoKeepsEmpty) out[f.proto] = list.map((x) => aminoValue(f, x, depth));
    } else if (v !== undefined && (f.aminoKeepsEmpty || f.optional || (v !== 0 && v !== 0n && v !== "" && v !== false && !(v instanceof Uint8Array && v.length === 0)))) {
      out[f.proto] = aminoValue(f, v, depth);
    }
  }
  return out;
}

function aminoAny({ typeUrl, value }: Any, depth: number): unknown {
  if (depth > MAX_ANY_DEPTH) throw new Error(`an Any within an Any deeper than ${MAX_ANY_DEPTH}`);
  const key = KEYS.get(typeUrl);
  if (key) return { type: key.aminoName, value: base64(decodeCanonical(key, value).key) };
  const codec = TYPES.get(typeUrl);
  if (!codec) throw new Error(`${typeUrl} has no amino JSON`);
  // Bytes that are not canonical would stand in the transaction, and not in what is signed.
  return { type: aminoNameOf(codec), value: aminoJson(codec, decodeCanonical(codec, value), depth) };
}

const pascal = (name: string): string => name.replace(/(?:^|_)([a-z])/g, (_, c: string) => c.toUpperCase());

function aminoValue(f: FieldInfo, v: unknown, depth: number): unknown {
  if (f.type === "message") return f.codec ? aminoJson(f.codec(), v, depth) : {};
  if (f.scalar === "dec" && typeof v === "string") return decText(fromWire(v));
  if (v instanceof Uint8Array) return base64(v);
  return typeof v === "bigint" ? `${v}` : v;
}
