/** Votes as messages have them, and their checks. */
import { type Dec, decText, ONE, parseDec } from "#kernel/dec.js";
import { sdk } from "#kernel/errors.js";
import type { WeightedVoteOption } from "#proto/gen/cosmos/gov/v1/gov.js";
import { govErrors } from "./errors.js";
import { VoteOption } from "./types.js";

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(VoteOption).map(([name, n]) => [n, name]));
export const isOption = (n: number): boolean => n !== VoteOption.VOTE_OPTION_UNSPECIFIED && NAMES.has(n);

export const wholeVote = (option: VoteOption): WeightedVoteOption[] => {
  if (!isOption(option)) throw govErrors.invalidVote(NAMES.get(option) ?? `${option}`);
  return [{ option, weight: decText(ONE) }];
};

/** As Go prints the message, in its compact form. */
const optionText = ({ option, weight }: WeightedVoteOption): string => `${option === 0 ? "" : `option:${NAMES.get(option) ?? option} `}${weight === "" ? "" : `weight:${JSON.stringify(weight.slice(0, 100))} `}`;

function weightOf(text: string): Dec | undefined {
  try {
    return parseDec(text);
  } catch {
    return undefined;
  }
}

/** Throws what no vote may be: every weight above 0, each option once, 1 together. */
export function checkOptions(options: readonly WeightedVoteOption[]): void {
  if (options.length === 0) throw sdk.invalidRequest("[]");
  let total = 0n;
  const used = new Set<number>();
  for (const o of options) {
    const weight = weightOf(o.weight);
    if (weight === undefined || weight <= 0n || weight > ONE || !isOption(o.option)) throw govErrors.invalidVote(optionText(o));
    total += weight;
    if (used.has(o.option)) throw govErrors.invalidVote("duplicated vote option");
    used.add(o.option);
  }
  if (total > ONE) throw govErrors.invalidVote("total weight overflow 1.00");
  if (total < ONE) throw govErrors.invalidVote("total weight lower than 1.00");
}

/** As Go writes the options into an event: JSON with options as numbers. */
export const optionsText = (options: readonly WeightedVoteOption[]): string => JSON.stringify(options.map(({ option, weight }) => ({ option, weight })));
