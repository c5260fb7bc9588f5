/**
 * Upgrades: a vote plans a height, and the block of that height belongs to the program that knows the plan by its name. Before it
 * that program refuses to run, from it on every other one; what was committed is never touched by either. The state carries each
 * module's version, and the program leads it up to its own, step by step, before anything reads it for that block: proposals and
 * queries too. What that changes is committed with the block.
 */
import { type Context } from "#kernel/context.js";
import { type View } from "#kernel/store.js";
import type { UpgradeKeeper } from "#modules/upgrade/index.js";
import { type RunningModule } from "./assemble.js";
import { readVersions, writeVersion } from "./block/head.js";
import { ConfigFault } from "./config-fault.js";
import type { Upgrade } from "./upgrades.js";

export type Versioned = Pick<RunningModule, "name" | "version" | "migrations" | "genesis">;

/** Not this program's block: another one has to go on. Starting this one again cannot help. */
export class UpgradeFault extends ConfigFault {
  override name = "UpgradeFault";
}

export interface Program {
  readonly modules: readonly Versioned[];
  readonly upgrades: readonly Upgrade[];
  readonly keepers: { readonly upgrade: UpgradeKeeper };
}

/** In InitChain: genesis is written in the versions of this program. */
export function noteVersions(ctx: View, modules: readonly Versioned[]): void {
  for (const m of modules) writeVersion(ctx, m.name, m.version);
}

/** What a vote wrote, on an operator's terminal: one line, without control characters. */
const shown = (text: string): string => text.replace(/\p{C}/gu, " ").slice(0, 2_000);

/**
 * What is to be done before the block that `ctx` stands before: nothing in most. Answers the steps, for the log. `at` is the height
 * of an upgrade without a plan that operators agreed on. Throws UpgradeFault where the block is not this program's.
 */
export function turn(ctx: Context, { modules, upgrades, keepers }: Program, at?: bigint): string[] {
  const { height } = ctx.block;
  const plan = keepers.upgrade.plan(ctx);
  const known = (name: string): Upgrade | undefined => upgrades.find((u) => u.name === name);
  if (plan && plan.height <= height) {
    const upgrade = known(plan.name);
    if (!upgrade) throw new UpgradeFault(`UPGRADE "${shown(plan.name)}" NEEDED at height: ${plan.height}: ${shown(plan.info)}`);
    upgrade.run?.(ctx);
    const steps = migrate(ctx, modules);
    keepers.upgrade.done(ctx, plan);
    return [`upgrade ${JSON.stringify(shown(plan.name))} in block ${height}`, ...steps];
  }
  if (plan && known(plan.name)) throw new UpgradeFault(`BINARY UPDATED BEFORE TRIGGER! UPGRADE "${shown(plan.name)}" - in binary but not executed on chain. Downgrade your binary: the plan's height is ${plan.height}, the next block ${height}`);
  const last = keepers.upgrade.last(ctx);
  if (last && !known(last.name)) throw new UpgradeFault(`upgrade handler is missing for ${shown(last.name)} upgrade plan, which this chain applied at ${last.height}: use a program that knows it`);
  const behind = outdated(ctx, modules);
  if (behind.length === 0) return [];
  if (at === height) return migrate(ctx, modules);
  const when = at !== undefined && at > height ? `migrate_at says block ${at}: use the program that wrote it until then` : "no upgrade is planned for it: use the program that wrote it, or name the height that all operators agreed on as migrate_at in app.toml";
  throw new UpgradeFault(`the state before block ${height} is of another program (${behind.join(", ")}), and ${when}`);
}

/** Throws where a program would read state in another form than its own. */
export function sameVersions(view: View, modules: readonly Versioned[]): void {
  const behind = outdated(view, modules);
  if (behind.length > 0) throw new UpgradeFault(`the state is of another program (${behind.join(", ")}): use the program that wrote it`);
}

/** Modules whose state is not of this program's version. Throws for a state of a newer program, and for one without versions. */
function outdated(ctx: View, modules: readonly Versioned[]): string[] {
  const kept = readVersions(ctx);
  if (kept.size === 0) throw new UpgradeFault("the state has no versions of its modules: use the program that wrote it");
  return modules.flatMap((m) => {
    const from = kept.get(m.name);
    if (from === m.version) return [];
    if (from !== undefined && from > m.version) throw new UpgradeFault(`the state of module ${m.name} has version ${from}, this program knows ${m.version}: use the program that wrote it`);
    return [from === undefined ? `${m.name} is new` : `${m.name} has version ${from}, this program ${m.version}`];
  });
}

/** Answers what was done. A module that is new begins with its defaults. */
function migrate(ctx: Context, modules: readonly Versioned[]): string[] {
  outdated(ctx, modules);
  const kept = readVersions(ctx);
  const done: string[] = [];
  for (const m of modules) {
    const from = kept.get(m.name);
    if (from === m.version) continue;
    if (from === undefined) m.genesis?.init(ctx, undefined);
    else for (const step of m.migrations) if (step.from >= from) step.run(ctx);
    writeVersion(ctx, m.name, m.version);
    done.push(from === undefined ? `${m.name} is new, version ${m.version}` : `${m.name} ${from} → ${m.version}`);
  }
  return done;
}
