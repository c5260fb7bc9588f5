/** `pouwd status | mining-info | tx-result` */
import { type Command } from "commander";
import { WorkQuery } from "#proto/gen/pouw/work/v1/query.js";
import { fromHex } from "#kernel/bytes.js";
import { CliError } from "../cli-error.js";
import { Context, type GlobalOptions } from "../context.js";
import { formatAmount } from "../task/amount.js";
import { feeOf, placeOf } from "./show.js";

const MAX_TARGET = 1n << 256n;

export function addChain(program: Command, options: (c: Command) => GlobalOptions): void {
  program
    .command("status")
    .description("the node's chain, its height and its application hash")
    .action(async (_o: unknown, c: Command) => {
      const context = new Context(options(c));
      const chain = await context.chain();
      const { height, timeMs, appHash } = await chain.latest();
      const appHashHex = Buffer.from(appHash).toString("hex");
      context.print({ chainId: chain.chainId, node: context.node, height, time: new Date(timeMs).toISOString(), appHash: appHashHex }, () =>
        [`chain     ${chain.chainId}`, `node      ${context.node}`, `height    ${height}`, `time      ${new Date(timeMs).toISOString()}`, `app hash  ${appHashHex}`].join("\n"),
      );
    });
  program
    .command("mining-info")
    .description("difficulty, network power, rewards, and why nothing is mined when nothing is")
    .action(async (_o: unknown, c: Command) => {
      const context = new Context(options(c));
      const chain = await context.chain();
      const { height } = await chain.latest();
      const { value: m } = await chain.query(WorkQuery.methods.miningInfo, {});
      const pooled = await chain.pooledTransactions();
      const target = m.target.length === 0 ? 0n : BigInt(`0x${Buffer.from(m.target).toString("hex")}`);
      const seconds = target > 0n && m.flopPerSecond > 0n ? Number(MAX_TARGET / (target * m.flopPerSecond)) : undefined;
      const idle = m.trainingTasks === 0n ? "no task that can still pay a reward is in Training" : m.flopPerSecond === 0n ? "no iteration was anchored in the last 100 blocks" : "";
      const info = {
        blocks: height,
        chain: chain.chainId,
        difficulty: target > 0n ? (Number((MAX_TARGET * 1000n) / target) / 1000).toString() : null,
        target: Buffer.from(m.target).toString("hex"),
        networkFlops: m.flopPerSecond,
        networkNoncesPerSecond: Number(m.iterationsPerSecondPpm) / 1e6,
        pooledTransactions: pooled,
        reward: m.reward,
        paidClaims: m.paidClaims,
        openJobs: m.openJobs,
        trainingTasks: m.trainingTasks,
        expectedSecondsToReward: seconds ?? null,
        errors: idle,
      };
      context.print(info, () =>
        Object.entries({ ...info, reward: formatAmount(m.reward) })
          .map(([k, v]) => `${k.padEnd(26)}${v ?? "-"}`)
          .join("\n"),
      );
    });
  program
    .command("tx-result")
    .description("what became of a transaction")
    .argument("<hash>", "as it was printed when it was sent")
    .action(async (hash: string, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      if (!/^(0x)?[0-9a-fA-F]{64}$/.test(hash)) throw new CliError("usage", `got ${JSON.stringify(hash)}, want a transaction's hash: 64 characters of hexadecimal.`);
      const r = await (await context.chain()).transaction(fromHex(hash.replace(/^0x/, "")));
      if (!r) throw new CliError("state", `no transaction ${hash} is in a block. It may still be on its way: try again after a block.`);
      context.print({ ...r, fee: feeOf(r) ?? "" }, () => (r.code === 0 ? `${placeOf(r)}: executed` : `${placeOf(r)}: refused, code ${r.codespace}/${r.code}: ${r.log}`));
    });
}

