/** Amounts as people write them: `1000 POUW`, `2.5POUW`, `1000000upouw`, or base units. */
import { CliError } from "../cli-error.js";

const DECIMALS = 6;
const FORM = /^([0-9]+)(?:\.([0-9]+))?\s*([A-Za-z][A-Za-z0-9/]*)?$/;

/**
 * Base units. Throws with what is wanted. Without `denom` every unit is taken: one that begins with u for base units,
 * any other for a million of them; with it, only the chain's own two.
 */
export function parseAmount(value: string | number, denom?: string): bigint {
  const shown = typeof value === "number" ? String(value) : JSON.stringify(value);
  const refuse = (text: string): never => {
    throw new CliError("amount", `got ${shown}, ${text}`);
  };
  const m = FORM.exec(String(value).trim());
  if (!m) return refuse(`want an amount such as ${example(denom)}.`);
  const [, whole = "0", fraction = "", unit] = m;
  if (typeof value === "number" && value > Number.MAX_SAFE_INTEGER) return refuse("want an amount this large with its unit.");
  if (unit !== undefined && denom !== undefined && unit !== denom && unit.toLowerCase() !== displayUnit(denom).toLowerCase()) return refuse(`want ${displayUnit(denom)} or ${denom}: the chain has no other coin.`);
  if (unit === undefined || unit.startsWith("u")) {
    if (fraction) return refuse(`base units have no fraction, want an amount such as ${example(denom)}.`);
    return BigInt(whole);
  }
  if (fraction.length > DECIMALS) return refuse(`want at most ${DECIMALS} digits after the point.`);
  return BigInt(whole) * 10n ** BigInt(DECIMALS) + BigInt(fraction.padEnd(DECIMALS, "0"));
}

const example = (denom = "upouw"): string => `1000 ${displayUnit(denom)} or 1000000000${denom}`;

/** `POUW` of `upouw`: a million base units. */
export const displayUnit = (denom: string): string => denom.replace(/^u/, "").toUpperCase();

/** `12.500000` of base units. */
export function formatAmount(base: bigint): string {
  const unit = 10n ** BigInt(DECIMALS);
  return `${base / unit}.${(base % unit).toString().padStart(DECIMALS, "0")}`;
}

/** `12.500000 POUW` */
export const formatCoin = (base: bigint, denom: string): string => `${formatAmount(base)} ${displayUnit(denom)}`;
