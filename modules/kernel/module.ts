/**
 * How a module presents itself to the application: what is known of it before anything runs (name, version, accounts, store,
 * errors, events), and `create`, which is given the ports that it needs and answers its keeper and its faces.
 */
import type { Accounts } from "./accounts.js";
import type { Context, QueryContext } from "./context.js";
import type { ErrorKind } from "./errors.js";
import type { EventKind } from "./events.js";
import type { Genesis } from "./genesis.js";
import type { MessageHandler, QueryHandler } from "./services.js";
import type { StoreDefinition } from "./store.js";

export interface ValidatorUpdate {
  /** ed25519, 32 bytes */
  readonly key: Uint8Array;
  readonly power: bigint;
}

/** Name → check; each answers undefined or one line on what is broken. */
export type Invariants = Readonly<Record<string, (ctx: QueryContext) => string | undefined>>;

/** What a module does once it has its ports. */
export interface ModuleFaces<K> {
  /** what other modules and the application may ask of it: reads and verbs, never a record's setter */
  readonly keeper: K;
  readonly messages?: readonly MessageHandler[];
  readonly queries?: readonly QueryHandler[];
  readonly genesis?: Genesis;
  /** Once every module has read its part of genesis. */
  afterGenesis?(ctx: Context): void;
  /** Before the block's transactions; app/assemble.ts holds the order of all. */
  beginBlock?(ctx: Context): void;
  /** After them. */
  endBlock?(ctx: Context): void;
  /** Only the module that keeps the validator set. */
  validatorUpdates?(ctx: Context): ValidatorUpdate[];
  readonly invariants?: Invariants;
}

/** Turns the state of one version into that of the next, in the block where the new program takes over. */
export interface Migration {
  readonly from: number;
  run(ctx: Context): void;
}

export interface ModuleDefinition<N extends string = string, A extends Accounts = Accounts, P = never, K = unknown> {
  readonly name: N;
  /** of its state: one more with every change that needs a migration */
  readonly version: number;
  readonly migrations: readonly Migration[];
  readonly accounts: A;
  readonly store?: StoreDefinition | undefined;
  readonly errors: Readonly<Record<string, ErrorKind>>;
  readonly events: Readonly<Record<string, Pick<EventKind, "type" | "attributes">>>;
  create(ports: P): ModuleFaces<K>;
}

type Given<N extends string, A extends Accounts, P, K> = Pick<ModuleDefinition<N, A, P, K>, "name" | "create"> &
  Partial<Omit<ModuleDefinition<N, A, P, K>, "name" | "create">>;

/** Declares a module. Throws when its migrations do not lead from version 1 to its version, one by one. */
export function defineModule<const N extends string, const A extends Accounts = readonly [], P = unknown, K = unknown>(m: Given<N, A, P, K>): ModuleDefinition<N, A, P, K> {
  const { version = 1, migrations = [] } = m;
  if (migrations.length !== version - 1 || migrations.some((step, i) => step.from !== i + 1)) {
    throw new Error(`module ${m.name} has version ${version} and migrations from ${migrations.map((s) => s.from).join(", ") || "none"}: want one from each version below`);
  }
  return { errors: {}, events: {}, accounts: [] as unknown as A, ...m, version, migrations };
}
