/**
 * Wires the modules: every one gets the others' keepers by their names, and the bank's face for its own accounts. Ports are
 * read at call time, so the order of creation is free, and the modules of useful work may need each other in circles.
 */
import { type AccountDeclaration, type Accounts, type CoinBank, type ModuleBank } from "#kernel/accounts.js";
import { type Context } from "#kernel/context.js";
import { type ModuleDefinition, type ModuleFaces } from "#kernel/module.js";
import { type MessageHandler, type MessageRunner, type QueryHandler } from "#kernel/services.js";
import { appStore, readVersions } from "./block/head.js";
import * as list from "./modules.js";
import { makeRouter, type Router } from "./tx/router.js";
import { type Upgrade, upgrades } from "./upgrades.js";

type List = typeof list;
type Name = keyof List;

/** What each module offers the others. */
export type Keepers = { readonly [N in Name]: ReturnType<List[N]["create"]>["keeper"] };

/** A module account and whose it is. */
export type OwnedAccount = AccountDeclaration & { readonly module: string };

/** What a module with accounts A may ask for. */
export type PortsOf<A extends Accounts> = Omit<Keepers, "bank"> & {
  readonly bank: ModuleBank<A> & CoinBank<A>;
  /** of all modules */
  readonly accounts: readonly OwnedAccount[];
  /** runs any module's messages */
  readonly router: MessageRunner;
  /** of every module's state, as it was written */
  readonly versions: typeof readVersions;
};

/** The bank as a module with any accounts has it. */
type Bank = ModuleBank<Accounts> & CoinBank<Accounts>;

/** A module whose ports are not offered does not compile here. */
type Wired = { readonly [N in Name]: { readonly create: (ports: PortsOf<List[N]["accounts"]>) => ModuleFaces<unknown> } };
const wired: Wired = list;

/** A module as the application runs it. */
export type RunningModule = ModuleFaces<unknown> & Pick<ModuleDefinition, "name" | "version" | "migrations" | "store">;

/** Who reads others' records in genesis comes after them; where an order matters the others follow by name. */
const GENESIS = ["staking", "slashing", "auth", "bank", "distribution", "gov", "beacon", "workers", "tasks", "matching", "supervision", "work", "evaluation"] as const satisfies readonly Name[];
/** Protocol section 11. Matching only looks at who could be drawn, before anything of this block changes it; then the Cosmos SDK's order. */
const BEGIN = ["matching", "mint", "distribution", "slashing", "evidence", "staking", "authz", "beacon", "work"] as const satisfies readonly Name[];
/** Heads are moved before phases end, phases before the target is moved; what unbonds is paid last. Votes are counted before all, by the stake of the block before. */
const END = ["gov", "supervision", "tasks", "work", "workers"] as const satisfies readonly Name[];

const NAMES = Object.keys(list).sort() as Name[];

/** What is known of the modules before anything runs: for tables, checks and migrations. */
export const definitions: readonly ModuleDefinition[] = NAMES.map((name) => list[name] as unknown as ModuleDefinition);

export interface Assembly {
  /** in the order of genesis */
  readonly modules: readonly RunningModule[];
  readonly keepers: Keepers;
  /** by type URL */
  readonly messages: ReadonlyMap<string, MessageHandler>;
  readonly router: Router;
  /** by gRPC path */
  readonly queries: ReadonlyMap<string, QueryHandler>;
  /** the application's own among them */
  readonly stores: string[];
  /** that this program knows by name */
  readonly upgrades: readonly Upgrade[];
  beginBlock(ctx: Context): void;
  endBlock(ctx: Context): void;
}

/** Throws what two modules both claim: an account, a store, a message, a query. */
export function assemble(): Assembly {
  const accounts: OwnedAccount[] = definitions.flatMap((d) => d.accounts.map((a) => ({ ...a, module: d.name })));
  once("account", accounts.map((a) => a.name));
  once("store", definitions.flatMap((d) => (d.store ? [d.store.name] : [])));
  once("error", definitions.flatMap((d) => Object.values(d.errors).map((e) => `${e.codespace}/${e.code}`)));

  const built = new Map<Name, ModuleFaces<unknown>>();
  const keeperOf = (name: Name): unknown => {
    const faces = built.get(name);
    if (!faces) throw new Error(`module ${name} was asked for while modules are made; ports are read at call time`);
    return faces.keeper;
  };
  const keepers = {} as Keepers;
  for (const name of NAMES) Object.defineProperty(keepers, name, { get: () => keeperOf(name), enumerable: true });

  let router: Router | undefined;
  const runner = (): Router => {
    if (!router) throw new Error("the router was asked for while modules are made; ports are read at call time");
    return router;
  };
  const faces: (() => Bank)[] = [];
  const portsOf = (own: Accounts): PortsOf<Accounts> => {
    const ports = { accounts, versions: readVersions } as unknown as PortsOf<Accounts>;
    let bank: Bank | undefined;
    for (const name of NAMES) {
      if (name !== "bank") Object.defineProperty(ports, name, { get: () => keeperOf(name), enumerable: true });
    }
    Object.defineProperty(ports, "router", { get: runner, enumerable: true });
    const face = (): Bank => (bank ??= keepers.bank.for(own));
    faces.push(face);
    return Object.defineProperty(ports, "bank", { get: face, enumerable: true });
  };
  for (const name of NAMES) built.set(name, (wired[name].create as (ports: unknown) => ModuleFaces<unknown>)(portsOf(list[name].accounts)));
  // An account that nobody declared is found now and not when money is first moved.
  for (const face of faces) face();

  const running = (name: Name): RunningModule => {
    const { version, migrations, store } = list[name] as unknown as ModuleDefinition;
    return { name, version, migrations, store, ...(built.get(name) as ModuleFaces<unknown>) };
  };
  const inOrder = (first: readonly Name[]): RunningModule[] => [...first, ...NAMES.filter((n) => !first.includes(n))].map(running);
  const modules = inOrder(GENESIS);
  const begin = inOrder(BEGIN);
  const end = inOrder(END);
  const messages = byName("message", modules.flatMap((m) => m.messages ?? []), (h) => h.typeUrl);
  router = makeRouter(messages);
  return {
    modules,
    keepers,
    messages,
    router,
    queries: byName("query", modules.flatMap((m) => m.queries ?? []), (q) => q.path),
    stores: [appStore.name, ...modules.flatMap((m) => (m.store ? [m.store.name] : []))],
    upgrades,
    beginBlock: (ctx) => begin.forEach((m) => m.beginBlock?.(ctx)),
    endBlock: (ctx) => end.forEach((m) => m.endBlock?.(ctx)),
  };
}

function once(what: string, names: readonly string[]): void {
  const twice = names.find((n, i) => names.indexOf(n) !== i);
  if (twice !== undefined) throw new Error(`${what} ${twice} is declared by two modules`);
}

function byName<T>(what: string, items: readonly T[], name: (item: T) => string): Map<string, T> {
  once(what, items.map(name));
  return new Map(items.map((item) => [name(item), item]));
}
