/**
 * Numbers that messages carry as text. The Cosmos SDK reads them while it decodes a message, so one that is none makes the
 * bytes no message at all, and no handler sees it.
 */
import { type Codec } from "./wire.js";

/** Bits of an integer; a decimal has 60 more for its places. */
const BITS = { int: 256n, dec: 316n } as const;
/** Digits that 316 bits have at most. */
const MOST_DIGITS = 96;
const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;

/** What is wrong with the text of a number, in the words of the SDK's own reader; undefined for one that is right, or absent. */
export function numberFault(text: string, kind: keyof typeof BITS = "int"): string | undefined {
  if (text === "") return undefined;
  if (!INTEGER.test(text)) return `math/big: cannot unmarshal ${quoted(text)} into a *big.Int`;
  const large = text.length > MOST_DIGITS || magnitude(text) >> BITS[kind] !== 0n;
  if (!large) return undefined;
  return kind === "dec" ? "decimal out of range" : `integer out of range; got: ${text.length > MOST_DIGITS ? "more" : magnitude(text).toString(2).length}, max: ${BITS.int}`;
}

const magnitude = (text: string): bigint => BigInt(text.replace("-", ""));
/** A sender's text may hold anything and be of any length. */
const quoted = (text: string): string => JSON.stringify(text.slice(0, 100)).replace(/[^\x20-\x7e]/g, "?");

const numeric = new Map<string, boolean>();
/** Whether there are such numbers anywhere in a message of this type. */
function hasNumbers(codec: Codec<unknown>): boolean {
  const known = numeric.get(codec.typeUrl);
  if (known !== undefined) return known;
  numeric.set(codec.typeUrl, false); // of itself, while it is looked at
  const found = codec.fields.some((f) => f.scalar !== undefined || (f.codec !== undefined && hasNumbers(f.codec())));
  numeric.set(codec.typeUrl, found);
  return found;
}

/** The first number of a message, or of the messages in it, that is none. Numbers that are bytes are not looked at. */
export function numbersFault(codec: Codec<unknown>, message: unknown): string | undefined {
  if (!hasNumbers(codec)) return undefined;
  for (const f of codec.fields) {
    if (f.scalar === undefined && f.codec === undefined) continue;
    const value = (message as Record<string, unknown>)[f.name];
    for (const v of f.repeated ? (value as unknown[]) : [value]) {
      const fault = typeof v === "string" && f.scalar ? numberFault(v, f.scalar) : v !== undefined && f.codec ? numbersFault(f.codec(), v) : undefined;
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}
