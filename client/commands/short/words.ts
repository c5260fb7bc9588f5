/** Words for values of governance and for times, as they stand in JSON. */
import { CliError } from "../../cli-error.js";
import { nearest } from "../../task/faults.js";

const OPTIONS = ["yes", "no", "no-with-veto", "abstain"];
const STATUSES = ["deposit-period", "voting-period", "passed", "rejected", "failed"];

/** VOTE_OPTION_NO_WITH_VETO of no-with-veto, no_with_veto, NoWithVeto or itself. */
const wordOf = (text: string, prefix: string): string => {
  const plain = text.trim().replace(new RegExp(`^${prefix}`, "i"), "");
  return plain.replace(/([a-z])([A-Z])/g, "$1-$2").replaceAll("_", "-").toLowerCase();
};

function one(text: string, known: readonly string[], prefix: string, what: string): string {
  const word = wordOf(text, prefix);
  if (known.includes(word)) return prefix + word.replaceAll("-", "_").toUpperCase();
  const near = nearest(word, known);
  throw new CliError("usage", `${JSON.stringify(text)} is no ${what}: want ${known.join(", ")}.${near ? ` Did you mean ${near}?` : ""}`);
}

export const voteOption = (text: string): string => one(text, OPTIONS, "VOTE_OPTION_", "vote");
export const proposalStatus = (text: string): string => one(text, STATUSES, "PROPOSAL_STATUS_", "status of a proposal");

/** yes=0.6,no=0.4; the chain holds the parts to their sum. */
export function weightedOptions(text: string): { option: string; weight: string }[] {
  return text.split(",").map((part) => {
    const [word = "", weight = "1", more] = part.split("=").map((x) => x.trim());
    if (more !== undefined || !/^\d+(\.\d+)?$/.test(weight)) throw new CliError("usage", `${JSON.stringify(part)}: want an option and its part of one, such as yes=0.6.`);
    return { option: voteOption(word), weight };
  });
}

/** Seconds since 1970, or a time as it is: what is none is refused where the message is made. */
export function timeText(text: string): string {
  if (!/^\d+$/.test(text)) return text;
  const ms = Number(text) * 1000;
  if (ms > Date.UTC(9999, 11, 31)) throw new CliError("usage", `${text} is no time: want seconds since 1970, or such as 2030-01-31T12:00:00Z.`);
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

/** Seconds since 1970 of a time. Throws CliError. */
export function seconds(text: string): string {
  if (/^\d+$/.test(text)) return text;
  const ms = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new CliError("usage", `${JSON.stringify(text)} is no time: want seconds since 1970, or such as 2030-01-31T12:00:00Z.`);
  return `${Math.floor(ms / 1000)}`;
}
