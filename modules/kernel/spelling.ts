/**
 * One spelling of addresses. Bech32 may be written all in upper case, and the Cosmos SDK takes it so; behind this door, which
 * messages, queries and genesis come through, all addresses are in lower case, and equal ones are equal texts.
 */
import { type Codec } from "#proto/wire.js";
import { lowerCase } from "./address.js";

/** The message with the addresses in its text fields in lower case; itself where none was in upper case. What stands in an Any stays. */
export function inLowerCase<T>(codec: Codec<T>, message: T): T {
  let changed: Record<string, unknown> | undefined;
  for (const f of codec.fields) {
    if (f.type !== "string" && f.codec === undefined) continue;
    const before = (message as Record<string, unknown>)[f.name];
    const one = (v: unknown): unknown => (typeof v === "string" ? lowerCase(v) : f.codec && v !== undefined ? inLowerCase(f.codec(), v) : v);
    const after = f.repeated ? sameOr(before as unknown[], one) : one(before);
    if (after !== before) changed = { ...(changed ?? (message as Record<string, unknown>)), [f.name]: after };
  }
  return (changed ?? message) as T;
}

function sameOr(list: unknown[], one: (v: unknown) => unknown): unknown[] {
  const after = list.map(one);
  return after.every((v, i) => v === list[i]) ? list : after;
}
