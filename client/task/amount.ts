/** Amounts as people write them: `1000 POUW`, `2.5POUW`, `1000000upouw`, or base units. */
const DECIMALS = 6;

/** Base units. Throws with what is wanted. */
export function parseAmount(value: string | number): bigint {
  const m = /^([0-9]+)(?:\.([0-9]+))?\s*([A-Za-z][A-Za-z0-9]*)?$/.exec(String(value).trim());
  if (!m) throw new Error(`got ${JSON.stringify(value)}, want an amount such as 1000 POUW or 1000000upouw.`);
  const [, whole = "0", fraction = "", unit] = m;
  if (unit === undefined || unit.startsWith("u")) {
    if (fraction) throw new Error(`got ${JSON.stringify(value)}: base units have no fraction.`);
    return BigInt(whole);
  }
  if (fraction.length > DECIMALS) throw new Error(`got ${JSON.stringify(value)}: at most ${DECIMALS} digits after the point.`);
  return BigInt(whole) * 10n ** BigInt(DECIMALS) + BigInt(fraction.padEnd(DECIMALS, "0"));
}

/** `12.500000` of base units. */
export function formatAmount(base: bigint): string {
  const unit = 10n ** BigInt(DECIMALS);
  return `${base / unit}.${(base % unit).toString().padStart(DECIMALS, "0")}`;
}
