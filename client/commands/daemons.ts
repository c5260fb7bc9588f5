/** `pouwd miner | supervisor | evaluator | verifier`: the long-running ones. Each ends on SIGINT and SIGTERM. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { resolve } from "node:path";
import { CliError } from "../cli-error.js";
import { addMinerBench } from "./miner-bench.js";

const amount = (text: string): bigint => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("want base units, a whole number");
  return BigInt(text);
};
const count = (text: string): number => {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError("want a whole number from 1 to 9999");
  return Number(text);
};

interface Given {
  home: string;
  node: string;
  keyFile: string;
  stake: bigint;
  maxSeats: number;
  allowPrivate?: boolean;
  listen: string;
  endpoint?: string;
  maxData: number;
  logLevel: "error" | "warn" | "info" | "debug";
}

/** A signal that is aborted when the process is asked to end. A second request ends it at once. */
function ended(): AbortSignal {
  const control = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (control.signal.aborted) process.exit(1);
      control.abort(new Error(name));
    });
  }
  return control.signal;
}

async function run(daemon: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const signal = ended();
  try {
    await daemon(signal);
  } catch (e) {
    if (!signal.aborted) throw e;
  }
  // channels and timers of libraries would keep the process alive
  process.exit(0);
}

export function addDaemons(program: Command): void {
  const daemon = (name: string, text: string) =>
    program
      .command(name)
      .description(text)
      .requiredOption("--home <dir>", "folder of its state; made when it is not there")
      .option("--node <url>", "RPC address of a node", process.env.POUWD_NODE ?? "http://127.0.0.1:26657")
      .option("--allow-private", "dial loopback and private addresses (test networks)")
      .addOption(new Option("--log-level <level>", "what is told on standard error").choices(["error", "warn", "info", "debug"]).default("info"));
  const worker = (name: string, text: string) =>
    daemon(name, text)
      .requiredOption("--key-file <file>", "file with the account's mnemonic, mode 600")
      .addOption(new Option("--stake <amount>", "base units to register with, the first time").argParser(amount).default(1_000_000_000n, "1000000000"))
      .option("--max-seats <n>", "seats at one time", count, 4);
  const common = (o: Given) => ({
    home: resolve(o.home),
    rpc: o.node,
    key: resolve(o.keyFile),
    stake: o.stake,
    maxSeats: o.maxSeats,
    allowPrivate: o.allowPrivate ?? false,
    logLevel: o.logLevel,
  });
  const miner = worker("miner", "train for tasks, and be paid for it").action(async (o: Given) => {
    for (const [flag, given] of [["--home <dir>", o.home], ["--key-file <file>", o.keyFile]] as const) {
      if (given === undefined) throw new CliError("usage", `required option '${flag}' not specified. --help after a command shows what it takes.`);
    }
    const { runMiner } = await import("#miner/main.js");
    await run((signal) => runMiner(common(o), signal));
  });
  // commander would ask for them before `miner bench` as well, which needs neither
  for (const option of miner.options) option.mandatory = false;
  addMinerBench(miner);
  worker("supervisor", "log, check and anchor the work of miners, and be paid for it")
    .requiredOption("--listen <host:port>", "gRPC address")
    .option("--endpoint <host:port>", "the address that others dial; default: --listen")
    .option("--max-data <GiB>", "the most that is kept of tasks' data, an equal part for each seat", count, 64)
    .action(async (o: Given) => {
      const { runSupervisor } = await import("#supervisor/main.js");
      await run((signal) => runSupervisor({ ...common(o), listen: o.listen, endpoint: o.endpoint ?? o.listen, maxDataBytes: o.maxData * 2 ** 30 }, signal));
    });
  worker("evaluator", "score finished models, and be paid for it").action(async (o: Given) => {
    const { runEvaluator } = await import("#evaluator/main.js");
    await run((signal) => runEvaluator(common(o), signal));
  });
  daemon("verifier", "re-execute iterations for a validator; `pouwd start` runs one by itself")
    .option("--listen <host:port>", "gRPC address that the validator's node dials; the service has no authentication, so keep it on loopback", "127.0.0.1:26659")
    .option("--key-file <file>", "account that reports equivocations")
    .action(async (o: Given) => {
      const { runVerifier } = await import("#verifier/main.js");
      await run((signal) =>
        runVerifier(
          {
            home: resolve(o.home),
            listen: o.listen,
            allowPrivate: o.allowPrivate ?? false,
            logLevel: o.logLevel,
            ...(o.keyFile ? { rpc: o.node, key: resolve(o.keyFile) } : {}),
          },
          signal,
        ),
      );
    });
}
