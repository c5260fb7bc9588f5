/** The differences that are meant, with their reasons; at most ten. */
import type { Allowed } from "#test/compat/sdk/differences.js";

/** between blocks of two networks that are asked at one time */
const SECONDS = 20;
const GAS_TOLERANCE = 25n;

/** Seconds since 1970 of what a client gives as an instant. */
function instant(text: string): number | undefined {
  const value = JSON.parse(text) as unknown;
  if (typeof value !== "string") return undefined;
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return Date.parse(value) / 1000;
  return /^1[6-9]\d{8}$/.test(value) ? Number(value) : undefined;
}

const near = (a: string, b: string): boolean => {
  const [x, y] = [instant(a), instant(b)];
  return x !== undefined && y !== undefined && Math.abs(x - y) <= SECONDS;
};

function gasNear(a: string, b: string): boolean {
  const [x, y] = [BigInt(JSON.parse(a) as string), BigInt(JSON.parse(b) as string)];
  return (x > y ? x - y : y - x) * 100n <= x * GAS_TOLERANCE;
}

/** A text without what differs in it, where both are texts. */
const alike = (a: string, b: string, ...parts: readonly RegExp[]): boolean => parts.reduce((t, p) => t.replace(p, ""), a) === parts.reduce((t, p) => t.replace(p, ""), b);

export const ALLOWED: readonly Allowed[] = [
  {
    reason: "each network has blocks at times of its own",
    matches: ({ at, sdk, ours }) => near(sdk, ours) || /creationHeight$|Time\.nanos$/.test(at) || (/^undelegateTokens, .*msgResponses\.0\.value$/.test(at) && Math.abs(sdk.length - ours.length) <= 2),
  },
  {
    reason: "gas within a quarter: records are laid out otherwise, and where it runs out another number stands",
    matches: ({ at, sdk, ours }) => (at.endsWith("gasUsed") && gasNear(sdk, ours)) || alike(sdk, ours, /gasUsed: \d+: out of gas/),
  },
  {
    reason: "what is no address is told in words that say what was got",
    matches: ({ sdk, ours }) => /decoding bech32 failed/.test(sdk) && /is not a bech32 address/.test(ours),
  },
  {
    reason: "a refused simulation: the SDK names a line of its source, and gas that is not quite the same",
    matches: ({ sdk, ours }) => alike(sdk, ours, / \[cosmos\/cosmos-sdk@[^\]]*\]/, /with gas used: '\d+'/),
  },
  {
    reason: "a text of the SDK has an address in it as raw bytes; here it is readable",
    matches: ({ sdk, ours }) => sdk.includes("failed to delete grant with key") && ours.includes("failed to delete grant with key") && sdk.slice(-30) === ours.slice(-30),
  },
  {
    reason: "what is not found is told in words; the SDK's are those of its store library, with its Go types",
    matches: ({ sdk, ours }) => /code = NotFound desc = collections: not found/.test(sdk) && /code = NotFound/.test(ours),
  },
  {
    reason: "account numbers: this chain has more module accounts, which have numbers of their own",
    matches: ({ at, sdk, ours }) => /^auth\.account \S+\.value$/.test(at) && sdk.slice(0, -3) === ours.slice(0, -3),
  },
  {
    reason: "a question that no service answers: its path is named here",
    matches: ({ sdk, ours }) => alike(sdk, ours, /(?<=unknown query path) \\"\S+\\"/),
  },
  {
    reason: "bytes that are no transaction: the decoder's own words",
    matches: ({ sdk, ours }) => [sdk, ours].every((t) => /failed with code 2 \(codespace: sdk\)\. Log: .*tx parse error/.test(t)),
  },
  {
    reason: "the first transaction of a block is the chain's own",
    matches: ({ at, sdk, ours }) => at === "getTx.txIndex" && Number(ours) === Number(sdk) + 1,
  },
];
