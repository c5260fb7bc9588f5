/** `pouwd query MODULE METHOD`: the chain's state, by every query that its .proto files declare. */
import { type Command } from "commander";
import { services } from "#proto/gen/registry.js";
import { type MethodInfo } from "#proto/wire.js";
import { type RpcChain } from "../chain/index.js";
import { CliError } from "../cli-error.js";
import { Context, type GlobalOptions } from "../context.js";
import { blockHeight } from "./options.js";
import { answerJson, type MethodCommand, queryRequest, serviceCommands } from "./services.js";
import { choices, declare, pairs } from "./short/arguments.js";
import { moduleOf, type QueryRow } from "./short/rows.js";
import { QUERY_ROWS } from "./short/table.js";
import { fieldsOf, withAddresses } from "./short/values.js";

export function addQuery(program: Command, options: (c: Command) => GlobalOptions): void {
  const query = program.command("query").alias("q").description("read the chain's state");
  const shortForm = QUERY_ROWS.find((r) => r.name === "balances");
  if (shortForm) addRow(query, shortForm, undefined, options);
  for (const { module, description, commands } of serviceCommands(services, "Query")) {
    const group = query.command(module);
    const rows = QUERY_ROWS.filter((r) => moduleOf(r.method.path) === module);
    for (const row of rows) addRow(group, row, commands.find((m) => m.method === row.method), options);
    for (const m of commands) if (!rows.some((r) => r.name === m.name)) addMethod(group, m, options);
    group.summary(group.commands.map((c) => c.name()).join(", ")).description(description);
  }
}

const HEIGHT = ["--height <block>", "as it was after this block; default: the newest", blockHeight] as const;

/** A query whose arguments are fields, in their order; JSON of any other fields may follow, or stand in their place. */
function addRow(parent: Command, row: QueryRow, generic: MethodCommand | undefined, options: (c: Command) => GlobalOptions): void {
  const { method, args, render } = row;
  const command = parent.command(row.name).description(row.text).option(...HEIGHT);
  if (generic) command.addHelpText("after", `\n${generic.help}`);
  for (const o of row.options) command.option(o.flags, o.text);
  declare(command, args, "other fields of the request as JSON");
  command.action(async (...all: unknown[]) => {
    const given = all.slice(0, args.length + 1) as (string | undefined)[];
    const { height, ...chosen } = all[args.length + 1] as { height?: bigint } & Readonly<Record<string, string | undefined>>;
    const context = new Context(options(command));
    const at = given.findIndex((text) => text?.trimStart().startsWith("{"));
    const before = at < 0 ? args : args.slice(0, at);
    if (at < 0 && given[args.length] !== undefined) throw new CliError("usage", "too many arguments. --help after the command shows what it takes.");
    const written = [...pairs(before, given), ...choices(command, row.options, chosen)];
    const chain = await context.chain();
    const fields = { ...(at === 0 ? {} : row.fixed), ...(await fieldsOf(written, { context, chain })) };
    const request = written.length === 0 && at === 0 ? queryRequest(method, [given[0]]) : queryRequest(method, [JSON.stringify(fields), at < 0 ? undefined : given[at]]);
    return answer(context, method, request, height, render, chain);
  });
}

async function answer(context: Context, method: MethodInfo, request: object, height: bigint | undefined, render?: QueryRow["render"], given?: RpcChain): Promise<void> {
  const chain = given ?? (await context.chain());
  const { value, height: at } = await chain.query(method, await withAddresses(method.request, request, { context, chain }), height);
  const json = answerJson(method, value) as Record<string, unknown>;
  context.print({ height: at, ...json }, () => render?.(value) ?? JSON.stringify(json, null, 2));
}

function addMethod(parent: Command, { name, description, help, arguments: args, method }: MethodCommand, options: (c: Command) => GlobalOptions): void {
  const command = parent
    .command(name)
    .description(description)
    .option(...HEIGHT)
    .addHelpText("after", `\n${help}`);
  for (const a of args) command.argument(`[${a.name}]`, a.description);
  command.action(async (...given: unknown[]) => {
    const request = queryRequest(method, given.slice(0, args.length) as (string | undefined)[]);
    const { height } = given[args.length] as { height?: bigint };
    const context = new Context(options(command));
    await answer(context, method, request, height);
  });
}
