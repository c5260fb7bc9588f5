/**
 * The keeper of a local network: starts every process, restarts validators' processes when they end by themselves,
 * keeps testnet.json true, and answers the control socket. Workers that end stay ended: `scripts/testnet restart NAME`.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { entry } from "#platform/entry.js";
import { type Answer, type ProcessState, type Request, serveControl } from "./control.js";
import { facts, rpcOf, writeFacts } from "./facts.js";
import { type NetworkFile, readNetworkFile } from "./network-file.js";
import { type NetworkPlan, planNetwork } from "./plan.js";
import { ManagedProcess } from "./process.js";

export function processesOf(plan: NetworkPlan, file: NetworkFile, changed: () => void): Map<string, ManagedProcess> {
  const all = new Map<string, ManagedProcess>();
  const add = (name: string, command: string, args: string[], home: string, log: string, restart: boolean) =>
    all.set(
      name,
      new ManagedProcess({ name, command, args, env: file.env[name] ?? {}, logFile: join(home, log), restart }, changed),
    );
  for (const v of plan.validators) {
    const node = entry("app/main", "--home", v.home);
    add(`${v.name}.node`, node.command, node.args, v.home, "node.log", true);
    add(`${v.name}.engine`, file.cometbft, ["start", "--home", v.home], v.home, "engine.log", true);
    const verifier = entry("client/main", "verifier", "--home", join(v.home, "verifier"), "--listen", `127.0.0.1:${v.verifierPort}`, "--allow-private");
    add(`${v.name}.verifier`, verifier.command, verifier.args, v.home, "verifier.log", true);
  }
  plan.workers.forEach((w, i) => {
    const validator = plan.validators[i % plan.validators.length];
    if (!validator) return;
    const args = [w.role, "--home", w.home, "--node", rpcOf(validator), "--key-file", join(w.home, "key")];
    args.push("--stake", file.workerStake, "--max-seats", `${plan.options.maxSeats}`, "--allow-private");
    if (w.port) args.push("--listen", `127.0.0.1:${w.port}`, "--endpoint", `127.0.0.1:${w.port}`);
    const worker = entry("client/main", ...args);
    add(w.name, worker.command, worker.args, w.home, `${w.role}.log`, false);
  });
  return all;
}

export async function keep(dir: string): Promise<void> {
  const file = readNetworkFile(dir);
  const plan = planNetwork(file.options);
  let pending: NodeJS.Immediate | undefined;
  const publish = () => {
    pending ??= setImmediate(() => {
      pending = undefined;
      if (existsSync(dir)) writeFacts(dir, facts(plan, file.accounts, (name) => processes.get(name)?.pid ?? null));
    });
  };
  const processes = processesOf(plan, file, publish);
  const matching = (name: string | undefined): ManagedProcess[] => {
    const found = [...processes.values()].filter(({ options }) => name === undefined || options.name === name || options.name.startsWith(`${name}.`));
    if (found.length === 0) throw new Error(`no process named ${name}. There are: ${[...processes.keys()].join(", ")}`);
    return found;
  };
  const status = (): Answer => ({
    ok: true,
    processes: [...processes.values()].map(
      (p): ProcessState => ({ name: p.options.name, pid: p.pid, running: p.running, restarts: p.restarts }),
    ),
  });
  const stopAll = async (list: ManagedProcess[]) => {
    // workers first, then verifiers and engines, applications last: nobody is left talking to the dead
    const rank = (p: ManagedProcess) => (p.options.name.endsWith(".node") ? 2 : p.options.name.endsWith(".engine") ? 1 : 0);
    for (const r of [0, 1, 2]) await Promise.all(list.filter((p) => rank(p) === r).map((p) => p.stop()));
  };
  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await stopAll([...processes.values()]);
    server.close();
    rmSync(join(dir, "keeper.pid"), { force: true });
    process.exit(0);
  };
  const server = await serveControl(dir, async (r: Request) => {
    if (r.command === "shutdown") {
      await stopAll([...processes.values()]);
      setTimeout(() => void end(), 50);
      return status();
    }
    if (r.command === "stop" || r.command === "restart") await stopAll(matching(r.name));
    if (r.command === "start" || r.command === "restart") for (const p of matching(r.name)) p.start();
    return status();
  });
  process.on("SIGTERM", () => void end());
  process.on("SIGINT", () => void end());
  for (const p of processes.values()) p.start();
}
