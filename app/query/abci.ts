/** ABCI Query: gRPC paths, raw store reads with proofs, and the paths that the SDK's clients know. */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { EMPTY, utf8 } from "#kernel/bytes.js";
import { type QueryContext } from "#kernel/context.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { type Chain } from "../chain.js";
import { type MultiStore } from "../store/index.js";
import { type TxOutcome } from "../tx/execute.js";
import { VERSION } from "../version.js";
import { type Methods } from "./methods.js";
import { simulateJson } from "./simulation.js";
import { contextAt } from "./state.js";

export interface AbciQueries {
  readonly chain: Chain;
  readonly methods: Methods;
  /** answers /app/invariants; absent where the operator has not switched that on */
  readonly invariants?: ((ctx: QueryContext) => Uint8Array) | undefined;
  readonly simulate: (tx: Uint8Array) => TxOutcome;
}

type Answer = abci.ResponseQuery | Promise<abci.ResponseQuery>;

/** What only the store itself can answer, with its proofs; undefined for any other path. Never throws. */
export function answerStoreQuery(r: abci.RequestQuery, chain: Chain, store: MultiStore): abci.ResponseQuery | undefined {
  const [, name] = /^\/store\/([a-z0-9_]+)\/key$/.exec(r.path) ?? [];
  if (name === undefined) return undefined;
  try {
    return storeQuery(r, chain, store, name);
  } catch (e) {
    return failed(e, r.height || store.version);
  }
}

/** Never throws or rejects. */
export function answerQuery(r: abci.RequestQuery, q: AbciQueries): Answer {
  const newest = q.chain.store.version;
  try {
    const method = q.methods.get(r.path);
    if (!method) return ok(own(r, q), r.path === "/app/invariants" ? r.height || newest : newest);
    const answered = method.answer(r.data, { height: r.height === 0n ? undefined : r.height });
    if (!(answered instanceof Promise)) return ok(answered.value, answered.height);
    return answered.then(
      ({ value, height }) => ok(value, height),
      (e: unknown) => failed(e, newest),
    );
  } catch (e) {
    return failed(e, r.height || newest);
  }
}

/** Paths of the application itself. */
function own(r: abci.RequestQuery, { chain, invariants, simulate }: AbciQueries): Uint8Array {
  if (r.path === "/app/version") return utf8(VERSION);
  if (r.path === "/app/simulate") return simulateJson(simulate, r.data);
  if (r.path.startsWith("/p2p/filter/")) return EMPTY;
  if (r.path !== "/app/invariants") throw chain.head ? sdk.unknownRequest(`unknown query path ${JSON.stringify(r.path.slice(0, 200))}`) : sdk.invalidHeight("the chain has no block yet; ask again");
  if (!invariants) throw sdk.notSupported("/app/invariants walks all of the state: its operator switches it on, with `invariants = true` under [query] in app.toml");
  // All of the state is walked: one walk for each block is what anybody can ask for.
  const { version } = chain.store;
  if (r.height !== 0n && r.height !== version) throw sdk.invalidRequest(`/app/invariants answers for the newest height, ${version}, and no other: ask without a height`);
  return invariants(contextAt(chain, r.height));
}

function storeQuery(r: abci.RequestQuery, chain: Chain, store: MultiStore, name: string): abci.ResponseQuery {
  if (!chain.assembly.stores.includes(name)) throw sdk.unknownRequest(`no such store: ${name}`);
  // The app hash that a proof leads to stands in the next block's header, so the newest provable height is the one before.
  const newest = r.prove && store.version > 1n ? store.version - 1n : store.version;
  const ctx = contextAt(chain, r.height === 0n ? newest : r.height);
  const { height } = ctx.block;
  if (!r.prove) return abci.ResponseQuery.fromPartial({ code: 0, key: r.data, value: ctx.store(name).get(r.data) ?? EMPTY, height });
  const { value, ops } = store.prove(name, r.data, height);
  return abci.ResponseQuery.fromPartial({ code: 0, key: r.data, value: value ?? EMPTY, height, proofOps: { ops: ops.map(({ type, key, data }) => ({ type, key, data })) } });
}

const ok = (value: Uint8Array, height: bigint): abci.ResponseQuery => abci.ResponseQuery.fromPartial({ code: 0, value, height: height || 1n });

function failed(e: unknown, height: bigint): abci.ResponseQuery {
  const known = e instanceof ModuleError;
  return abci.ResponseQuery.fromPartial({
    code: known ? e.code : 1,
    codespace: known ? e.codespace : "undefined",
    log: known ? e.message : `the query could not be answered: ${(e as Error).message}`,
    height,
  });
}
