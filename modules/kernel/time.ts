/** Points in time as nanoseconds since 1970, from and to protobuf's Timestamp. */
import type { Instant } from "#proto/time.js";

const SECOND = 1_000_000_000n;

export function instantOf(ns: bigint): { seconds: bigint; nanos: number } {
  const rest = ((ns % SECOND) + SECOND) % SECOND;
  return { seconds: (ns - rest) / SECOND, nanos: Number(rest) };
}

/** The longest time that the Cosmos SDK knows: nanoseconds of 64 bits with a sign. Added to any block's time it is an instant that keys and calendars have. */
export const MAX_DURATION_NS = (1n << 63n) - 1n;

/** Absent is 1970, or no time at all. */
export const nanosecondsOf = (t: Instant | undefined): bigint => (t ? t.seconds * SECOND + BigInt(t.nanos) : 0n);

/** Whether a protobuf Timestamp is one: of the years 1 to 9999, with less than a second of nanoseconds. Go reads no other. */
export const isInstant = ({ seconds, nanos }: Instant): boolean => seconds >= -62_135_596_800n && seconds < 253_402_300_800n && nanos >= 0 && nanos < 1_000_000_000;
