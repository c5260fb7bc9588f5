/** What stands in a google.protobuf.Any, and in those within it. */
import { type AnyTypes, fromJson, toJson } from "./json.js";
import { Any } from "./gen/google/protobuf/any.js";
import { type Codec, decodeCanonical, sameBytes } from "./wire.js";

/** An Any within an Any, and so on: without a bound it were the stack's size, which is each machine's own. */
export const MAX_ANY_DEPTH = 10;

/**
 * Throws where an Any holds, at any depth, what is no message of these types, or one that JSON does not give back as it was: no
 * genesis could say it.
 */
export function checkAny(any: Any, types: AnyTypes): void {
  unpack(any, types, 1);
  const again = fromJson(Any, toJson(Any, any, types), "", types);
  if (!sameBytes(again.value, any.value)) throw new Error(`${any.typeUrl}: a value of it has no form in JSON`);
}

function unpack({ typeUrl, value }: Any, types: AnyTypes, depth: number): void {
  if (depth > MAX_ANY_DEPTH) throw new Error(`an Any within an Any deeper than ${MAX_ANY_DEPTH}`);
  const codec = types.get(typeUrl);
  if (!codec) throw new Error(`unable to resolve type URL ${typeUrl.slice(0, 100)}`);
  walk(codec, decodeCanonical(codec, value), types, depth);
}

function walk(codec: Codec<unknown>, message: unknown, types: AnyTypes, depth: number): void {
  for (const f of codec.fields) {
    const v = (message as Record<string, unknown>)[f.name];
    if (!f.codec || v === undefined) continue;
    const inner = f.codec();
    for (const one of f.repeated ? (v as unknown[]) : [v]) {
      if (inner.typeUrl === Any.typeUrl) unpack(one as Any, types, depth + 1);
      else walk(inner, one, types, depth);
    }
  }
}
