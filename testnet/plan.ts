/**
 * What a local network consists of, as a pure function of its options: names, ports, homes and accounts.
 * Nothing here touches the disk or the network.
 */
import { join } from "node:path";

/** Parameters by module and proto name, as text. */
export type ParamsByModule = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** `over` where both name a parameter. */
export const mergeParams = (base: ParamsByModule, over: ParamsByModule): ParamsByModule => ({ ...base, ...Object.fromEntries(Object.entries(over).map(([module, params]) => [module, { ...base[module], ...params }])) });

export interface NetworkOptions {
  /** folder that holds everything; absolute */
  readonly dir: string;
  readonly chainId: string;
  readonly prefix: string;
  readonly denom: string;
  readonly validators: number;
  readonly miners: number;
  readonly supervisors: number;
  readonly evaluators: number;
  readonly portOffset: number;
  /** seats that each worker takes at one time */
  readonly maxSeats: number;
  /** milliseconds between blocks */
  readonly blockTime: number;
  /** what departs from the modules' defaults */
  readonly params: ParamsByModule;
}

export const DEFAULTS: Omit<NetworkOptions, "dir"> = {
  chainId: "pouw-local-1",
  prefix: "pouw",
  denom: "upouw",
  validators: 4,
  miners: 3,
  supervisors: 3,
  evaluators: 3,
  portOffset: 0,
  maxSeats: 4,
  blockTime: 1000,
  params: {},
};

export interface ValidatorPlan {
  readonly name: string;
  readonly home: string;
  readonly rpcPort: number;
  readonly p2pPort: number;
  readonly verifierPort: number;
  readonly restPort: number;
  readonly grpcPort: number;
}

export interface WorkerPlan {
  readonly name: string;
  readonly role: "miner" | "supervisor" | "evaluator";
  readonly home: string;
  /** supervisors serve gRPC here; 0: serves nothing */
  readonly port: number;
}

export interface NetworkPlan {
  readonly options: NetworkOptions;
  readonly validators: readonly ValidatorPlan[];
  readonly workers: readonly WorkerPlan[];
  /** account names with the base units they own at genesis */
  readonly accounts: readonly { readonly name: string; readonly balance: bigint }[];
}

const UNIT = 1_000_000n;
/** Base units that each validator bonds in the genesis; what it owns beside them stays its own. */
export const VALIDATOR_STAKE = 10n * UNIT;
const BASE_RPC = 26657;
const BASE_REST = 1317;
const BASE_GRPC = 9090;
const BASE_SUPERVISOR = 28600;

export function planNetwork(options: NetworkOptions): NetworkPlan {
  const validators = Array.from({ length: options.validators }, (_, i) => ({
    name: `validator${i}`,
    home: join(options.dir, `validator${i}`),
    rpcPort: BASE_RPC + options.portOffset + 10 * i,
    p2pPort: BASE_RPC - 1 + options.portOffset + 10 * i,
    verifierPort: BASE_RPC + 2 + options.portOffset + 10 * i,
    restPort: BASE_REST + options.portOffset + 10 * i,
    grpcPort: BASE_GRPC + options.portOffset + 10 * i,
  }));
  const workers = (["miner", "supervisor", "evaluator"] as const).flatMap((role) =>
    Array.from({ length: options[`${role}s`] }, (_, i) => ({
      name: `${role}${i}`,
      role,
      home: join(options.dir, `${role}${i}`),
      port: role === "supervisor" ? BASE_SUPERVISOR + options.portOffset + i : 0,
    })),
  );
  const accounts = [
    ...["client", "alice", "bob", "faucet"].map((name) => ({ name, balance: 1_000_000n * UNIT })),
    ...validators.map(({ name }) => ({ name, balance: 10_000n * UNIT + VALIDATOR_STAKE })),
    ...workers.map(({ name }) => ({ name, balance: 100_000n * UNIT })),
  ];
  return { options, validators, workers, accounts };
}

/** Every port the network listens on, with what uses it. */
export function ports(plan: NetworkPlan): { port: number; use: string }[] {
  return [
    ...plan.validators.flatMap((v) => [
      { port: v.rpcPort, use: `${v.name} RPC` },
      { port: v.p2pPort, use: `${v.name} P2P` },
      { port: v.verifierPort, use: `${v.name} verifier` },
      { port: v.restPort, use: `${v.name} REST` },
      { port: v.grpcPort, use: `${v.name} gRPC` },
    ]),
    ...plan.workers.filter((w) => w.port).map((w) => ({ port: w.port, use: w.name })),
  ];
}

/** A refusal before anything is written, or undefined. */
export function checkOptions(o: NetworkOptions): string | undefined {
  const count = (name: string, v: number, min: number, max: number) =>
    Number.isInteger(v) && v >= min && v <= max ? undefined : `--${name} ${v}: want a whole number from ${min} to ${max}`;
  return (
    count("validators", o.validators, 1, 50) ??
    count("miners", o.miners, 0, 1024) ??
    count("supervisors", o.supervisors, 0, 99) ??
    count("evaluators", o.evaluators, 0, 99) ??
    count("port-offset", o.portOffset, 0, 30000) ??
    count("max-seats", o.maxSeats, 1, 4096) ??
    count("block-time", o.blockTime, 50, 60000) ??
    (/^[a-zA-Z][a-zA-Z0-9-]{2,47}$/.test(o.chainId) ? undefined : `--chain-id ${o.chainId}: want 3 to 48 letters, digits and dashes`) ??
    (/^[a-z][a-z0-9]{0,15}$/.test(o.prefix) ? undefined : `--prefix ${o.prefix}: want 1 to 16 of a–z and 0–9`) ??
    (/^[a-z][a-z0-9]{2,31}$/.test(o.denom) ? undefined : `--denom ${o.denom}: want 3 to 32 of a–z and 0–9`)
  );
}
