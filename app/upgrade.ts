/**
 * Migrations: the state carries each module's version, and a newer program leads the state that it finds up to its own, step
 * by step, before anything reads it. What that changes is committed with the next block. All validators have to change
 * programs at one height: whoever is early computes another state and stops.
 */
import { type Context } from "#kernel/context.js";
import { type View } from "#kernel/store.js";
import { type RunningModule } from "./assemble.js";
import { readVersions, writeVersion } from "./block/head.js";

export type Versioned = Pick<RunningModule, "name" | "version" | "migrations" | "genesis">;

/** In InitChain: genesis is written in the versions of this program. */
export function noteVersions(ctx: View, modules: readonly Versioned[]): void {
  for (const m of modules) writeVersion(ctx, m.name, m.version);
}

/**
 * Answers what was done, for the log. A module that is new begins with its defaults. Throws for a state of a newer program,
 * and for one without versions, which no program of before them goes on with.
 */
export function migrate(ctx: Context, modules: readonly Versioned[]): string[] {
  const kept = readVersions(ctx);
  if (kept.size === 0) throw new Error("the state has no versions of its modules: use the program that wrote it");
  const done: string[] = [];
  for (const m of modules) {
    const from = kept.get(m.name);
    if (from === m.version) continue;
    if (from !== undefined && from > m.version) throw new Error(`the state of module ${m.name} has version ${from}, this program knows ${m.version}: use the program that wrote it`);
    if (from === undefined) m.genesis?.init(ctx, undefined);
    else for (const step of m.migrations) if (step.from >= from) step.run(ctx);
    writeVersion(ctx, m.name, m.version);
    done.push(from === undefined ? `${m.name} is new, version ${m.version}` : `${m.name} ${from} → ${m.version}`);
  }
  return done;
}
