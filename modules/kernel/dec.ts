/**
 * Decimal numbers of 18 places, as the Cosmos SDK's LegacyDec has them: a bigint that counts 10^-18. Where a result has more
 * places it is rounded half to even ("banker's"), unless the name says otherwise. Rounding is what makes two chains differ in
 * their last unit, so each function does what the SDK's of that name does (cosmossdk.io/math v1, dec.go).
 */
import { ONE } from "#proto/dec.js";

export { decText, fromWire, ONE, parseDec } from "#proto/dec.js";
export type Dec = bigint;

const SQUARED = ONE * ONE;
/** bits that an integer part and its places may have together: 256 and 60 */
const MAX_BITS = 316;

export const decOf = (n: bigint): Dec => n * ONE;

export class DecOverflow extends Error {
  override readonly name = "DecOverflow";
}

function bounded(d: bigint): Dec {
  if ((d < 0n ? -d : d) >> BigInt(MAX_BITS - 1) !== 0n) throw new DecOverflow("a decimal number is out of range");
  return d;
}

/** n/10^18, half to even. */
function chopRounded(n: bigint): bigint {
  if (n < 0n) return -chopRounded(-n);
  const quotient = n / ONE;
  const rest = n % ONE;
  const half = ONE / 2n;
  if (rest < half) return quotient;
  if (rest > half) return quotient + 1n;
  return quotient % 2n === 0n ? quotient : quotient + 1n;
}
/** n/10^18, away from zero where n is positive. */
function chopUp(n: bigint): bigint {
  if (n < 0n) return -(-n / ONE);
  return n % ONE === 0n ? n / ONE : n / ONE + 1n;
}

export const mul = (a: Dec, b: Dec): Dec => bounded(chopRounded(a * b));
export const mulTruncate = (a: Dec, b: Dec): Dec => bounded((a * b) / ONE);
export const mulRoundUp = (a: Dec, b: Dec): Dec => bounded(chopUp(a * b));
export const mulInt = (a: Dec, n: bigint): Dec => bounded(a * n);

/** Throws RangeError for a divisor of 0, as the next three. */
export const quo = (a: Dec, b: Dec): Dec => bounded(chopRounded((a * SQUARED) / b));
export const quoTruncate = (a: Dec, b: Dec): Dec => bounded((a * SQUARED) / b / ONE);
export const quoRoundUp = (a: Dec, b: Dec): Dec => bounded(chopUp((a * SQUARED) / b));
export const quoInt = (a: Dec, n: bigint): Dec => a / n;

export const truncate = (d: Dec): bigint => d / ONE;
export const roundInt = (d: Dec): bigint => chopRounded(d);
export const ceil = (d: Dec): bigint => (d % ONE > 0n ? d / ONE + 1n : d / ONE);

export const minDec = (a: Dec, b: Dec): Dec => (a < b ? a : b);

/** d^n by squaring, each step rounded. */
export function power(d: Dec, n: bigint): Dec {
  let base = d;
  let rest = ONE;
  if (n === 0n) return ONE;
  for (let i = n; i > 1n; i /= 2n) {
    if (i % 2n !== 0n) rest = mul(rest, base);
    base = mul(base, base);
  }
  return mul(base, rest);
}
