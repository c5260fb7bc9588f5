/**
 * The keeper of a local network: starts every process, keeps testnet.json true, and answers the control socket.
 * Validators are the units of `pouwd start` and mend themselves; workers that end stay ended until they are started.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { entry } from "#platform/entry.js";
import { type Answer, type Request, serveControl } from "./control.js";
import { facts, rpcOf, writeFacts } from "./facts.js";
import { type NetworkFile, readNetworkFile } from "./network-file.js";
import { type NetworkPlan, planNetwork } from "./plan.js";
import { type Unit, ValidatorUnit, workerLog, WorkerUnit } from "./units.js";

function unitsOf(plan: NetworkPlan, file: NetworkFile, changed: () => void): Unit[] {
  const validators = plan.validators.map((v) => {
    const env = Object.fromEntries(["node", "engine", "verifier"].map((part) => [part, file.env[`${v.name}.${part}`] ?? {}]));
    return new ValidatorUnit(v.name, { home: v.home, cometbft: file.cometbft, env }, changed);
  });
  const workers = plan.workers.map((w, i) => {
    const validator = plan.validators[i % plan.validators.length];
    if (!validator) throw new Error("a network needs a validator");
    const args = [w.role, "--home", w.home, "--node", rpcOf(validator), "--key-file", join(w.home, "key")];
    args.push("--stake", file.workerStake, "--max-seats", `${plan.options.maxSeats}`, "--allow-private");
    if (w.port) args.push("--listen", `127.0.0.1:${w.port}`, "--endpoint", `127.0.0.1:${w.port}`);
    const { command, args: argv } = entry("client/main", ...args);
    return new WorkerUnit({ name: w.name, command, args: argv, env: file.env[w.name] ?? {}, logFile: workerLog(w.home, w.role) }, changed);
  });
  return [...validators, ...workers];
}

export async function keep(dir: string): Promise<void> {
  const file = readNetworkFile(dir);
  const plan = planNetwork(file.options);
  let pending: NodeJS.Immediate | undefined;
  const publish = () => {
    pending ??= setImmediate(() => {
      pending = undefined;
      const pids = new Map(units.flatMap((u) => u.states()).map((s) => [s.name, s.pid]));
      if (existsSync(dir)) writeFacts(dir, facts(plan, file.accounts, (name) => pids.get(name) ?? null));
    });
  };
  const units = unitsOf(plan, file, publish);
  const named = (name: string | undefined): Unit[] => {
    if (name === undefined) return units;
    const found = units.filter((u) => u.name === name);
    if (found.length > 0) return found;
    const [validator] = name.split(".");
    if (units.some((u) => u.name === validator)) throw new Error(`the processes of ${validator} run as one unit: name ${validator}`);
    throw new Error(`nothing is named ${name}. There are: ${units.map((u) => u.name).join(", ")}`);
  };
  const status = (): Answer => ({ ok: true, processes: units.flatMap((u) => u.states()) });
  // workers first: nobody is left talking to the dead
  const stopAll = async (list: readonly Unit[]) => {
    for (const kind of [WorkerUnit, ValidatorUnit]) await Promise.all(list.filter((u) => u instanceof kind).map((u) => u.stop()));
  };
  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await stopAll(units);
    server.close();
    rmSync(join(dir, "keeper.pid"), { force: true });
    process.exit(0);
  };
  const server = await serveControl(dir, async (r: Request) => {
    if (r.command === "shutdown") {
      await stopAll(units);
      setTimeout(() => void end(), 50);
      return status();
    }
    if (r.command === "stop" || r.command === "restart") await stopAll(named(r.name));
    if (r.command === "start" || r.command === "restart") await Promise.all(named(r.name).map((u) => u.start()));
    return status();
  });
  process.on("SIGTERM", () => void end());
  process.on("SIGINT", () => void end());
  await Promise.all(units.map((u) => u.start()));
}
