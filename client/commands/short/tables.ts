/** Answers as a person reads them. */
import Table from "cli-table3";
import { decText, fromWire } from "#proto/dec.js";
import { type QueryAllBalancesResponse } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { type QueryValidatorsResponse } from "#proto/gen/cosmos/staking/v1beta1/query.js";
import { BondStatus, type Validator } from "#proto/gen/cosmos/staking/v1beta1/staking.js";

export const balances = (answer: unknown): string => (answer as QueryAllBalancesResponse).balances.map((b) => `${b.amount}${b.denom}`).join("\n") || "nothing";

const WORDS: Readonly<Record<number, string>> = {
  [BondStatus.BOND_STATUS_BONDED]: "bonded",
  [BondStatus.BOND_STATUS_UNBONDING]: "unbonding",
  [BondStatus.BOND_STATUS_UNBONDED]: "unbonded",
};
export const statusWord = (v: Pick<Validator, "status" | "jailed">): string => `${WORDS[v.status] ?? "unknown"}${v.jailed ? ", jailed" : ""}`;
/** 10 % of 0.1; as many places as it has. */
export const percent = (wire: string): string => `${decText(fromWire(wire) * 100n).replace(/\.?0+$/, "")} %`;

/** Largest stake first. */
export function validators(answer: unknown): string {
  const list = (answer as QueryValidatorsResponse).validators.toSorted((a, b) => (BigInt(a.tokens) < BigInt(b.tokens) ? 1 : -1));
  if (list.length === 0) return "nobody";
  const table = new Table({ head: ["moniker", "operator", "status", "tokens", "commission"], style: { head: [], border: [] }, colAligns: ["left", "left", "left", "right", "right"] });
  for (const v of list) table.push([v.description?.moniker ?? "", v.operatorAddress, statusWord(v), v.tokens, percent(v.commission?.commissionRates?.rate ?? "")]);
  return table.toString();
}
