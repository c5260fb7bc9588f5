/**
 * The chain that is recorded: a whole task on a network of real processes, with everything that can go wrong going
 * wrong once — an equivocating miner (slash), a validator whose vote extensions are garbage, one that is away for some
 * blocks, and bank transfers in between.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ask } from "#testnet/control.js";
import { heightOf, until } from "#testnet/rpc.js";
import { Course } from "#test/network/course.js";
import { testNetwork } from "#test/network/network.js";
import { Transfers } from "#test/network/transfers.js";
import { meanwhile, rest } from "./extras.js";
import { COSMOS_PARAMS, cosmosModules } from "./cosmos.js";
import { recordFromRpc } from "./from-rpc.js";
import { type Recording } from "./recording.js";

/** Audits are frequent and stakes are released soon, so that the chain is short; work has time enough on a busy machine. */
const PARAMS = {
  ...COSMOS_PARAMS,
  supervision: { stall_blocks: "80", supervisor_stall_blocks: "120" },
  tasks: { submission_blocks: "40", commit_blocks: "40", reveal_scores_blocks: "40", seat_unlock_blocks: "10" },
  work: { audit_ppm: "60000" },
  workers: { unbond_blocks: "5" },
};
const ENV = {
  "miner0.POUWD_TEST_BUILD": "1",
  "miner0.POUWD_FAULT": "equivocate",
  "validator3.node.POUWD_TEST_BUILD": "1",
  "validator3.node.POUWD_BYZANTINE": "garbage-extension",
};
const AWAY_BLOCKS = 8;
/** blocks after the payout: stakes are released within them */
const TAIL_BLOCKS = 15;

export async function recordScenario(say: (line: string) => void): Promise<Recording> {
  const network = await testNetwork({ validators: 4, miners: 3, supervisors: 3, evaluators: 3, maxSeats: 1, blockTime: 700, params: PARAMS }, ENV);
  const blocks = async (n: number): Promise<void> => {
    const to = (await heightOf(network.rpc)) + n;
    await until(`block ${to}`, 120_000, async () => ((await heightOf(network.rpc)) >= to ? true : undefined));
  };
  try {
    say("the network is up");
    const transfers = new Transfers(network);
    const course = await Course.begin(network, { epochs: 60 });
    await course.training(20n);
    say("training; validator3 goes away");
    await ask(network.dir, { command: "stop", name: "validator3" });
    await blocks(AWAY_BLOCKS);
    await ask(network.dir, { command: "start", name: "validator3" });
    say("validator3 is back");
    await meanwhile(network, course);
    const { result, lost } = await course.end();
    say(`the task ended with outcome ${result.task?.outcome}; stakes lost: ${Object.entries(lost).map(([name, v]) => `${name} ${v}`).join(", ") || "none"}`);
    const { committed } = await transfers.audit();
    say(`${committed} transfers`);
    await rest(network, course);
    await cosmosModules(network);
    await blocks(TAIL_BLOCKS);
    const first = network.facts().validators[0];
    if (!first) throw new Error("the network has no validator");
    return await recordFromRpc(network.rpc, readFileSync(join(first.home, "config", "genesis.json"), "utf8"));
  } finally {
    await network.down();
  }
}
