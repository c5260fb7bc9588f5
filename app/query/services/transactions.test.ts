import test from "ava";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { Tx } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { nodeCrypto } from "#platform/crypto.js";
import { GetTxsEventRequest, GetTxsEventResponse, ServiceService } from "#proto/gen/cosmos/tx/v1beta1/service.js";
import { type IndexedTx, type TxIndex, type TxSearch } from "../engine.js";
import { noEngine } from "../here.js";
import { tableOf } from "../methods.js";
import { transactionMethods } from "./transactions.js";

const result = abci.ExecTxResult.fromPartial({ gasUsed: 5n });
const tx = (n: number, size = 0): IndexedTx => ({
  hash: new Uint8Array(32).fill(n), height: n + 1, result,
  bytes: Tx.encode(Tx.fromPartial({ body: { memo: `${n}`.padEnd(size, "x") }, authInfo: {}, signatures: [new Uint8Array(1)] })).finish(),
});

/** An index of so many transactions that answers as CometBFT's does. */
function indexOf(all: readonly IndexedTx[]) {
  const asked: TxSearch[] = [];
  const index: TxIndex = {
    tx: () => Promise.resolve(undefined),
    time: (height) => Promise.resolve(height * 1000),
    search(r) {
      asked.push(r);
      const pages = Math.max(1, Math.ceil(all.length / r.perPage));
      if (r.page > pages) return Promise.reject(new Error(`page should be within [1, ${pages}] range, given ${r.page}`));
      return Promise.resolve({ txs: all.slice((r.page - 1) * r.perPage, r.page * r.perPage), total: all.length });
    },
  };
  const never = (): never => {
    throw new Error("not asked for");
  };
  const methods = tableOf(transactionMethods({ engine: { ...noEngine, ...index }, simulate: never, check: never, hash: nodeCrypto, newest: () => 7n }));
  const ask = async (request: Partial<GetTxsEventRequest>) => {
    const method = methods.get(ServiceService.methods.getTxsEvent.path);
    try {
      const answered = await method?.answer(GetTxsEventRequest.encode(GetTxsEventRequest.create({ query: "a='b'", ...request })), { height: undefined });
      const { txs, total } = GetTxsEventResponse.decode(answered?.value as Uint8Array);
      return { memos: txs.map((x) => x.body?.memo), total };
    } catch (e) {
      return (e as Error).message;
    }
  };
  return { ask, asked };
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}`);

test("a page of any size is asked of the engine in small parts, and is the engine's own page", async (t) => {
  const { ask, asked } = indexOf(Array.from({ length: 137 }, (_, n) => tx(n)));
  for (const [limit, page] of [[100n, 1n], [100n, 2n], [7n, 3n], [30n, 5n], [97n, 2n], [1n, 137n], [0n, 0n], [1_000n, 1n]] as const) {
    const size = limit === 0n || limit > 100n ? 100 : Number(limit);
    const from = (Math.max(1, Number(page)) - 1) * size;
    t.deepEqual(await ask({ limit, page }), { memos: range(from, Math.min(from + size, 137)), total: 137n }, `${limit} ${page}`);
  }
  t.true(asked.every((r) => r.perPage <= 10));
  t.is(await ask({ limit: 50n, page: 4n }), "rpc error: code = Internal desc = failed to search for txs: page should be within [1, 3] range, given 4: unknown request");
  t.deepEqual(await indexOf([]).ask({}), { memos: [], total: 0n });
});

test("a page that would be too large is refused after a part of it", async (t) => {
  const { ask, asked } = indexOf(Array.from({ length: 100 }, (_, n) => tx(n, 500_000)));
  t.regex((await ask({})) as string, /10 transactions of the page have 5\d{6} bytes already: ask for fewer at once \(limit\)/);
  t.is(asked.length, 1);
  t.like(await ask({ limit: 5n }), { total: 100n });
});
