/**
 * Messages as JSON by their field descriptors: proto names, 64-bit integers as strings, bytes base64, enums by name. Who
 * names the types that a google.protobuf.Any may hold has it as "@type" and the fields of that type, else as its own bytes.
 */
import { decText, fromWire, parseDec } from "./dec.js";
import { durationText, type Instant, parseDuration, parseTimestamp, timestampText } from "./time.js";
import { type Codec, type FieldInfo } from "./wire.js";

/** What a google.protobuf.Any may hold, by type URL. */
export type AnyTypes = ReadonlyMap<string, Codec<unknown>>;
export const anyTypes = (...codecs: readonly Codec<unknown>[]): AnyTypes => new Map(codecs.map((c) => [c.typeUrl, c]));

const ANY = "/google.protobuf.Any";
/** Messages that JSON has as text. */
const TEXTS: Readonly<Record<string, { text(v: Instant): string; parse(text: string): Instant }>> = {
  "/google.protobuf.Timestamp": { text: timestampText, parse: parseTimestamp },
  "/google.protobuf.Duration": { text: durationText, parse: parseDuration },
};
const TYPE = "@type";
interface AnyMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/**
 * Defaults are emitted, as the Cosmos gateway does. Throws for an Any of a type that is not among `types`. `noBytes`: what stands for
 * bytes that are not there; the gateway has null.
 */
export function toJson<T>(codec: Codec<T>, message: T, types?: AnyTypes, noBytes: "" | null = ""): unknown {
  const texts = TEXTS[codec.typeUrl];
  if (texts) return texts.text(message as unknown as Instant);
  if (types && codec.typeUrl === ANY) return anyToJson(message as unknown as AnyMessage, types, noBytes);
  const out: Record<string, unknown> = {};
  for (const f of codec.fields) {
    const v = (message as Record<string, unknown>)[f.name];
    if (f.repeated) out[f.proto] = (v as unknown[]).map((x) => one(f, x, types, noBytes));
    else if (f.type === "bytes" && noBytes === null && f.scalar === undefined && (v as Uint8Array | undefined)?.length === 0) out[f.proto] = null;
    else if (v !== undefined || f.type !== "message") out[f.proto] = one(f, v, types, noBytes);
    else if (!f.oneof) out[f.proto] = null;
  }
  return out;
}

function anyToJson({ typeUrl, value }: AnyMessage, types: AnyTypes, noBytes: "" | null): unknown {
  const codec = types.get(typeUrl);
  if (!codec) throw new Error(`an Any holds ${JSON.stringify(typeUrl)}, want ${[...types.keys()].join(" or ")}`);
  return { [TYPE]: typeUrl, ...(toJson(codec, codec.decode(value), types, noBytes) as object) };
}

function one(f: FieldInfo, v: unknown, types: AnyTypes | undefined, noBytes: "" | null): unknown {
  if (f.type === "message") return f.codec ? toJson(f.codec(), v, types, noBytes) : null;
  if (f.type === "enum") return Object.entries(f.values ?? {}).find(([, n]) => n === v)?.[0] ?? v;
  if (f.scalar === "dec") return decText(fromWire(v instanceof Uint8Array ? latin1(v) : (v as string)));
  if (v instanceof Uint8Array) return f.scalar === "int" ? latin1(v) || "0" : base64(v);
  return typeof v === "bigint" ? v.toString() : v;
}

/** Reads what toJson writes; proto or camel-case names, enums by name or number, hex for bytes after `0x`. Throws with the field. */
export function fromJson<T>(codec: Codec<T>, json: unknown, path = "", types?: AnyTypes): T {
  const texts = TEXTS[codec.typeUrl];
  if (texts) return inside(path, () => codec.create(texts.parse(typeof json === "string" ? json : (JSON.stringify(json) ?? "")) as unknown as Partial<T>));
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new Error(`${path || codec.typeUrl}: got ${JSON.stringify(json)}, want an object`);
  if (types && codec.typeUrl === ANY) return anyFromJson(json, path, types) as T;
  const out: Record<string, unknown> = {};
  for (const [key, v] of Object.entries(json)) {
    const f = codec.fields.find((x) => x.proto === key || x.name === key);
    const at = path ? `${path}.${key}` : key;
    if (!f) throw new Error(`${at}: there is no such field; there are ${codec.fields.map((x) => x.proto).join(", ") || "none"}`);
    if (v === null || v === undefined) continue;
    if (f.repeated) {
      if (!Array.isArray(v)) throw new Error(`${at}: got ${JSON.stringify(v)}, want a list`);
      out[f.name] = v.map((x, i) => read(f, x, `${at}[${i}]`, types));
    } else out[f.name] = read(f, v, at, types);
  }
  return codec.create(out as Partial<T>);
}

function anyFromJson(json: object, path: string, types: AnyTypes): AnyMessage {
  const { [TYPE]: typeUrl, ...fields } = json as Record<string, unknown>;
  const codec = typeof typeUrl === "string" ? types.get(typeUrl) : undefined;
  if (!codec) throw new Error(`${path || ANY}: got ${typeUrl === undefined ? `no ${TYPE}` : `${TYPE} ${JSON.stringify(typeUrl)}`}, want ${[...types.keys()].join(" or ")}`);
  return { typeUrl: codec.typeUrl, value: codec.encode(fromJson(codec, fields, path, types)) };
}

function read(f: FieldInfo, v: unknown, at: string, types: AnyTypes | undefined): unknown {
  const fail = (want: string): never => {
    throw new Error(`${at}: got ${JSON.stringify(v)}, want ${want}`);
  };
  if (f.scalar === "dec") {
    const text = inside(at, () => `${parseDec(typeof v === "string" ? v : (JSON.stringify(v) ?? ""))}`);
    return f.type === "bytes" ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : text;
  }
  switch (f.type) {
    case "message":
      return f.codec ? fromJson(f.codec(), v, at, types) : undefined;
    case "enum": {
      const values = f.values ?? {};
      if (typeof v === "string" && Object.hasOwn(values, v)) return values[v];
      if (typeof v === "number" && Object.values(values).includes(v)) return v;
      return fail(`one of ${Object.keys(values).join(", ")}`);
    }
    case "string":
      return typeof v === "string" ? v : fail("a string");
    case "bool":
      return typeof v === "boolean" ? v : fail("true or false");
    case "bytes":
      if (f.scalar === "int") return typeof v === "string" && /^(?:0|-?[1-9][0-9]*)$/.test(v) ? Uint8Array.from(v, (c) => c.charCodeAt(0)) : fail("an integer as a string");
      return typeof v === "string" ? fromBase64(v, at) : fail("base64, or hexadecimal after 0x");
    default:
      return integer(f, v, at);
  }
}

/** What a function throws, behind the field. */
function inside<T>(at: string, run: () => T): T {
  try {
    return run();
  } catch (e) {
    throw new Error(`${at}: ${(e as Error).message}`);
  }
}
const latin1 = (b: Uint8Array): string => String.fromCharCode(...b);

/** Bounds of the integer types; what does not fit would be stored as another number. */
const RANGES: Readonly<Record<string, readonly [least: bigint, most: bigint]>> = {
  uint32: [0n, (1n << 32n) - 1n],
  fixed32: [0n, (1n << 32n) - 1n],
  int32: [-(1n << 31n), (1n << 31n) - 1n],
  sint32: [-(1n << 31n), (1n << 31n) - 1n],
  sfixed32: [-(1n << 31n), (1n << 31n) - 1n],
  uint64: [0n, (1n << 64n) - 1n],
  fixed64: [0n, (1n << 64n) - 1n],
  int64: [-(1n << 63n), (1n << 63n) - 1n],
  sint64: [-(1n << 63n), (1n << 63n) - 1n],
  sfixed64: [-(1n << 63n), (1n << 63n) - 1n],
};

function integer(f: FieldInfo, v: unknown, at: string): bigint | number {
  const range = RANGES[f.type];
  if (!range) throw new Error(`${at}: fields of type ${f.type} have no JSON form`);
  const [least, most] = range;
  const text = typeof v === "string" || typeof v === "bigint" || Number.isSafeInteger(v) ? `${v as string}` : "";
  const value = /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  if (value === undefined || value < least || value > most) throw new Error(`${at}: got ${typeof v === "bigint" ? v : JSON.stringify(v)}, want a whole number from ${least} to ${most}`);
  return f.type.endsWith("64") ? value : Number(value);
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function base64(b: Uint8Array): string {
  let s = "";
  for (let i = 0; i < b.length; i += 3) {
    const n = ((b[i] as number) << 16) | ((b[i + 1] ?? 0) << 8) | (b[i + 2] ?? 0);
    s += `${ALPHABET[n >> 18]}${ALPHABET[(n >> 12) & 63]}${i + 1 < b.length ? ALPHABET[(n >> 6) & 63] : "="}${i + 2 < b.length ? ALPHABET[n & 63] : "="}`;
  }
  return s;
}

/** Base64, or hexadecimal after 0x. Throws with the field, which `at` names. */
export function fromBase64(text: string, at: string): Uint8Array {
  if (/^0x([0-9a-fA-F]{2})*$/.test(text)) return Uint8Array.from({ length: text.length / 2 - 1 }, (_, i) => Number.parseInt(text.slice(2 + 2 * i, 4 + 2 * i), 16));
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) throw new Error(`${at}: got ${JSON.stringify(text)}, want base64, or hexadecimal after 0x`);
  const out: number[] = [];
  let n = 0;
  let bits = 0;
  for (const c of text.replace(/=+$/, "")) {
    n = (n << 6) | ALPHABET.indexOf(c);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push((n >> bits) & 255);
    }
  }
  return Uint8Array.from(out);
}
