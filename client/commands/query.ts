/** `pouwd query MODULE METHOD`: the chain's state, by every query that its .proto files declare. */
import { type Command } from "commander";
import { BankQuery } from "#proto/gen/cosmos/bank/v1beta1/query.js";
import { services } from "#proto/gen/registry.js";
import { Context, type GlobalOptions } from "../context.js";
import { blockHeight } from "./options.js";
import { answerJson, type MethodCommand, queryRequest, serviceCommands } from "./services.js";

export function addQuery(program: Command, options: (c: Command) => GlobalOptions): void {
  const query = program.command("query").alias("q").description("read the chain's state");
  const balances = (parent: Command) =>
    parent
      .command("balances")
      .description("what an account owns")
      .argument("<address>", "the account; `pouwd keys list` shows yours")
      .action(async (address: string, _o: unknown, c: Command) => {
        const context = new Context(options(c));
        const { value } = await (await context.chain()).query(BankQuery.methods.allBalances, { address });
        context.print({ balances: value.balances }, () => value.balances.map((b) => `${b.amount}${b.denom}`).join("\n") || "nothing");
      });
  balances(query);
  for (const { module, description, commands } of serviceCommands(services, "Query")) {
    const group = query.command(module).summary(commands.map((m) => m.name).join(", ")).description(description);
    for (const m of commands) addMethod(group, m, options);
    // where users of other Cosmos chains look for it
    if (module === "bank") balances(group);
  }
}

function addMethod(parent: Command, { name, description, help, arguments: args, method }: MethodCommand, options: (c: Command) => GlobalOptions): void {
  const command = parent
    .command(name)
    .description(description)
    .option("--height <block>", "as it was after this block; default: the newest", blockHeight)
    .addHelpText("after", `\n${help}`);
  for (const a of args) command.argument(`[${a.name}]`, a.description);
  command.action(async (...given: unknown[]) => {
    const request = queryRequest(method, given.slice(0, args.length) as (string | undefined)[]);
    const { height } = given[args.length] as { height?: bigint };
    const context = new Context(options(command));
    const answer = await (await context.chain()).query(method, request, height);
    const json = answerJson(method, answer.value);
    context.print({ height: answer.height, ...json }, () => JSON.stringify(json, null, 2));
  });
}
