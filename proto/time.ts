/** google.protobuf.Timestamp and Duration as text, as JSON has them. */

export interface Instant {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** of the years 1 and 9999 */
const FIRST = -62_135_596_800n;
const LAST = 253_402_300_799n;

/** Nanoseconds without trailing zeros, three at a time where `threes`. */
function fraction(nanos: number, threes: boolean): string {
  if (nanos === 0) return "";
  let digits = `${nanos}`.padStart(9, "0");
  while (threes ? digits.endsWith("000") : digits.endsWith("0")) digits = digits.slice(0, threes ? -3 : -1);
  return `.${digits}`;
}

/** "2026-01-31T12:00:00.5Z", as Go's RFC 3339 writes it. Throws for a time that no calendar of four digits has. */
export function timestampText({ seconds, nanos }: Instant): string {
  if (seconds < FIRST || seconds > LAST) throw new Error(`${seconds} s are no time of the years 1 to 9999`);
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, -5)}${fraction(nanos, false)}Z`;
}

/** Throws with the text where it is no such time. */
export function parseTimestamp(text: string): Instant {
  const [, whole, places = ""] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text) ?? [];
  const ms = whole === undefined ? Number.NaN : Date.parse(`${whole}Z`);
  if (Number.isNaN(ms)) throw new Error(`got ${JSON.stringify(text.slice(0, 60))}, want a time such as 2026-01-31T12:00:00Z`);
  return { seconds: BigInt(ms / 1000), nanos: Number(places.padEnd(9, "0")) };
}

/** "1814400s" */
export function durationText({ seconds, nanos }: Instant): string {
  const negative = seconds < 0n || nanos < 0;
  return `${negative ? "-" : ""}${seconds < 0n ? -seconds : seconds}${fraction(Math.abs(nanos), true)}s`;
}

/** Throws with the text where it is no such length of time. */
export function parseDuration(text: string): Instant {
  const [, sign, whole, places = ""] = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text) ?? [];
  if (whole === undefined) throw new Error(`got ${JSON.stringify(text.slice(0, 60))}, want a length of time such as 1814400s`);
  const nanos = Number(places.padEnd(9, "0"));
  return sign ? { seconds: -BigInt(whole), nanos: nanos === 0 ? 0 : -nanos } : { seconds: BigInt(whole), nanos };
}
