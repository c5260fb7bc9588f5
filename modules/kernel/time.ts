/** Points in time as nanoseconds since 1970, from and to protobuf's Timestamp. */
import type { Instant } from "#proto/time.js";

const SECOND = 1_000_000_000n;

export function instantOf(ns: bigint): { seconds: bigint; nanos: number } {
  const rest = ((ns % SECOND) + SECOND) % SECOND;
  return { seconds: (ns - rest) / SECOND, nanos: Number(rest) };
}

/** Absent is 1970. */
export const nanosecondsOf = (t: Instant | undefined): bigint => (t ? t.seconds * SECOND + BigInt(t.nanos) : 0n);
