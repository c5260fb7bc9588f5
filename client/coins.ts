/** Coins as people write them, `1.5pouw` or `1000000upouw,3uatom`: base units by what the bank knows of each denomination. */
import { isDenom } from "#kernel/coins.js";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { type Metadata } from "#proto/gen/cosmos/bank/v1beta1/bank.js";
import { type Coin } from "#proto/gen/cosmos/base/v1beta1/coin.js";
import { bondDenom } from "./chain/params.js";
import { type Chain } from "./chain/types.js";
import { CliError } from "./cli-error.js";

/** What amounts may be written in. */
export interface Units {
  /** the chain's own denomination, which a number without a unit is of */
  readonly bond: string;
  readonly metadata: readonly Metadata[];
}

const FORM = /^([0-9]{1,78})(?:\.([0-9]+))?\s*([A-Za-z][A-Za-z0-9/:._-]*)?$/;

/** In the order in which they are written, none twice. Throws CliError with what is wanted. */
export function parseCoins(text: string, units: Units): Coin[] {
  const coins = text.split(",").map((part) => parseCoin(part, units));
  const twice = coins.find((c, i) => coins.findIndex((other) => other.denom === c.denom) < i);
  if (twice) throw new CliError("amount", `got ${JSON.stringify(text)}, in which ${twice.denom} stands twice.`);
  return coins;
}

/** A denomination that nothing is known of is taken in its base units. */
export function parseCoin(text: string, units: Units): Coin {
  const refuse = (what: string): never => {
    throw new CliError("amount", `got ${JSON.stringify(text)}, ${what}`);
  };
  const m = FORM.exec(text.trim());
  if (!m) return refuse(`want an amount such as ${example(units)}.`);
  const [, whole = "0", fraction = "", unit = units.bond] = m;
  const { denom, exponent } = unitOf(unit, units) ?? { denom: unit, exponent: 0 };
  if (!isDenom(denom)) return refuse(`want an amount such as ${example(units)}.`);
  if (fraction.length > exponent) return refuse(exponent === 0 ? `base units have no fraction, want an amount such as ${example(units)}.` : `want at most ${exponent} digits after the point.`);
  return { denom, amount: `${BigInt(whole + fraction.padEnd(exponent, "0"))}` };
}

/** By a unit's name or another name of it, in any case; the base unit's own name goes first. */
function unitOf(unit: string, { metadata }: Units): { readonly denom: string; readonly exponent: number } | undefined {
  if (metadata.some((m) => m.base === unit)) return { denom: unit, exponent: 0 };
  const name = unit.toLowerCase();
  for (const m of metadata) {
    const found = m.denomUnits.find((u) => [u.denom, ...u.aliases].some((n) => n.toLowerCase() === name));
    if (found) return { denom: m.base, exponent: found.exponent };
    if (m.symbol.toLowerCase() === name) return { denom: m.base, exponent: m.denomUnits.find((u) => u.denom === m.display)?.exponent ?? 0 };
  }
  return undefined;
}

/** The name in which people write a denomination, and how many places it has. */
function shownUnit(denom: string, { metadata }: Units): { readonly name: string; readonly exponent: number } {
  const m = metadata.find((x) => x.base === denom);
  return m ? { name: m.symbol || m.display, exponent: m.denomUnits.find((u) => u.denom === m.display)?.exponent ?? 0 } : { name: denom, exponent: 0 };
}

function example(units: Units): string {
  const { name, exponent } = shownUnit(units.bond, units);
  return exponent === 0 ? `1000${units.bond}` : `1000 ${name} or 1000${"0".repeat(exponent)}${units.bond}`;
}

/** `1.500000 POUW`; base units of a denomination that nothing is known of. */
export function coinText({ denom, amount }: Coin, units: Units): string {
  const { name, exponent } = shownUnit(denom, units);
  if (exponent === 0) return `${amount}${denom}`;
  const digits = amount.padStart(exponent + 1, "0");
  return `${digits.slice(0, -exponent)}.${digits.slice(-exponent)} ${name}`;
}

/** Of a chain. */
export async function unitsOf(chain: Chain): Promise<Units> {
  const [bond, { value }] = await Promise.all([bondDenom(chain), chain.query(BankQuery.methods.denomsMetadata, {})]);
  return { bond, metadata: value.metadatas };
}

/** The coins that a text says; throws CliError where the chain has none of a denomination: it is a slip of the pen. */
export async function coinsOn(chain: Chain, text: string): Promise<Coin[]> {
  const units = await unitsOf(chain);
  const coins = parseCoins(text, units);
  for (const { denom } of coins) {
    if (units.metadata.some((m) => m.base === denom)) continue;
    const { value } = await chain.query(BankQuery.methods.supplyOf, { denom });
    if (BigInt(value.amount?.amount ?? 0) > 0n) continue;
    const known = units.metadata.flatMap((m) => [...new Set([shownUnit(m.base, units).name, m.base])]);
    throw new CliError("amount", `got ${JSON.stringify(text)}, want ${known.join(" or ")}: the chain has no coin ${denom}.`);
  }
  return coins;
}

/** The one coin that a text says. */
export async function coinOn(chain: Chain, text: string): Promise<Coin> {
  const [coin, other] = await coinsOn(chain, text);
  if (!coin || other) throw new CliError("amount", `got ${JSON.stringify(text)}, want one coin.`);
  return coin;
}

/** As messages hold them: by denomination. */
export const ascending = (coins: readonly Coin[]): Coin[] => coins.toSorted((a, b) => (a.denom < b.denom ? -1 : 1));
