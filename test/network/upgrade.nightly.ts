/**
 * An upgrade on a real network: a vote plans it, every node stops before its block, the old program is refused from then on, and a
 * program that knows the plan goes on there, with a migrated state that all validators agree on.
 */
import { spawn } from "node:child_process";
import { openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { connectChain } from "#client/chain/index.js";
import { entry } from "#platform/entry.js";
import { ProposalStatus } from "#proto/gen/cosmos/gov/v1/gov.js";
import { GovQuery } from "#proto/gen/cosmos/gov/v1/query.js";
import { UpgradeQuery } from "#proto/gen/cosmos/upgrade/v1beta1/query.js";
import { WorkersQuery } from "#proto/gen/pouw/workers/v1/query.js";
import { runHere } from "#test/client/program.js";
import { ask } from "#testnet/control.js";
import { appHashAt, heightOf, rpc, until } from "#testnet/rpc.js";
import { testNetwork } from "./network.js";
import { LONGER, newerProgram } from "./newer-program.js";

const NAME = "v2";
const INFO = "https://example.org/v2";
/** blocks from the proposal to the plan: more than its vote needs on a busy machine */
const AHEAD = 140;
const EX_CONFIG = 78;
const PATIENCE_MS = 60_000;

interface Refusal {
  readonly code: number | null;
  readonly said: string;
}

/** The node's application by itself, as the unit starts it; killed when it has not ended after a minute. */
function application(args: readonly string[]): Promise<Refusal> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], timeout: PATIENCE_MS });
  let said = "";
  child.stderr.on("data", (d: Buffer) => (said += d.toString()));
  return new Promise((resolve, reject) => child.once("error", reject).once("close", (code) => resolve({ code, said })));
}
const oldProgram = (home: string): Promise<Refusal> => application(entry("app/main", "--home", home).args);

async function refuses(t: ExecutionContext, running: Promise<Refusal>, line: RegExp): Promise<void> {
  const { code, said } = await running;
  t.is(code, EX_CONFIG, said);
  t.regex(said, line);
}

test("a vote plans an upgrade: all nodes stop there, the old program is refused, the new one migrates the state and goes on", async (t) => {
  t.timeout(12 * 60_000);
  const newer = newerProgram(NAME);
  t.teardown(() => rmSync(newer.dir, { recursive: true, force: true }));
  const network = await testNetwork({ miners: 0, supervisors: 0, evaluators: 0, blockTime: 500, params: { gov: { voting_period: "30s", expedited_voting_period: "5s" } } });
  try {
    const validators = network.facts().validators;
    const homes = validators.map((v) => v.home);
    const [last] = validators.slice(-1);
    if (!last) throw new Error("a network needs a validator");
    const pouwd = (...args: string[]): Promise<string> => runHere(...args, "--home", join(network.dir, "client"), "--node", network.rpc);
    const chain = await connectChain({ rpc: network.rpc });
    const unbondBlocks = async (height?: bigint): Promise<bigint> => (await chain.query(WorkersQuery.methods.params, {}, height)).value.params?.unbondBlocks ?? 0n;
    const versionOf = async (): Promise<bigint> => (await chain.query(UpgradeQuery.methods.moduleVersions, { moduleName: "workers" })).value.moduleVersions[0]?.version ?? 0n;
    const [before, version] = [await unbondBlocks(), await versionOf()];

    const height = (await heightOf(network.rpc)) + AHEAD;
    await pouwd("tx", "upgrade", "software-upgrade", NAME, "--upgrade-height", `${height}`, "--upgrade-info", INFO, "--title", "Upgrade", "--deposit", "10POUW", "--from", "client");
    for (const v of validators) await pouwd("tx", "gov", "vote", "1", "yes", "--from", v.name);
    await until("the vote to pass", 120_000, async () => {
      const { proposal } = (await chain.query(GovQuery.methods.proposal, { proposalId: 1n })).value;
      if (proposal?.status === ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD) return undefined;
      t.like(proposal, { status: ProposalStatus.PROPOSAL_STATUS_PASSED, failedReason: "" });
      return true;
    });
    t.like((await chain.query(UpgradeQuery.methods.currentPlan, {})).value.plan, { name: NAME, height: BigInt(height), info: INFO });

    // Too early: the new program writes nothing and says so; the other three go on meanwhile.
    t.like(await ask(network.dir, { command: "stop", name: last.name }), { ok: true });
    await refuses(t, application(newer.args("app/main", "--home", last.home)), new RegExp(`^✖ BINARY UPDATED BEFORE TRIGGER! UPGRADE "${NAME}" .* the plan's height is ${height}, the next block \\d+\n`));
    t.like(await ask(network.dir, { command: "start", name: last.name }), { ok: true });
    t.true((await heightOf(network.rpc)) < height - 1, "it was before the plan's height");

    const stopped = new RegExp(`: node exited with code ${EX_CONFIG}: all processes are stopped`);
    await until("all nodes to stop", 420_000, async () => {
      const answer = await ask(network.dir, { command: "status" });
      return answer?.ok && answer.processes.every((p) => !p.running) ? true : undefined;
    }, 1000);
    const needed = new RegExp(`^✖ UPGRADE "${NAME}" NEEDED at height: ${height}: ${INFO}$`, "m");
    const kept = readFileSync(join(network.dir, "keeper.log"), "utf8").split("\n");
    for (const v of validators) {
      t.is(kept.filter((line) => line.includes(` ${v.name}: `) && stopped.test(line)).length, 1, v.name);
      t.regex(readFileSync(join(v.home, "node.log"), "utf8"), needed);
    }
    for (const home of homes) await refuses(t, oldProgram(home), needed);

    // What an operator does: the old program is put away, the new one is started on the same folder.
    await ask(network.dir, { command: "shutdown" });
    await until("the old keeper to end", 30_000, async () => ((await ask(network.dir, { command: "status" })) === undefined ? true : undefined));
    const log = openSync(join(network.dir, "keeper.log"), "a");
    spawn(process.execPath, newer.args("testnet/keeper-main", network.dir), { detached: true, stdio: ["ignore", log, log] }).unref();
    await until("blocks of the new program", 120_000, async () => ((await heightOf(network.rpc)) >= height + 3 ? true : undefined));

    t.is(await unbondBlocks(BigInt(height) - 1n), before, "the block before the plan's has the old state");
    t.is(await unbondBlocks(BigInt(height)), before + LONGER, "the plan's block has the migrated one");
    t.is(await versionOf(), version + 1n);
    t.is((await chain.query(UpgradeQuery.methods.appliedPlan, { name: NAME })).value.height, BigInt(height));
    t.is((await chain.query(UpgradeQuery.methods.currentPlan, {})).value.plan, undefined);
    for (const v of validators) {
      await until(`${v.name} to have the blocks`, 60_000, async () => ((await heightOf(v.rpc)) >= height + 3 ? true : undefined));
      t.regex(readFileSync(join(v.home, "node.log"), "utf8"), new RegExp(`"steps":"upgrade .*${NAME}.* in block ${height}, workers ${version} → ${version + 1n}.*upgraded the state`));
    }
    for (const h of [height, height + 1, height + 2]) t.is(new Set(await Promise.all(validators.map((v) => appHashAt(v.rpc, h)))).size, 1, `${h}`);
    const { response } = await rpc<{ response: { value: string } }>(network.rpc, '/abci_query?path="/app/invariants"');
    t.deepEqual((JSON.parse(Buffer.from(response.value, "base64").toString()) as { broken: unknown[] }).broken, []);

    // The old program has no way back, and who tried it has lost nothing.
    await ask(network.dir, { command: "stop", name: last.name });
    await refuses(t, oldProgram(last.home), /^✖ upgrade handler is missing for v2 upgrade plan, which this chain applied at \d+/m);
    await ask(network.dir, { command: "start", name: last.name });
    const now = await heightOf(network.rpc);
    await until(`${last.name} to go on`, 60_000, async () => ((await heightOf(last.rpc)) > now ? true : undefined));
  } finally {
    await network.down();
  }
});
