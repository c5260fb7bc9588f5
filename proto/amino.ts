/** Amino JSON of messages by their field descriptors, as SIGN_MODE_LEGACY_AMINO_JSON signs it. */
import { base64 } from "./json.js";
import { type Codec, type FieldInfo } from "./wire.js";

/** snake_case, 64-bit integers as strings, bytes base64; defaults left out where the .proto does not keep them. */
export function aminoJson(codec: Codec<unknown>, message: unknown): unknown {
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

function aminoValue(f: FieldInfo, v: unknown): unknown {
  if (f.type === "message") return f.codec ? aminoJson(f.codec(), v) : {};
  if (v instanceof Uint8Array) return base64(v);
  return typeof v === "bigint" ? `${v}` : v;
}
