/** `pouwd query …`: the chain's state. */
import { type Command } from "commander";
import { QueryAllBalancesRequest, QueryAllBalancesResponse } from "cosmjs-types/cosmos/bank/v1beta1/query";
import { QueryService } from "#proto/gen/pouw.js";
import { fromJson, toJson } from "#proto/json.js";
import { type Codec } from "#proto/wire.js";
import { cosmosCodec } from "../chain/cosmos.js";
import { CliError } from "../cli-error.js";
import { Context, type GlobalOptions } from "../context.js";
import { parseJson } from "./json.js";

type Method = keyof typeof QueryService;

const TEXTS: Record<Method, string> = {
  params: "the chain's parameters: minimum fees, shares, deadlines",
  worker: "a worker: its roles, stake and seats",
  workers: "all workers",
  task: "a task as it stands on chain",
  tasks: "all tasks, in pages",
  taskState: "a task with its seats, slots and submissions, at one height",
  seats: "who is seated at a task",
  anchors: "anchored heads of a slot's log",
  job: "a claim or audit that validators verify",
  jobs: "open claims and audits",
  taskResult: "scores, ranking and payouts of a task",
  miningInfo: "difficulty, rewards and open jobs",
  beacon: "the random beacon of a block",
  validatorSet: "validators and their power",
};

export function addQuery(program: Command, options: (c: Command) => GlobalOptions): void {
  const query = program.command("query").alias("q").description("read the chain's state");
  const balances = (parent: Command) =>
    parent
      .command("balances")
      .description("what an account owns")
      .argument("<address>", "the account; `pouwd keys list` shows yours")
      .action(async (address: string, _o: unknown, c: Command) => {
        const context = new Context(options(c));
        const request = cosmosCodec<QueryAllBalancesRequest>("", QueryAllBalancesRequest);
        const { value } = await (await context.chain()).query("/cosmos.bank.v1beta1.Query/AllBalances", request, QueryAllBalancesRequest.fromPartial({ address }), cosmosCodec<QueryAllBalancesResponse>("", QueryAllBalancesResponse));
        context.print({ balances: value.balances }, () => value.balances.map((b) => `${b.amount}${b.denom}`).join("\n") || "nothing");
      });
  balances(query);
  // where users of other Cosmos chains look for it
  balances(query.command("bank").description("balances, in the words of other Cosmos chains"));
  for (const name of Object.keys(QueryService) as Method[]) {
    const method = QueryService[name];
    const request = method.request as Codec<unknown>;
    const response = method.response as Codec<unknown>;
    const fields = request.fields.map((f) => f.proto);
    const [first] = fields;
    const command = query
      .command(name.replace(/[A-Z]/g, (x) => `-${x.toLowerCase()}`))
      .description(TEXTS[name])
      .addHelpText("after", `\ngRPC path: ${method.path}`);
    if (first) command.argument("[request]", `${first}, or JSON of the fields ${fields.join(", ")}`, "{}");
    command.action(async (...args: unknown[]) => {
      const c = args.at(-1) as Command;
      const context = new Context(options(c));
      const given = fromJson(request, first ? requestOf(args[0] as string, first) : {});
      const { value, height } = await (await context.chain()).query(method.path, request, given, response);
      const json = toJson(response, value) as Record<string, unknown>;
      context.print({ height, ...json }, () => JSON.stringify(json, null, 2));
    });
  }
}

/** `{"id": 1}`, or `1` for a request whose first field is id. */
function requestOf(text: string, first: string): unknown {
  if (text.trimStart().startsWith("{")) return parseJson(text, "the request");
  if (/^[\w.:+-]+$/.test(text)) return { [first]: text };
  throw new CliError("usage", `the request is ${JSON.stringify(text)}, want ${first}, or JSON such as '{"${first}": …}'.`);
}
