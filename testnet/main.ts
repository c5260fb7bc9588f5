/** `scripts/testnet`: the command line of the launcher. */
import "#platform/install.js";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import Table from "cli-table3";
import { repositoryRoot } from "#platform/entry.js";
import { type Answer, ask, type Request } from "./control.js";
import { bringUp } from "./launch.js";
import { checkOptions, DEFAULTS, mergeParams, type NetworkOptions, type ParamsByModule } from "./plan.js";

const whole = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("want a whole number");
  return Number(text);
};
const pair = (text: string, before: Record<string, string>): Record<string, string> => {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("want name=value");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
};

/** `work.draw_delay=3` */
const param = (text: string, before: ParamsByModule): ParamsByModule => {
  const [, module, name, value] = /^([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)=(.*)$/.exec(text) ?? [];
  if (module === undefined || name === undefined || value === undefined) throw new InvalidArgumentError("want module.name=value");
  return mergeParams(before, { [module]: { [name]: value } });
};

const program = new Command("testnet").description("A whole network on this machine.").showHelpAfterError(false);
program.option("--dir <dir>", "folder that holds it", join(repositoryRoot, ".testnet"));
const dirOf = (): string => resolve(program.opts<{ dir: string }>().dir);

program
  .command("up")
  .description("start a network, or start again the one that is in the folder")
  .option("--validators <n>", "validators, each with its verifier", whole, DEFAULTS.validators)
  .option("--miners <n>", "miners", whole, DEFAULTS.miners)
  .option("--supervisors <n>", "supervisors", whole, DEFAULTS.supervisors)
  .option("--evaluators <n>", "evaluators", whole, DEFAULTS.evaluators)
  .option("--port-offset <n>", "added to every port", whole, DEFAULTS.portOffset)
  .option("--chain-id <id>", "chain id", DEFAULTS.chainId)
  .option("--prefix <prefix>", "prefix of addresses", DEFAULTS.prefix)
  .option("--denom <denom>", "base denomination", DEFAULTS.denom)
  .option("--max-seats <n>", "seats that each worker takes at one time", whole, DEFAULTS.maxSeats)
  .option("--block-time <ms>", "milliseconds between blocks", whole, DEFAULTS.blockTime)
  .option("--param <module.name=value>", "a parameter of a module by its proto name, such as work.draw_delay=3; may be given again", param, {})
  .option("--env <process.NAME=value>", "environment of one process, for tests with faults; may be given again", pair, {})
  .action(async (given: Omit<NetworkOptions, "dir" | "params"> & { param: ParamsByModule; env: Record<string, string> }) => {
    const { param: params, env, ...rest } = given;
    const options: NetworkOptions = { ...rest, dir: dirOf(), params };
    const wrong = checkOptions(options);
    if (wrong) throw new Error(wrong);
    await bringUp(options, { env, say: (line) => console.error(line) });
  });

const show = (answer: Answer | undefined): void => {
  if (!answer) throw new Error(`no network runs in ${dirOf()}. Start one: scripts/testnet up`);
  if (!answer.ok) throw new Error(answer.error);
  const table = new Table({ head: ["process", "pid", "state", "restarts"], style: { head: [], border: [] } });
  for (const p of answer.processes) table.push([p.name, p.pid ?? "", p.running ? "running" : "stopped", p.restarts]);
  console.log(table.toString());
};
const command = (name: Request["command"], text: string, argument?: string) => {
  const c = program.command(name).description(text);
  if (argument) c.argument(argument, "a worker or a validator");
  c.action(async (process?: string) => show(await ask(dirOf(), typeof process === "string" ? { command: name, name: process } : { command: name })));
};
command("status", "list the processes");
command("start", "start a process that was stopped or ended", "<name>");
command("restart", "stop and start a process", "<name>");
program
  .command("stop")
  .description("stop one process, or the whole network")
  .argument("[name]", "a worker or a validator")
  .action(async (name?: string) => show(await ask(dirOf(), name ? { command: "stop", name } : { command: "shutdown" })));
program
  .command("logs")
  .description("print the last lines of a process's log")
  .argument("<name>", "a worker, or validator0.node, validator0.engine, validator0.verifier")
  .option("--lines <n>", "how many", whole, 50)
  .action((name: string, { lines }: { lines: number }) => {
    const [home, part] = name.split(".") as [string, string | undefined];
    const file = join(dirOf(), home, `${part ?? home.replace(/\d+$/, "")}.log`);
    if (!existsSync(file)) throw new Error(`there is no log ${file}. Names are those of scripts/testnet status`);
    console.log(readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n"));
  });
program
  .command("reset")
  .description("stop the network and delete its folder")
  .action(async () => {
    const dir = dirOf();
    await ask(dir, { command: "shutdown" });
    if (existsSync(dir) && !existsSync(join(dir, "network.json"))) throw new Error(`${dir} holds no network. Nothing was deleted.`);
    rmSync(dir, { recursive: true, force: true });
  });

program.parseAsync().catch((e: Error) => {
  console.error(`✖ ${e.message}`);
  process.exitCode = 1;
});
