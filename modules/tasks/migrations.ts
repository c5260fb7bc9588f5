/** From the states of former versions. */
import type { Context } from "#kernel/context.js";
import type { Migration } from "#kernel/module.js";
import { Params as EvaluationParams } from "#proto/gen/pouw/evaluation/v1/types.js";
import { Params as MatchingParams } from "#proto/gen/pouw/matching/v1/types.js";
import { Params as SupervisionParams } from "#proto/gen/pouw/supervision/v1/types.js";
import { Params as WorkParams } from "#proto/gen/pouw/work/v1/types.js";
import type { Codec } from "#proto/wire.js";
import { params } from "./params.js";
import { tasks } from "./store.js";
import { only } from "./terms.js";

/** A record of parameters where another module had it in that version. */
function paramsIn<P>(ctx: Context, store: string, prefix: number, codec: Codec<P>): P {
  const bytes = ctx.store(store).get(Uint8Array.of(prefix));
  if (!bytes) throw new Error(`store ${store} has no parameters below prefix ${prefix}`);
  return codec.decode(bytes);
}

/** Tasks had no terms of their own: those that are there keep what held when the programs were changed. */
function giveTerms(ctx: Context): void {
  const terms = only({
    ...params.get(ctx),
    ...paramsIn(ctx, "evaluation", 5, EvaluationParams),
    ...paramsIn(ctx, "matching", 3, MatchingParams),
    ...paramsIn(ctx, "supervision", 8, SupervisionParams),
    ...paramsIn(ctx, "work", 14, WorkParams),
  });
  for (const { key, value } of tasks.entries(ctx)) tasks.set(ctx, { ...value, terms }, ...key);
}

export const tasksMigrations: readonly Migration[] = [{ from: 1, run: giveTerms }];
