/** `params`: every chain parameter of the useful work, in one record. Only genesis writes it until governance exists. */
import { type Context } from "#kernel/context.js";
import { defineError } from "#kernel/errors.js";
import { type AppModule, query } from "#kernel/module.js";
import { type View } from "#kernel/store.js";
import { Params, QueryParamsRequest, QueryParamsResponse } from "#proto/gen/pouw.js";
import { fromJson, toJson } from "#proto/json.js";
import { defaultParams } from "./defaults.js";
import { paramsFault } from "./validate.js";

export { defaultParams } from "./defaults.js";
export { paramsFault } from "./validate.js";

export interface ParamsKeeper {
  get(ctx: View): Params;
  /** Throws what is wrong with them. */
  set(ctx: Context, p: Params): void;
}

const STORE = "params";
const KEY = Uint8Array.of(1);
export const paramsErrors = { invalid: defineError("params", 1, "invalid parameter") };

export function defineParams(): { module: AppModule; keeper: ParamsKeeper } {
  const keeper: ParamsKeeper = {
    get(ctx) {
      const bytes = ctx.store(STORE).get(KEY);
      if (!bytes) throw new Error("params: none are set; InitChain writes them");
      return Params.decode(bytes);
    },
    set(ctx, p) {
      const fault = paramsFault(p);
      if (fault) throw paramsErrors.invalid(fault);
      ctx.store(STORE).set(KEY, Params.encode(p));
    },
  };
  const module: AppModule = {
    name: "params",
    stores: [STORE],
    messages: [],
    queries: [query("/pouw.v1.Query/Params", QueryParamsRequest, QueryParamsResponse, (ctx) => ({ params: keeper.get(ctx) }))],
    initGenesis(ctx, genesis) {
      const given = ((genesis ?? {}) as { params?: unknown }).params ?? {};
      const p = fromJson(Params, given, "app_state.params.params");
      const named = new Set(Object.keys(given as object));
      const defaults = defaultParams(p.denom || "upouw");
      for (const f of Params.fields) {
        if (!named.has(f.proto) && !named.has(f.name)) (p as unknown as Record<string, unknown>)[f.name] = (defaults as unknown as Record<string, unknown>)[f.name];
      }
      keeper.set(ctx, p);
    },
    exportGenesis: (ctx) => ({ params: toJson(Params, keeper.get(ctx)) }),
  };
  return { module, keeper };
}
