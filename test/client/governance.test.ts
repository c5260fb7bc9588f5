/**
 * docs/governance.md, done on a chain of one real node: a parameter is changed, the community pool spent and an upgrade planned by
 * votes. Then, on the same chain, what accounts allow each other: messages, fees, and where rewards go.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { connectChain, type RpcChain } from "#client/chain/index.js";
import { entry } from "#platform/entry.js";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { ProposalStatus } from "#proto/gen/cosmos/gov/v1/gov.js";
import { GovQuery } from "#proto/gen/cosmos/gov/v1/query.js";
import { UpgradeQuery } from "#proto/gen/cosmos/upgrade/v1beta1/query.js";
import { portIsFree } from "#testnet/free-ports.js";
import { heightOf, rpc, until } from "#testnet/rpc.js";
import { blocksOf, shell as run } from "./page.js";
import { runHere } from "./program.js";

const ASKING_MS = 500;
/** long enough for the commands of a vote on a busy machine */
const VOTING_S = 20;

const dir = mkdtempSync(join(tmpdir(), "pouwd-governance-"));
const home = join(dir, ".pouwd");
let node: ChildProcess | undefined;
let env: NodeJS.ProcessEnv = {};
let at = "";
let chain: RpcChain;
let exit: number | null | undefined;

test.after.always(async () => {
  if (node && node.exitCode === null) {
    const ended = new Promise((resolve) => node?.once("exit", resolve));
    node.kill("SIGTERM");
    await ended;
  }
  if (process.env.POUWD_KEEP_TESTS) return console.error(`kept: ${dir}`);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

/** A block of the page; fails the test when a command fails. */
async function shell(t: ExecutionContext, text: string): Promise<string> {
  const { status, stdout, stderr } = await run(text, dir, env);
  t.is(status, 0, `${text}${stderr}`);
  return stdout;
}
/** One command; its words have no spaces within. */
const pouwd = (text: string): Promise<string> => runHere(...text.split(" "));
const json = async <T>(text: string): Promise<T> => JSON.parse(await pouwd(`${text} -o json`)) as T;
async function refused(t: ExecutionContext, text: string, line: RegExp): Promise<void> {
  const e = await t.throwsAsync(pouwd(text), { message: line }, text);
  t.false(e?.message.trim().includes("\n"), e?.message);
}

test.before("a chain of one node, with short votes", async (t) => {
  t.timeout(180_000);
  const ports: number[] = [];
  for (let port = 27_000 + (process.pid % 200) * 10; ports.length < 2; port++) if (await portIsFree(port)) ports.push(port);
  at = `http://127.0.0.1:${ports[0]}`;
  const clean = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith("POUWD_") || key === "POUWD_COMPILED"));
  env = { ...clean, HOME: dir, POUWD_NODE: at, POUWD_KEYRING_BACKEND: "test" };
  mkdirSync(home, { recursive: true });
  Object.assign(process.env, env);
  await pouwd(`init one --chain-id governed-1 --rpc-port ${ports[0]} --p2p-port ${ports[1]} --verifier= --invariants`);
  for (const name of ["me", "friend", "builder", "locked"]) env[name.toUpperCase()] = (await json<{ address: string }>(`keys add ${name}`)).address;
  const path = join(home, "config", "genesis.json");
  const g = JSON.parse(readFileSync(path, "utf8")) as { app_state: Record<string, unknown> };
  // Free, so that every amount below is what a command moved.
  g.app_state.fees = { params: { min_gas_price: "0" } };
  g.app_state.gov = { params: { voting_period: `${VOTING_S}s`, expedited_voting_period: "5s", max_deposit_period: "60s" } };
  writeFileSync(path, JSON.stringify(g));
  await pouwd("genesis add-account me 1000POUW,5uatom");
  await pouwd("genesis add-account friend 100POUW");
  await pouwd("genesis add-account locked 20POUW --vesting-amount 15POUW --vesting-end-time 2100-01-01T00:00:00Z");
  await pouwd("genesis gentx me 100POUW");
  await pouwd("genesis collect-gentxs");
  const { command, args } = entry("client/main", "start");
  node = spawn(command, args, { env: { ...env, COMETBFT: process.env.COMETBFT }, stdio: "ignore" });
  node.once("exit", (code) => (exit = code));
  await until("blocks", 60_000, async () => {
    if (exit !== undefined) throw new Error(`pouwd start ended with ${exit}`);
    return (await heightOf(at)) >= 2 ? true : undefined;
  }, 500);
  chain = await connectChain({ rpc: at });
});

async function decided(t: ExecutionContext, id: bigint): Promise<void> {
  await until(`proposal ${id} to be decided`, 60_000, async () => {
    const { proposal } = (await chain.query(GovQuery.methods.proposal, { proposalId: id })).value;
    if (proposal?.status === ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD) return undefined;
    t.like(proposal, { status: ProposalStatus.PROPOSAL_STATUS_PASSED, failedReason: "" });
    return true;
  }, ASKING_MS);
}
const upouw = async (who: string): Promise<bigint> => BigInt((await chain.query(BankQuery.methods.balance, { address: env[who.toUpperCase()] ?? "", denom: "upouw" })).value.balance?.amount ?? 0);

type Step = (t: ExecutionContext, said: string) => Promise<void> | void;

/** Before a block: what takes time. */
const BEFORE: Readonly<Record<string, Step>> = {
  passed: (t) => decided(t, 1n),
  plan: (t) => decided(t, 4n),
};

/** After a block, with what it printed. */
const AFTER: Readonly<Record<string, Step>> = {
  params(t, said) {
    t.regex(said, /"voting_period": "20s"/);
  },
  async propose(t, said) {
    t.regex(said, /"evidence_timeout": "20"[\s\S]*in block \d+, \d+ gas: [0-9A-F]{64}\nproposal 1 wants 6\.000000 POUW more of deposits until \d{4}-\S+Z, then it is voted on: pouwd tx gov deposit 1 6000000upouw --from KEY\n$/);
    t.like((await chain.query(GovQuery.methods.proposal, { proposalId: 1n })).value.proposal, { status: ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD, title: "Verifiers wait 25 blocks", summary: "Links are slow" });
    await refused(t, `tx work update-params-proposal {"evidence":"25"} --title x --from me`, /evidence: there is no such parameter; there are draw_delay, /);
    await refused(t, `tx work update-params-proposal {"evidence_timeout":"25"} --from me`, /--title is missing/);
  },
  deposit(t, said) {
    t.regex(said, /"id": "1",[\s\S]*"status": "PROPOSAL_STATUS_VOTING_PERIOD"/);
  },
  async vote(t, said) {
    t.regex(said, /"option": "VOTE_OPTION_YES",\s+"weight": "1\.000000000000000000"/);
    t.regex(said, /"metadata": "it is needed"/);
    t.regex(said, /"yes_count": "100000000"[\s\S]*"no_count": "0"/);
    await refused(t, "tx gov vote 1 maybe --from me", /"maybe" is no vote: want yes, no, no-with-veto, abstain/);
  },
  async passed(t, said) {
    t.regex(said, /"status": "PROPOSAL_STATUS_PASSED"[\s\S]*"evidence_timeout": "25"/);
    t.is(await upouw("friend"), 100_000_000n, "the deposit is given back");
  },
  fund(t, said) {
    t.regex(said, /"denom": "upouw",\s+"amount": "5000000\.000000000000000000"/);
  },
  spend(t, said) {
    t.regex(said, /\nproposal 2 is voted on until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: pouwd tx gov vote 2 yes --from KEY\n/);
  },
  async several(t, said) {
    t.regex(said, /\nproposal 3 is voted on until /);
    await decided(t, 2n);
    await decided(t, 3n);
    t.is(await upouw("builder"), 4_000_000n);
    await refused(t, `tx bank send me ${env.FRIEND} 1uatom`, /uatom transfers are currently disabled/);
    await refused(t, "tx gov submit-proposal nowhere.json --from me", /nowhere\.json: there is no such file/);
  },
  plan(t, said) {
    t.regex(said, /"name": "v2"[\s\S]*"height": "1000000"[\s\S]*"info": "https:\/\/example\.org\/v2"/);
  },
  async cancel(t) {
    await decided(t, 5n);
    t.is((await chain.query(UpgradeQuery.methods.currentPlan, {})).value.plan, undefined);
    t.deepEqual((await json<{ proposals: unknown[] }>("query gov proposals --depositor locked")).proposals, []);
  },
};

test.serial("the commands of docs/governance.md change a parameter, spend the pool, and plan an upgrade", async (t) => {
  t.timeout(5 * 60_000);
  const blocks = blocksOf("docs/governance.md");
  for (const name of [...Object.keys(BEFORE), ...Object.keys(AFTER)]) t.true(blocks.some((b) => b.name === name), `the page has no block ${name}`);
  for (const { name, text } of blocks) {
    await BEFORE[name]?.(t, "");
    const said = await shell(t, text);
    await AFTER[name]?.(t, said);
  }
});

test.serial("accounts send messages in others' names, pay others' fees, and withdraw what their stake has earned", async (t) => {
  t.timeout(3 * 60_000);
  for (const text of ["bank spendable-balances friend", "staking redelegations friend", "staking redelegation friend", 'bank all-balances {"address":"friend"}']) await pouwd(`query ${text}`);
  t.like(await json("query auth account friend"), { account: { address: env.FRIEND } });
  t.like(await json('query staking delegator-validator me {"validator_addr":"me"}'), { validator: { description: { moniker: "one" } } });
  await refused(t, "query bank spendable-balances frend", /✖ no key frend here; there are builder, friend, locked, me\. Give the name of one, or an address\.$/);
  const before = await upouw("builder");
  await pouwd("tx authz grant friend send --spend-limit 2POUW --allow-list builder --expiration 2100-01-01T00:00:00Z --from me");
  t.regex(await pouwd("query authz grants me friend"), /"@type": "\/cosmos\.bank\.v1beta1\.SendAuthorization",\s+"spend_limit": \[\s+\{\s+"denom": "upouw",\s+"amount": "2000000"/);
  const message = { "@type": "/cosmos.bank.v1beta1.MsgSend", from_address: env.ME, to_address: env.BUILDER, amount: [{ denom: "upouw", amount: "1500000" }] };
  writeFileSync(join(dir, "send.json"), JSON.stringify({ body: { messages: [message] } }));
  await pouwd(`tx authz exec ${dir}/send.json --from friend`);
  t.is((await upouw("builder")) - before, 1_500_000n);
  await refused(t, `tx authz exec ${dir}/send.json --from friend`, /requested amount is more than spend limit/);
  await pouwd("tx authz revoke friend send --from me");
  await refused(t, `tx authz exec ${dir}/send.json --from friend`, /authorization not found/);

  await pouwd("tx feegrant grant me builder --spend-limit 10POUW --allowed-messages /cosmos.bank.v1beta1.MsgSend");
  t.regex(await pouwd("query feegrant grants-by-grantee builder"), /"allowed_messages": \[\s+"\/cosmos\.bank\.v1beta1\.MsgSend"/);
  const mine = await upouw("me");
  const builders = await upouw("builder");
  t.regex(await pouwd(`tx bank send builder ${env.FRIEND} 1POUW --gas 200000 --gas-prices 10upouw --fee-granter me`), /^in block \d+, \d+ gas, fee 2000000upouw: [0-9A-F]{64}\n$/);
  t.deepEqual([mine - (await upouw("me")), builders - (await upouw("builder"))], [2_000_000n, 1_000_000n], "the fee is the other's");
  await refused(t, "tx gov vote 5 yes --gas 200000 --gas-prices 10upouw --fee-granter me --from builder", /message not allowed/);
  await pouwd("tx feegrant revoke me builder");
  t.deepEqual((await json<{ allowances: unknown[] }>("query feegrant grants-by-granter me")).allowances, []);

  // the fee of before is the validator's by now, less the community's part
  const rewards = (await json<{ total: { amount: string }[] }>("query distribution rewards me")).total[0]?.amount ?? "0";
  const commission = (await json<{ commission: { commission: { amount: string }[] } }>("query distribution commission me")).commission.commission[0]?.amount ?? "0";
  t.deepEqual([rewards, commission].map((x) => Number.parseInt(x, 10)), [1_764_000, 196_000]);
  await pouwd(`tx distribution set-withdraw-addr builder --from me`);
  const had = await upouw("builder");
  await pouwd("tx distribution withdraw-all-rewards --from me");
  t.is((await upouw("builder")) - had, 1_764_000n);
  await pouwd("tx distribution withdraw-rewards me --commission --from me");
  t.is((await upouw("builder")) - had, 1_960_000n);
  await refused(t, "tx distribution withdraw-all-rewards --from friend", /has no stake with any validator/);
});

test.serial("accounts whose coins come free over time are made in the genesis, and by transactions", async (t) => {
  t.timeout(2 * 60_000);
  await refused(t, `tx bank send locked ${env.FRIEND} 6POUW`, /spendable balance 5000000upouw is smaller than 6000000upouw/);
  await pouwd("tx staking delegate me 15POUW --from locked");
  writeFileSync(join(dir, "periods.json"), JSON.stringify({ start_time: 1_900_000_000, periods: [{ coins: "1POUW", length_seconds: 60 }, { coins: "2POUW", length_seconds: 60 }] }));
  const made = (await json<Record<string, string>>("keys add periodic")).address ?? "";
  await pouwd(`tx vesting create-periodic-vesting-account periodic ${dir}/periods.json --from me`);
  t.regex(await pouwd(`query auth account ${made}`), /PeriodicVestingAccount[\s\S]*"end_time": "1900000120"/);
  await refused(t, "tx vesting create-vesting-account periodic 1POUW 1900000000 --delayed --from me", /already exists/);
  const broken = await rpc<{ response: { value: string } }>(at, '/abci_query?path="/app/invariants"');
  t.deepEqual((JSON.parse(Buffer.from(broken.response.value, "base64").toString()) as { broken: unknown[] }).broken, []);
});
