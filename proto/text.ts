/** Messages in protobuf's compact text form, as Go prints them into logs: from_address:"a" amount:<denom:"b" amount:"1" > */
import type { Codec, FieldInfo } from "./wire.js";

/** Defaults are left out, as there. At most so many characters of it: what would come behind is not looked at. */
export function compactText(codec: Codec<unknown>, message: unknown, most: number): string {
  let out = "";
  for (const f of codec.fields) {
    const v = (message as Record<string, unknown>)[f.name];
    for (const one of f.repeated ? (v as unknown[]) : isDefault(f, v) ? [] : [v]) {
      if (out.length >= most) return out.slice(0, most);
      out += `${f.proto}:${valueText(f, one, most - out.length)} `;
    }
  }
  return out.slice(0, most);
}

const isDefault = (f: FieldInfo, v: unknown): boolean => v === undefined || (!f.optional && !f.oneof && (v === 0 || v === 0n || v === "" || v === false || (v instanceof Uint8Array && v.length === 0)));

function valueText(f: FieldInfo, v: unknown, most: number): string {
  if (f.type === "message") return `<${f.codec ? compactText(f.codec(), v, most) : ""}>`;
  if (f.type === "enum") return Object.entries(f.values ?? {}).find(([, n]) => n === v)?.[0] ?? `${v as number}`;
  if (v instanceof Uint8Array) return quoted([...v.subarray(0, most)]);
  return typeof v === "string" ? quoted(utf8(v.slice(0, most))) : `${v as bigint}`;
}

const ESCAPES: Readonly<Record<number, string>> = { 0x0a: "\\n", 0x0d: "\\r", 0x09: "\\t", 0x22: '\\"', 0x5c: "\\\\" };
const quoted = (bytes: readonly number[]): string => `"${bytes.map((b) => ESCAPES[b] ?? (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : `\\${b.toString(8).padStart(3, "0")}`)).join("")}"`;

function utf8(text: string): number[] {
  const out: number[] = [];
  for (const c of text) {
    const n = c.codePointAt(0) as number;
    if (n < 0x80) out.push(n);
    else if (n < 0x800) out.push(0xc0 | (n >> 6), 0x80 | (n & 63));
    else if (n < 0x10000) out.push(0xe0 | (n >> 12), 0x80 | ((n >> 6) & 63), 0x80 | (n & 63));
    else out.push(0xf0 | (n >> 18), 0x80 | ((n >> 12) & 63), 0x80 | ((n >> 6) & 63), 0x80 | (n & 63));
  }
  return out;
}
