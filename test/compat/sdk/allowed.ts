/** The differences that are meant, with their reasons; at most ten. */
import type { Allowed } from "./differences.js";

/** The Cosmos SDK's words for what is no address, and this chain's. */
const NO_ADDRESS = /empty address string is not allowed|decoding bech32 failed|hrp does not match|invalid Bech32 prefix|invalid (validator )?address/;
const OUR_NO_ADDRESS = /is not a bech32 address|has prefix \S+, want|address cannot be empty/;

export const ALLOWED: readonly Allowed[] = [
  {
    reason: "gas of what is refused before a signature is looked at, and where gas runs out: other records are read until then",
    matches: ({ at, sdk, ours }) => (at.endsWith(": gas used") && (ours === '"0"' || BigInt(JSON.parse(ours) as string) < 10_000n)) || [sdk, ours].every((t) => t.includes("out of gas in location")) || at.startsWith("no gas"),
  },
  {
    reason: "account numbers and lists of accounts: this chain has more module accounts, which have numbers of their own (the rest of each account is compared in the state)",
    matches: ({ at }) => at.endsWith(".account_number") || /^\/cosmos\.auth\.v1beta1\.Query\/(Accounts|Account|AccountInfo|ModuleAccounts|ModuleAccountByName) /.test(at),
  },
  {
    reason: "what is no address of this chain is an invalid request everywhere, in words that say what was got; some of the SDK's queries have no code for it",
    matches: ({ sdk, ours }) => NO_ADDRESS.test(sdk) && OUR_NO_ADDRESS.test(ours),
  },
  {
    reason: "next_key of a page is opaque: where the SDK strips a length from it, this chain may not, or the reverse",
    matches: ({ at }) => at.endsWith(".pagination.next_key"),
  },
  {
    reason: "what is not found is told in words; the SDK's are those of its store library, with its Go types",
    matches: ({ sdk, ours }) => /code = NotFound desc = collections: not found/.test(sdk) && /code = NotFound/.test(ours),
  },
  {
    reason: "headers of the past: the app hash is the chain's own and no module knows it, so it is empty here",
    matches: ({ at }) => at.startsWith("/cosmos.staking.v1beta1.Query/HistoricalInfo ") && /header\.(app_hash|version|last_block_id\.part_set_header)$/.test(at),
  },
  {
    reason: "a text of the SDK has an address in it as raw bytes; here it is readable",
    matches: ({ sdk, ours }) => {
      const told = /(?: does not allow to pay fees for cosmos1[a-z0-9]+: |failed to delete grant with key [0-9a-f]+ )(.*)$/.exec(ours)?.[1];
      return told !== undefined && sdk.endsWith(told);
    },
  },
  {
    reason: "filtered lists: the SDK's total counts what an offset skips, whether it passes the filter or not; and it reads the filter of proposals only where there is a proposal",
    matches: ({ at, sdk, ours }) =>
      (/Query\/(Proposals|ValidatorUnbondingDelegations) /.test(at) && at.includes('"offset":"2"') && at.endsWith(".pagination.total")) ||
      (/Query\/Proposals /.test(at) && ((sdk === '"/0 "' && OUR_NO_ADDRESS.test(ours)) || (at.endsWith("value.pagination") && ours === "null"))),
  },
  {
    reason: "what matures at one instant is told in the order of its addresses; the SDK tells it in the order in which it was begun",
    matches: ({ at, sdk, ours }) => at.includes("begin and end: events[") && [sdk, ours].every((t) => /^\["complete_(redelegation|unbonding)\{/.test(t)),
  },
];
