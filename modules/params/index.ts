/** `params`: the one record of chain parameters. */
import { utf8 } from "#kernel/bytes.js";
import { type Context } from "#kernel/context.js";
import { type AppModule, query } from "#kernel/module.js";
import { collection, type HasStore } from "#kernel/store.js";
import { Params, QueryParamsRequest, QueryParamsResponse } from "#proto/gen/pouw.js";
import { defaultParams } from "./defaults.js";
import { checkParams, paramsFromJson, paramsToJson } from "./json.js";

export { defaultParams } from "./defaults.js";
export { paramsErrors } from "./errors.js";
export { checkParams, paramsFromJson, paramsToJson } from "./json.js";

export interface ParamsKeeper {
  get(ctx: HasStore): Params;
  set(ctx: Context, p: Params): void;
}

const STORE = "params";
/** 1: → Params */
const record = collection<[], Params>(STORE, 1, () => utf8(""), Params);

export function defineParams(): { module: AppModule; keeper: ParamsKeeper } {
  const keeper: ParamsKeeper = {
    get(ctx) {
      const p = record.get(ctx);
      if (!p) throw new Error("params: none in state; InitChain writes them");
      return p;
    },
    set: (ctx, p) => record.set(ctx, checkParams(p)),
  };
  const module: AppModule = {
    name: "params",
    stores: [STORE],
    messages: [],
    queries: [query("/pouw.v1.Query/Params", QueryParamsRequest, QueryParamsResponse, (ctx) => ({ params: keeper.get(ctx) }))],
    initGenesis: (ctx, genesis) => keeper.set(ctx, paramsFromJson((genesis as { params?: unknown } | undefined)?.params ?? {}, defaultParams())),
    exportGenesis: (ctx) => ({ params: paramsToJson(keeper.get(ctx)) }),
    invariants: {
      range(ctx) {
        try {
          checkParams(keeper.get(ctx));
          return undefined;
        } catch (e) {
          return (e as Error).message;
        }
      },
    },
  };
  return { module, keeper };
}
