/** What wallets show of a denomination: the Cosmos SDK's record and what it asks of one. */
import { type Metadata } from "#proto/gen/cosmos/bank/v1beta1/bank.js";
import { isDenom } from "#kernel/coins.js";

/** Of the chain's own denomination where genesis names none: `upouw` is a millionth of a `pouw`; one without a `u` in front is shown as it is. */
export function metadataOf(base: string): Metadata {
  const unit = base.slice(1);
  const display = base.startsWith("u") && isDenom(unit) ? unit : base;
  return {
    description: "The token that pays for machine learning work",
    denomUnits: [{ denom: base, exponent: 0, aliases: [] }, ...(display === base ? [] : [{ denom: display, exponent: 6, aliases: [] }])],
    base,
    display,
    name: display.toUpperCase(),
    symbol: display.toUpperCase(),
    uri: "",
    uriHash: "",
  };
}

/** One line that begins with the field, or undefined: the units begin with the base, ascend, and one of them is shown. */
export function metadataFault({ base, display, name, symbol, denomUnits }: Metadata): string | undefined {
  if (name.trim() === "") return "name: is blank";
  if (symbol.trim() === "") return "symbol: is blank";
  if (!isDenom(base)) return `base: ${JSON.stringify(base)} is not a denomination`;
  if (!isDenom(display)) return `display: ${JSON.stringify(display)} is not a denomination`;
  if (denomUnits[0]?.denom !== base || denomUnits[0].exponent !== 0) return `denom_units[0]: want the base ${base}, with exponent 0`;
  for (const [i, { denom, exponent, aliases }] of denomUnits.entries()) {
    const before = denomUnits[i - 1];
    if (!isDenom(denom)) return `denom_units[${i}].denom: ${JSON.stringify(denom)} is not a denomination`;
    if (before && before.exponent >= exponent) return `denom_units[${i}].exponent: got ${exponent}, want more than ${before.exponent}, the one before`;
    if (denomUnits.findIndex((u) => u.denom === denom) !== i) return `denom_units[${i}].denom: ${denom} stands there twice`;
    if (aliases.some((a, n) => a.trim() === "" || aliases.indexOf(a) !== n)) return `denom_units[${i}].aliases: want names, none twice`;
  }
  return denomUnits.some((u) => u.denom === display) ? undefined : `display: got ${JSON.stringify(display)}, want one of denom_units`;
}
