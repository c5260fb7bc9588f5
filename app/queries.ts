/** ABCI Query: gRPC paths, raw store reads with proofs, and the paths that the SDK's clients know. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { utf8 } from "#kernel/bytes.js";
import { type QueryContext } from "#kernel/context.js";
import { type Environment } from "#kernel/environment.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { type HeadBlock } from "./application.js";
import { type Assembly } from "./modules.js";
import { asGrpc } from "./query-errors.js";
import { simulateGrpc, simulateJson } from "./simulation.js";
import { type MultiStore } from "./store/index.js";
import { viewOf } from "./tx/context.js";
import { type TxOutcome } from "./tx/execute.js";

export interface QueryDeps {
  readonly store: MultiStore;
  readonly modules: Assembly;
  readonly head: HeadBlock | undefined;
  /** there as soon as the head is */
  readonly environment: Environment | undefined;
  /** answers /app/invariants */
  readonly invariants: (ctx: QueryContext) => Uint8Array;
  readonly simulate: (tx: Uint8Array) => TxOutcome;
}

/** Never throws. */
export function answerQuery(r: abci.RequestQuery, d: QueryDeps): abci.ResponseQuery {
  try {
    return answer(r, d);
  } catch (e) {
    const known = e instanceof ModuleError;
    return abci.ResponseQuery.fromPartial({
      code: known ? e.code : 1,
      codespace: known ? e.codespace : "undefined",
      log: known ? e.message : `the query could not be answered: ${(e as Error).message}`,
      height: r.height || d.store.version,
    });
  }
}

function answer(r: abci.RequestQuery, d: QueryDeps): abci.ResponseQuery {
  const { store, modules, head, environment } = d;
  if (r.path === "/app/version") return ok(utf8("0.1.0"), store.version);
  if (r.path === "/app/simulate") return ok(simulateJson(d.simulate, r.data), store.version);
  if (r.path === "/cosmos.tx.v1beta1.Service/Simulate") return ok(asGrpc(() => simulateGrpc(d.simulate, r.data)), store.version);
  if (r.path.startsWith("/p2p/filter/")) return ok(new Uint8Array(0), store.version);
  if (!head || !environment || store.version === 0n) throw sdk.invalidHeight("the chain has no block yet; ask again");
  if (r.height < 0n) throw sdk.invalidRequest("cannot query with height < 0; please provide a valid height");

  const raw = /^\/store\/([a-z0-9_]+)\/key$/.exec(r.path);
  if (raw) return storeQuery(r, d, raw[1] as string);

  const handler = modules.queries.get(r.path);
  const invariants = r.path === "/app/invariants";
  if (!handler && !invariants) throw sdk.unknownRequest(`unknown query path ${JSON.stringify(r.path.slice(0, 200))}`);
  const height = r.height === 0n ? store.version : r.height;
  // All of the state is walked: one walk for each block is what anybody can ask for.
  if (invariants && height !== store.version) throw sdk.invalidRequest(`/app/invariants answers for the newest height, ${store.version}, and no other: ask without a height`);
  const view = viewOf(environment, viewAt(store, height));
  const ctx = { block: { chainId: head.chainId, height, timeMs: modules.keepers.work.blockTimeMs(view) }, ...view };
  return ok(handler ? asGrpc(() => handler.run(ctx, r.data)) : d.invariants(ctx), height);
}

function viewAt(store: MultiStore, height: bigint) {
  if (height > store.version) throw sdk.invalidHeight(`cannot query with height in the future; please provide a valid height: ${height}, newest ${store.version}`);
  const view = store.at(height);
  if (!view) throw sdk.invalidHeight(`height ${height} is pruned: this node keeps the last blocks only`);
  return view;
}

function storeQuery(r: abci.RequestQuery, { store, modules }: QueryDeps, name: string): abci.ResponseQuery {
  if (!modules.stores.includes(name)) throw sdk.unknownRequest(`no such store: ${name}`);
  // The app hash that a proof leads to stands in the next block's header, so the newest provable height is the one before.
  const newest = r.prove && store.version > 1n ? store.version - 1n : store.version;
  const height = r.height === 0n ? newest : r.height;
  if (!r.prove) {
    const value = viewAt(store, height).store(name).get(r.data);
    return abci.ResponseQuery.fromPartial({ code: 0, key: r.data, value: value ?? new Uint8Array(0), height });
  }
  viewAt(store, height);
  const { value, ops } = store.prove(name, r.data, height);
  return abci.ResponseQuery.fromPartial({ code: 0, key: r.data, value: value ?? new Uint8Array(0), height, proofOps: { ops: ops.map(({ type, key, data }) => ({ type, key, data })) } });
}

const ok = (value: Uint8Array, height: bigint): abci.ResponseQuery => abci.ResponseQuery.fromPartial({ code: 0, value, height: height || 1n });
