/** One byzantine validator of four: what it proposes or attaches is refused or ignored, and blocks go on. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ExecutionContext } from "ava";
import { Outcome } from "#proto/gen/pouw/tasks/v1/types.js";
import { appHashAt, heightOf, rpc, until } from "#testnet/rpc.js";
import { Course } from "./course.js";
import { type TestNetwork, testNetwork } from "./network.js";

export const FORGERIES = ["forge-beacon", "omit-beacon"] as const;
export const EXTENSIONS = ["huge-extension", "garbage-extension", "empty-extension"] as const;

const BYZANTINE = "validator3";
const env = (kind: string) => ({ [`${BYZANTINE}.node.POUWD_TEST_BUILD`]: "1", [`${BYZANTINE}.node.POUWD_BYZANTINE`]: kind });

/** Consensus address, upper-case hexadecimal as in block headers: the first 20 bytes of sha256 of the ed25519 key. */
function addressOf(network: TestNetwork, name: string): string {
  const home = network.facts().validators.find((v) => v.name === name)?.home ?? "";
  const { pub_key } = JSON.parse(readFileSync(join(home, "config", "priv_validator_key.json"), "utf8")) as { pub_key: { value: string } };
  return createHash("sha256").update(Buffer.from(pub_key.value, "base64")).digest("hex").slice(0, 40).toUpperCase();
}

interface Block {
  readonly block: { readonly header: { readonly proposer_address: string }; readonly last_commit: { readonly round: number } };
}
const blockAt = (base: string, height: number): Promise<Block> => rpc<Block>(base, `/block?height=${height}`);

export async function sameHashes(t: ExecutionContext, network: TestNetwork, height: number): Promise<void> {
  const { validators } = network.facts();
  const hashes = await Promise.all(validators.map((v) => until(`block ${height} of ${v.name}`, 60_000, async () => ((await heightOf(v.rpc)) >= height ? appHashAt(v.rpc, height) : undefined))));
  t.is(new Set(hashes).size, 1, "the validators agree, the byzantine one too");
}

/** A proposer that forges or omits the beacon: none of its blocks is ever committed, everybody else's are. */
export async function refusesForgery(t: ExecutionContext, kind: string): Promise<void> {
  const network = await testNetwork({ miners: 0, supervisors: 0, evaluators: 0, blockTime: 300 }, env(kind));
  try {
    const bad = addressOf(network, BYZANTINE);
    const last = await until("block 14", 180_000, async () => ((await heightOf(network.rpc)) >= 14 ? 13 : undefined));
    const proposers = new Set<string>();
    let later = 0;
    for (let h = 1; h <= last; h++) {
      proposers.add((await blockAt(network.rpc, h)).block.header.proposer_address);
      if ((await blockAt(network.rpc, h + 1)).block.last_commit.round > 0) later++;
    }
    t.false(proposers.has(bad), "no block of the forger is in the chain");
    t.is(proposers.size, 3, "the honest three all proposed");
    t.true(later >= 2, `its turns went to a later round: ${later}`);
    const said = readFileSync(join(network.facts().validators[0]?.home ?? "", "node.log"), "utf8");
    t.regex(said, /a proposal was refused/, "the others say why they refused");
    await sameHashes(t, network, last);
  } finally {
    await network.down();
  }
}

/** A validator whose vote extensions are huge, garbage or empty: a whole task is trained, verified and paid all the same. */
export async function shrugsOff(t: ExecutionContext, kind: string): Promise<void> {
  const network = await testNetwork({ maxSeats: 1, blockTime: 500, params: { tasks: { seat_unlock_blocks: "10" } } }, env(kind));
  try {
    const course = await Course.begin(network, { epochs: 8 });
    const { result, lost, supply, appHashes } = await course.end();
    t.is(result.task?.outcome, Outcome.OUTCOME_PAID);
    t.deepEqual(lost, {});
    t.true((result.totals?.auditsDrawn ?? 0n) >= 3n);
    t.is(result.totals?.auditsValid, result.totals?.auditsDrawn, "every audit is decided by the other three");
    t.is(supply.after, supply.expected);
    t.is(new Set(appHashes).size, 1);
    const bad = course.network.facts().accounts.find((a) => a.name === BYZANTINE)?.address;
    t.false(result.payouts.some((p) => p.address === bad), "who gave no verdicts has no share");
  } finally {
    await network.down();
  }
}

