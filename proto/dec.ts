/** Decimal numbers of 18 places as text: on the wire they are the count of 10^-18, in JSON they have their point. */

const PLACES = 18;
/** 1, counted in 10^-18 */
export const ONE = 10n ** BigInt(PLACES);

/** "1.500000000000000000": all places, as JSON has it. */
export function decText(d: bigint): string {
  const digits = `${d < 0n ? -d : d}`.padStart(PLACES + 1, "0");
  return `${d < 0n ? "-" : ""}${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`;
}

/** Reads "1.5", "-0.25" or "3", counted in 10^-18. Throws with the text where it is no decimal number of at most 18 places. */
export function parseDec(text: string): bigint {
  const [, sign = "", whole = "", places = ""] = /^(-?)(\d{1,80})(?:\.(\d{1,18}))?$/.exec(text) ?? [];
  if (whole === "") throw new Error(`got ${JSON.stringify(text.slice(0, 60))}, want a decimal number with at most ${PLACES} places`);
  const d = BigInt(whole) * ONE + BigInt(places.padEnd(PLACES, "0"));
  return sign ? -d : d;
}

/** What stands on the wire, counted in 10^-18; empty is 0. Throws where it is no whole number. */
export function fromWire(text: string): bigint {
  if (!/^-?\d{1,100}$/.test(text)) {
    if (text === "") return 0n;
    throw new Error(`got ${JSON.stringify(text.slice(0, 60))}, want a decimal number without its point`);
  }
  return BigInt(text);
}
