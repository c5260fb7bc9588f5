/** `pouwd status | mining-info | query … | tx …` */
import { type Command } from "commander";
import { readFileSync } from "node:fs";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { QueryAllBalancesRequest, QueryAllBalancesResponse } from "cosmjs-types/cosmos/bank/v1beta1/query";
import * as generated from "#proto/gen/pouw.js";
import { fromHex } from "#kernel/bytes.js";
import { fromJson, toJson } from "#proto/json.js";
import { type Codec } from "#proto/wire.js";
import { cosmosCodec } from "../chain/cosmos.js";
import { ChainError, type Message, type TxResult } from "../chain/types.js";
import { Context, type GlobalOptions } from "../context.js";
import { formatAmount, parseAmount } from "../task/amount.js";
import { chainParams } from "../task/submit.js";

const { QueryService } = generated;
type Method = keyof typeof QueryService;

const MAX_TARGET = 1n << 256n;

export function addChain(program: Command, options: (c: Command) => GlobalOptions): void {
  program
    .command("status")
    .description("where the node's chain stands")
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
      const { value: m } = await chain.query("/pouw.v1.Query/MiningInfo", generated.QueryMiningInfoRequest, {}, generated.QueryMiningInfoResponse);
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
  addQuery(program, options);
  addTx(program, options);
}

function addQuery(program: Command, options: (c: Command) => GlobalOptions): void {
  const query = program.command("query").alias("q").description("read the chain's state");
  query
    .command("balances")
    .description("what an account owns")
    .argument("<address>")
    .action(async (address: string, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const request = cosmosCodec<QueryAllBalancesRequest>("", QueryAllBalancesRequest);
      const { value } = await (await context.chain()).query("/cosmos.bank.v1beta1.Query/AllBalances", request, QueryAllBalancesRequest.fromPartial({ address }), cosmosCodec<QueryAllBalancesResponse>("", QueryAllBalancesResponse));
      context.print({ balances: value.balances }, () => value.balances.map((b) => `${b.amount}${b.denom}`).join("\n") || "nothing");
    });
  for (const name of Object.keys(QueryService) as Method[]) {
    const method = QueryService[name];
    const command = name.replace(/[A-Z]/g, (x) => `-${x.toLowerCase()}`);
    query
      .command(command)
      .description(`${method.path}; the request's fields as JSON`)
      .argument("[request]", `fields: ${method.request.fields.map((f) => f.proto).join(", ") || "none"}`, "{}")
      .action(async (text: string, _o: unknown, c: Command) => {
        const context = new Context(options(c));
        const request = method.request as Codec<unknown>;
        const response = method.response as Codec<unknown>;
        const { value, height } = await (await context.chain()).query(method.path, request, fromJson(request, parse(text)), response);
        const json = toJson(response, value) as Record<string, unknown>;
        context.print({ height, ...json }, () => JSON.stringify(json, null, 2));
      });
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new Error(`the request is not JSON: ${(e as Error).message}`);
  }
};

function addTx(program: Command, options: (c: Command) => GlobalOptions): void {
  const tx = program.command("tx").description("sign and send a transaction");
  tx.command("bank-send")
    .description("send coins")
    .argument("<to>")
    .argument("<amount>", "such as 10 POUW or 1000upouw")
    .action(async (to: string, amount: string, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const chain = await context.chain();
      const sender = await context.sender(chain);
      const { denom } = await chainParams(chain);
      const value = MsgSend.fromPartial({ fromAddress: sender.address, toAddress: to, amount: [{ denom, amount: `${parseAmount(amount)}` }] });
      show(context, await sender.send([{ codec: cosmosCodec("/cosmos.bank.v1beta1.MsgSend", MsgSend), value } as Message]));
    });
  tx.command("send-message")
    .description("send any message of pouw.v1 by its type and JSON; the signer's field may be left out")
    .argument("<type>", "such as MsgAddStake")
    .argument("<json>", "the message's fields, or @FILE")
    .action(async (type: string, text: string, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const codec = (generated as unknown as Record<string, Codec<Record<string, unknown>> | undefined>)[type];
      if (!codec?.signer) throw new Error(`${type} is no message of pouw.v1. Messages begin with Msg; see proto/pouw/v1/tx.proto.`);
      const chain = await context.chain();
      const sender = await context.sender(chain);
      const json = parse(text.startsWith("@") ? readFileSync(text.slice(1), "utf8") : text) as Record<string, unknown>;
      const value = fromJson(codec, { [codec.signer]: sender.address, ...json });
      show(context, await sender.send([{ codec, value } as Message]));
    });
  program
    .command("tx-result")
    .description("a transaction that is in a block")
    .argument("<hash>")
    .action(async (hash: string, _o: unknown, c: Command) => {
      const context = new Context(options(c));
      const r = await (await context.chain()).transaction(fromHex(hash));
      if (!r) throw new Error(`no transaction ${hash} is in a block`);
      context.print(r, () => `height ${r.height}  code ${r.code}  ${r.log}`);
    });
}

function show(context: Context, r: TxResult): void {
  if (r.code !== 0) throw new ChainError(r.codespace, r.code, r.log);
  context.print(r, () => `in block ${r.height}, ${r.gasUsed} gas: ${r.hash}`);
}
