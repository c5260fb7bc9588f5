/**
 * A request's fields from texts: what a path and a query string say, in the way and the words of grpc-gateway v1, whose clients know
 * them: unknown parameters are passed over, a number that is none is refused with Go's own text.
 */
import { type Codec, type FieldInfo } from "#proto/wire.js";
import { parseDuration, parseTimestamp } from "#proto/time.js";
import { invalid } from "#net/errors.js";

type Fields = Record<string, unknown>;

/** Sets the field that a path of names leads to. Throws CallError. */
export function setField(codec: Codec<unknown>, into: Fields, path: readonly string[], values: readonly string[]): void {
  const [name = "", ...rest] = path;
  const f = codec.fields.find((x) => x.proto === name || x.name === name);
  if (!f) return;
  const inner = f.type === "message" ? f.codec?.() : undefined;
  if (rest.length > 0) {
    if (f.repeated) throw invalid(`unexpected repeated field in ${path.join(".")}`);
    if (!inner) throw invalid(`unexpected nested field ${rest[0]} in ${name}`);
    return setField(inner, (into[f.name] ??= {}) as Fields, rest, values);
  }
  if (inner) {
    const text = TEXTS[inner.typeUrl];
    if (!text || f.repeated) throw invalid(f.repeated ? "unsupported field type ptr" : `field type ${inner.typeUrl.slice(1)} is not supported in query parameters`);
    into[f.name] = text(values[0] ?? "");
  } else into[f.name] = f.repeated ? values.map((v) => scalar(f, v)) : scalar(f, values[0] ?? "");
}

const said = <T>(what: string, parse: (text: string) => T) => (text: string): T => {
  try {
    return parse(text);
  } catch (e) {
    throw invalid(`bad ${what}: ${(e as Error).message}`);
  }
};
const TEXTS: Readonly<Record<string, (text: string) => unknown>> = { "/google.protobuf.Timestamp": said("Timestamp", parseTimestamp), "/google.protobuf.Duration": said("Duration", parseDuration) };

function scalar(f: FieldInfo, text: string): unknown {
  switch (f.type) {
    case "string":
      return text;
    case "bool":
      if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
      if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
      throw invalid(`strconv.ParseBool: parsing ${go(text)}: invalid syntax`);
    case "bytes":
      return bytes(text);
    case "enum": {
      const values = f.values ?? {};
      if (Object.hasOwn(values, text)) return values[text];
      if (/^[-+]?\d+$/.test(text) && Object.values(values).includes(Number(text))) return Number(text);
      throw invalid(`${text.slice(0, 100)} is not a valid ${f.proto}`);
    }
    default:
      return integer(f.type, text);
  }
}

function integer(type: string, text: string): bigint | number {
  const signed = !type.startsWith("u") && !type.startsWith("fixed");
  const bits = type.endsWith("64") ? 64n : 32n;
  const call = `strconv.Parse${signed ? "Int" : "Uint"}: parsing ${go(text)}`;
  if (!(signed ? /^[-+]?\d+$/ : /^\d+$/).test(text)) throw invalid(`${call}: invalid syntax`);
  const value = text.length > 40 ? undefined : BigInt(text);
  const [least, most] = signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  if (value === undefined || value < least || value > most) throw invalid(`${call}: value out of range`);
  return bits === 64n ? value : Number(value);
}

/** As Go quotes a text. */
const go = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);

/** Base64 of either alphabet, with its padding. */
function bytes(text: string): Uint8Array {
  const at = text.search(/[^A-Za-z0-9+/=_-]/);
  if (at >= 0 || text.length % 4 !== 0 || /=[^=]|=={2,}/.test(text)) throw invalid(`illegal base64 data at input byte ${at >= 0 ? at : text.length - (text.length % 4)}`);
  return Uint8Array.from(Buffer.from(text.replaceAll("-", "+").replaceAll("_", "/"), "base64"));
}

/** Names and values of a query string, in order. Throws CallError for an escape that is none. */
export function queryOf(search: string): Map<string, string[]> {
  const out = new Map<string, string[]>();
  if (search === "") return out;
  for (const pair of search.split("&")) {
    if (pair === "") continue;
    const cut = pair.indexOf("=");
    const [name, value] = cut < 0 ? [pair, ""] : [pair.slice(0, cut), pair.slice(cut + 1)];
    const key = decoded(name);
    out.set(key, [...(out.get(key) ?? []), decoded(value)]);
  }
  return out;
}

function decoded(text: string): string {
  const wrong = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text);
  if (wrong) throw invalid(`invalid URL escape ${go(wrong[0])}`);
  // Bytes that are no UTF-8 are read as Go does: each becomes the character that stands for one.
  return Buffer.from(text.replaceAll("+", " ").replace(/%([0-9a-fA-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), "latin1").toString("utf8");
}
