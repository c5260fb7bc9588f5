/** The differences that are meant, with their reasons; at most ten. */
import type { Allowed } from "./differences.js";

export const ALLOWED: readonly Allowed[] = [
  {
    reason: "gas: the ante reads parameters and accounts once here and a record is one write, so short transactions need less; a limit that fits the SDK fits here",
    matches: ({ at, sdk, ours }) => at.endsWith(": gas used") && BigInt(JSON.parse(ours) as string) < BigInt(JSON.parse(sdk) as string),
  },
  {
    reason: "account numbers: this chain has more module accounts, which have numbers of their own",
    matches: ({ at }) => at.endsWith(".account_number"),
  },
];
