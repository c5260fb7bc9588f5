/** What a validator says of itself and asks of its delegators, as options of the commands that make one. */
import { type Command } from "commander";
import { CliError } from "../cli-error.js";

export interface TermsGiven {
  moniker?: string;
  identity?: string;
  website?: string;
  securityContact?: string;
  details?: string;
  commissionRate?: string;
  commissionMaxRate?: string;
  commissionMaxChangeRate?: string;
  minSelfDelegation?: string;
}

export const describeTerms = (c: Command): Command =>
  c
    .option("--moniker <name>", "its name to others; default: that of the home")
    .option("--identity <id>", "identity, such as of Keybase")
    .option("--website <url>", "website")
    .option("--security-contact <email>", "whom to tell of faults")
    .option("--details <text>", "anything else")
    .option("--commission-rate <part>", "what it keeps of what delegators earn; default: 0.1")
    .option("--commission-max-rate <part>", "the most that it ever keeps; default: 0.2")
    .option("--commission-max-change-rate <part>", "how much it may rise in a day; default: 0.01")
    .option("--min-self-delegation <base units>", "own stake below which it is jailed; default: 1");

/** The terms of a stake. `moniker`: where the options name none. Loads the node's part of the program. */
export async function termsOf(o: TermsGiven, stake: { denom: string; amount: string }, moniker: string) {
  const { DEFAULT_TERMS } = await import("#app/validator.js");
  return {
    stake,
    description: { moniker: o.moniker ?? moniker, identity: o.identity ?? "", website: o.website ?? "", securityContact: o.securityContact ?? "", details: o.details ?? "" },
    rate: o.commissionRate ?? DEFAULT_TERMS.rate,
    maxRate: o.commissionMaxRate ?? DEFAULT_TERMS.maxRate,
    maxChangeRate: o.commissionMaxChangeRate ?? DEFAULT_TERMS.maxChangeRate,
    minSelfDelegation: o.minSelfDelegation ?? DEFAULT_TERMS.minSelfDelegation,
  };
}

/** What the app throws of an option's value, as the command line's own refusal. */
export function asUsage<T>(run: () => T): T {
  try {
    return run();
  } catch (e) {
    throw e instanceof CliError ? e : new CliError("usage", `${(e as Error).message}.`);
  }
}
