/** testnet.json: the machine-readable facts of a running network. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Account } from "./accounts.js";
import { type NetworkPlan } from "./plan.js";

export interface WorkerFacts {
  readonly name: string;
  readonly address: string;
  readonly home: string;
  readonly pid: number | null;
}
export interface Facts {
  readonly chainId: string;
  readonly prefix: string;
  readonly denom: string;
  readonly accounts: readonly Account[];
  readonly validators: readonly {
    readonly name: string;
    readonly rpc: string;
    readonly rest: string;
    /** host:port */
    readonly grpc: string;
    readonly home: string;
    readonly pids: { readonly node: number | null; readonly engine: number | null; readonly verifier: number | null };
  }[];
  readonly miners: readonly WorkerFacts[];
  readonly supervisors: readonly WorkerFacts[];
  readonly evaluators: readonly WorkerFacts[];
}

export const rpcOf = (v: { readonly rpcPort: number }): string => `http://127.0.0.1:${v.rpcPort}`;

export const restOf = (v: { readonly restPort: number }): string => `http://127.0.0.1:${v.restPort}`;
/** host:port */
export const grpcOf = (v: { readonly grpcPort: number }): string => `127.0.0.1:${v.grpcPort}`;

export function facts(plan: NetworkPlan, accounts: readonly Account[], pidOf: (process: string) => number | null): Facts {
  const { chainId, prefix, denom } = plan.options;
  const address = (name: string) => accounts.find((a) => a.name === name)?.address ?? "";
  const workers = (role: string) =>
    plan.workers
      .filter((w) => w.role === role)
      .map((w) => ({ name: w.name, address: address(w.name), home: w.home, pid: pidOf(w.name) }));
  return {
    chainId,
    prefix,
    denom,
    accounts,
    validators: plan.validators.map((v) => ({
      name: v.name,
      rpc: rpcOf(v),
      rest: restOf(v),
      grpc: grpcOf(v),
      home: v.home,
      pids: { node: pidOf(`${v.name}.node`), engine: pidOf(`${v.name}.engine`), verifier: pidOf(`${v.name}.verifier`) },
    })),
    miners: workers("miner"),
    supervisors: workers("supervisor"),
    evaluators: workers("evaluator"),
  };
}

/** Replaces the file in one step, so that a reader never sees half of it. */
export function writeFacts(dir: string, value: Facts): void {
  const path = join(dir, "testnet.json");
  writeFileSync(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
