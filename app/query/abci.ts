/** ABCI Query: gRPC paths, raw store reads with proofs, and the paths that the SDK's clients know. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { utf8 } from "#kernel/bytes.js";
import { type QueryContext } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { type Chain } from "../chain.js";
import { type TxOutcome } from "../tx/execute.js";
import { VERSION } from "../version.js";
import { asGrpc } from "./errors.js";
import { simulateGrpc, simulateJson } from "./simulation.js";
import { contextAt, handlerAt } from "./table.js";

export interface QueryDeps {
  readonly chain: Chain;
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
      height: r.height || d.chain.store.version,
    });
  }
}

function answer(r: abci.RequestQuery, d: QueryDeps): abci.ResponseQuery {
  const { store } = d.chain;
  if (r.path === "/app/version") return ok(utf8(VERSION), store.version);
  if (r.path === "/app/simulate") return ok(simulateJson(d.simulate, r.data), store.version);
  if (r.path === "/cosmos.tx.v1beta1.Service/Simulate") return ok(asGrpc(() => simulateGrpc(d.simulate, r.data)), store.version);
  if (r.path.startsWith("/p2p/filter/")) return ok(new Uint8Array(0), store.version);

  const raw = /^\/store\/([a-z0-9_]+)\/key$/.exec(r.path);
  if (raw) return storeQuery(r, d.chain, raw[1] as string);

  const handler = handlerAt(d.chain, r.path);
  const invariants = r.path === "/app/invariants";
  if (!handler && !invariants && d.chain.head) throw sdk.unknownRequest(`unknown query path ${JSON.stringify(r.path.slice(0, 200))}`);
  // All of the state is walked: one walk for each block is what anybody can ask for.
  if (invariants && r.height !== 0n && r.height !== store.version) throw sdk.invalidRequest(`/app/invariants answers for the newest height, ${store.version}, and no other: ask without a height`);
  const ctx = contextAt(d.chain, r.height);
  return ok(handler ? asGrpc(() => handler.run(ctx, r.data)) : d.invariants(ctx), ctx.block.height);
}

function storeQuery(r: abci.RequestQuery, chain: Chain, name: string): abci.ResponseQuery {
  const { store, assembly } = chain;
  if (!assembly.stores.includes(name)) throw sdk.unknownRequest(`no such store: ${name}`);
  // The app hash that a proof leads to stands in the next block's header, so the newest provable height is the one before.
  const newest = r.prove && store.version > 1n ? store.version - 1n : store.version;
  const ctx = contextAt(chain, r.height === 0n ? newest : r.height);
  const { height } = ctx.block;
  if (!r.prove) return abci.ResponseQuery.fromPartial({ code: 0, key: r.data, value: ctx.store(name).get(r.data) ?? new Uint8Array(0), height });
  const { value, ops } = store.prove(name, r.data, height);
  return abci.ResponseQuery.fromPartial({ code: 0, key: r.data, value: value ?? new Uint8Array(0), height, proofOps: { ops: ops.map(({ type, key, data }) => ({ type, key, data })) } });
}

const ok = (value: Uint8Array, height: bigint): abci.ResponseQuery => abci.ResponseQuery.fromPartial({ code: 0, value, height: height || 1n });
