/**
 * An outsider joins a running network of four validators by the command line alone: its node fetches the blocks, it makes its
 * validator, is bonded when it has registered its beacon key, and signs; where a task is trained it verifies and is paid for it.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ExecutionContext } from "ava";
import { readHomeFacts } from "#app/keys.js";
import { p2pAddressOf } from "#app/peers.js";
import { runValidator } from "#app/start.js";
import { operatorText } from "#kernel/address.js";
import { ONE, parseDec } from "#kernel/dec.js";
import { DistributionQuery } from "#proto/gen/cosmos/distribution/v1beta1/query.js";
import { MsgDelegate } from "#proto/gen/cosmos/staking/v1beta1/tx.js";
import { Outcome } from "#proto/gen/pouw/tasks/v1/types.js";
import { portIsFree } from "#testnet/free-ports.js";
import { appHashAt, heightOf, rpc, until } from "#testnet/rpc.js";
import { run, type Surroundings } from "#test/client/pouwd.js";
import { Course } from "./course.js";
import { type TestNetwork, testNetwork } from "./network.js";
import { message, sender } from "./sender.js";

/** between two runs of a command that asks; a process each */
const ASKING_MS = 1500;
/** base units that the outsider stakes, and that another delegates to it */
const OWN = 10_000_000n;
const DELEGATED = 5_000_000n;

export interface JoinOptions {
  /** a task is trained, so that there is something to verify */
  readonly trains: boolean;
}

export async function outsiderJoins(t: ExecutionContext, { trains }: JoinOptions): Promise<void> {
  const workers = trains ? { miners: 3, supervisors: 3, evaluators: 3 } : { miners: 0, supervisors: 0, evaluators: 0 };
  const network = await testNetwork({ ...workers, maxSeats: 1, blockTime: 500, params: { tasks: { seat_unlock_blocks: "10" } } });
  const home = mkdtempSync(join(tmpdir(), "pouwd-outsider-"));
  const stop = new AbortController();
  let node: Promise<void> | undefined;
  try {
    const own = await freePorts(3);
    const at = `http://127.0.0.1:${own[0]}`;
    const pouwd = async (words: readonly string[], around: Surroundings): Promise<string> => {
      const { code, stdout, stderr } = await run(words, around);
      t.is(code, 0, `${words.join(" ")}: ${stderr}`);
      return stdout;
    };
    const outside: Surroundings = { home, node: at };
    const [first] = network.facts().validators;
    const peer = first?.home ?? "";
    const genesis = join(peer, "config", "genesis.json");
    t.is((JSON.parse(readFileSync(genesis, "utf8")) as { app_state: { genutil: { gen_txs: unknown[] } } }).app_state.genutil.gen_txs.length, 4, "the network began by genesis transactions");
    const init = ["init", "outsider", "--genesis", genesis, "--peers", `${readHomeFacts(peer).nodeId}@${p2pAddressOf(peer)}`, "--rpc-port", `${own[0]}`, "--p2p-port", `${own[1]}`, "--verifier", `127.0.0.1:${own[2]}`, "--allow-private"];
    await pouwd(init, outside);
    const { address } = JSON.parse(await pouwd(["keys", "add", "me", "-o", "json"], outside)) as { address: string };
    await pouwd(["tx", "bank", "send", "client", address, "20POUW"], { home: join(network.dir, "client"), node: network.rpc });
    const cometbft = process.env.COMETBFT;
    if (!cometbft) throw new Error("COMETBFT is not set");
    node = runValidator({ home, cometbft }, stop.signal, () => {});

    const next = async (): Promise<string> => (JSON.parse(await pouwd(["validator", "status", "-o", "json"], outside)) as { next: string }).next;
    const says = (text: RegExp) => until(`the status to say ${text}`, 120_000, async () => (text.test(await next()) ? true : undefined), ASKING_MS);
    await until("the outsider's node", 60_000, async () => ((await heightOf(at)) >= 1 ? true : undefined));
    await says(/^make the validator: pouwd tx staking create-validator AMOUNT --from KEY$/);

    await pouwd(["tx", "staking", "create-validator", "10POUW", "--no-beacon-key", "--from", "me"], outside);
    t.is(await next(), "register its beacon key, without which it signs nothing: pouwd tx beacon register-beacon-key --from me");
    t.is((await setAt(network.rpc)).length, 4, "without a beacon key it is not bonded");
    await pouwd(["tx", "beacon", "register-beacon-key", "--from", "me"], outside);
    await says(/^nothing: it signs$/);
    const consensus = (JSON.parse(readFileSync(join(home, "config", "priv_validator_key.json"), "utf8")) as { address: string }).address;
    // What the application has told the engine is its set two blocks on, and this node may be a block behind the outsider's.
    await until("five in the set", 30_000, async () => ((await setAt(network.rpc)).length === 5 ? true : undefined));
    t.deepEqual((await setAt(network.rpc)).map((v) => v.voting_power), ["10", "10", "10", "10", "10"]);

    const from = await heightOf(network.rpc);
    await until("the outsider to sign and to propose", 90_000, async () => {
      const seen = await blocksFrom(network.rpc, from);
      return seen.some((b) => b.signers.includes(consensus)) && seen.some((b) => b.proposer === consensus) ? true : undefined;
    });

    if (trains) await verifies(t, network, address);
    const height = (await heightOf(network.rpc)) - 1;
    await until("the outsider to have the block", 30_000, async () => ((await heightOf(at)) >= height ? true : undefined));
    t.is(await appHashAt(at, height), await appHashAt(network.rpc, height));
    const { response } = await rpc<{ response: { value: string } }>(network.rpc, '/abci_query?path="/app/invariants"');
    t.deepEqual((JSON.parse(Buffer.from(response.value, "base64").toString()) as { broken: unknown[] }).broken, []);
  } finally {
    stop.abort();
    await node?.catch(() => {});
    await network.down();
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** A task is trained and paid; the outsider has its share of what verifiers are paid, and who delegates to it has a part of that, to the unit. */
async function verifies(t: ExecutionContext, network: TestNetwork, address: string): Promise<void> {
  const bob = await sender(network, "bob");
  const validatorAddress = operatorText(bob.chain, address);
  const coin = { denom: network.facts().denom, amount: `${DELEGATED}` };
  const { code, height: delegatedAt } = await bob.send(message(MsgDelegate, { delegatorAddress: bob.address, validatorAddress, amount: coin }));
  t.is(code, 0);
  const course = await Course.begin(network, { epochs: 8 });
  const { result, lost, supply, appHashes } = await course.end();
  t.is(result.task?.outcome, Outcome.OUTCOME_PAID);
  t.deepEqual(lost, {});
  t.is(supply.after, supply.expected);
  t.is(new Set(appHashes).size, 1);
  t.true((result.totals?.auditsDrawn ?? 0n) > 0n);
  const paid = result.payouts.filter((p) => p.address === address).reduce((sum, p) => sum + p.amount, 0n);
  t.true(paid > 0n, "its verdicts are paid");

  const height = await heightOf(network.rpc);
  const told = await earned(network.rpc, validatorAddress, Number(delegatedAt) + 1, height);
  t.true(told.commission > 0n && told.rewards > paid * ONE, "what verdicts bring is shared as rewards are");
  const { value } = await bob.chain.query(DistributionQuery.methods.delegationRewards, { delegatorAddress: bob.address, validatorAddress }, BigInt(height));
  const expected = ((told.rewards - told.commission) * DELEGATED) / (OWN + DELEGATED);
  t.is(BigInt(value.rewards[0]?.amount ?? "0") / ONE, expected / ONE, "a third of what is left of the commission");
}

/** What blocks told that a validator and its delegators earned, and the validator's commission of that; in 10^-18 base units. */
async function earned(at: string, validator: string, from: number, to: number): Promise<{ rewards: bigint; commission: bigint }> {
  const sums = { rewards: 0n, commission: 0n };
  for (let height = from; height <= to; height++) {
    const { finalize_block_events: events } = await rpc<{ finalize_block_events: { type: string; attributes: { key: string; value: string }[] }[] }>(at, `/block_results?height=${height}`);
    for (const { type, attributes } of events) {
      const of = (key: string) => attributes.find((a) => a.key === key)?.value ?? "";
      if ((type === "rewards" || type === "commission") && of("validator") === validator) sums[type] += parseDec(of("amount").replace(/[a-z]+$/, "") || "0");
    }
  }
  return sums;
}

const setAt = async (at: string): Promise<{ voting_power: string }[]> => (await rpc<{ validators: { voting_power: string }[] }>(at, "/validators")).validators;

/** Who proposed, and who signed, each block from a height on; upper-case hexadecimal. */
async function blocksFrom(at: string, from: number): Promise<{ proposer: string; signers: string[] }[]> {
  const newest = await heightOf(at);
  const heights = Array.from({ length: Math.max(0, newest - from + 1) }, (_, i) => from + i);
  return Promise.all(
    heights.map(async (height) => {
      const { signed_header: h } = await rpc<{ signed_header: { header: { proposer_address: string }; commit: { signatures: { validator_address: string }[] } } }>(at, `/commit?height=${height}`);
      return { proposer: h.header.proposer_address, signers: h.commit.signatures.map((s) => s.validator_address) };
    }),
  );
}

/** Beside those of the network's own, which begin at 26,656. */
export async function freePorts(count: number): Promise<number[]> {
  const free: number[] = [];
  for (let port = 20_000 + (process.pid % 400) * 10; free.length < count; port++) if (await portIsFree(port)) free.push(port);
  return free;
}
