/** The modules' state as JSON, in and out: what a genesis has under `app_state`. */
import type { Context, QueryContext } from "#kernel/context.js";
import type { RunningModule } from "./assemble.js";

type Modules = readonly Pick<RunningModule, "name" | "genesis" | "afterGenesis">[];

/** Parts that the application itself reads: genesis/init-chain.ts. */
const OF_APPLICATION = ["prefix", "genutil"];

/**
 * Every module's part, in their order, into an empty state. `between`: what the genesis does by transactions, before modules
 * look at the whole. Throws one line that begins with `app_state.`, also for a part of no module.
 */
export function readState(ctx: Context, modules: Modules, state: Readonly<Record<string, unknown>>, between: () => void = () => {}): void {
  const names = modules.map((m) => m.name);
  for (const name of Object.keys(state)) {
    if (!OF_APPLICATION.includes(name) && !names.includes(name)) throw new Error(`app_state.${name}: there is no such module; there are ${[...names].sort().join(", ")}`);
  }
  for (const m of modules) {
    // As null, which the Cosmos SDK writes for a module without one.
    if (!m.genesis && (state[m.name] ?? null) !== null) throw new Error(`app_state.${m.name}: this module has no part of app_state`);
    try {
      m.genesis?.init(ctx, state[m.name]);
    } catch (e) {
      const { message } = e as Error;
      throw message.startsWith("app_state.") ? e : new Error(`app_state.${m.name}: ${message}`);
    }
  }
  between();
  for (const m of modules) m.afterGenesis?.(ctx);
}

/** The state of the height that `ctx` stands at. */
export function exportState(ctx: QueryContext, modules: Modules): Record<string, unknown> {
  const state: Record<string, unknown> = { prefix: ctx.addresses.prefix };
  for (const m of modules) if (m.genesis) state[m.name] = m.genesis.export(ctx);
  return state;
}
