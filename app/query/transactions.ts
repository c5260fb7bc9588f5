/**
 * GetTx and GetTxsEvent of cosmos.tx.v1beta1.Service: what the engine's index knows of transactions, in the words of the
 * Cosmos SDK. No state is read: an answer's height is the newest one.
 */
import * as abci from "cosmjs-types/tendermint/abci/types";
import { TxResponse } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { GetTxRequest, GetTxResponse, GetTxsEventRequest, GetTxsEventResponse, OrderBy } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { Tx } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { toHex } from "#kernel/bytes.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { isBlockDataTx } from "#protocol/block-data.js";
import { grpcError, status } from "./errors.js";

/** A transaction in a block. */
export interface IndexedTx {
  readonly hash: Uint8Array;
  readonly height: number;
  /** as it stands in the block */
  readonly bytes: Uint8Array;
  readonly result: abci.ExecTxResult;
}

export interface TxSearch {
  /** CometBFT's query language */
  readonly query: string;
  /** from 1 */
  readonly page: number;
  readonly perPage: number;
  readonly order: "asc" | "desc";
}

/** What is asked of the engine. Each rejects with the engine's own text. */
export interface TxIndex {
  /** undefined where no transaction has this hash */
  tx(hash: Uint8Array): Promise<IndexedTx | undefined>;
  search(request: TxSearch): Promise<{ readonly txs: readonly IndexedTx[]; readonly total: number }>;
  /** of a block, in milliseconds */
  time(height: number): Promise<number>;
}

type Query = (r: abci.RequestQuery) => abci.ResponseQuery;
type Answer = (data: Uint8Array, index: TxIndex) => Promise<Uint8Array>;

const TYPE_URL = "/cosmos.tx.v1beta1.Tx";
/** as in the Cosmos SDK, where a request names none, and at most */
const PER_PAGE = 100;
/** Asked of the engine at once: what it answers is read by the thread that makes blocks, and a transaction may have a megabyte. */
const PART = 10;
/** of transactions in one answer */
const MAX_BYTES = 4_000_000;
/** for all that one query asks: others wait behind it */
const PATIENCE_MS = 5_000;

const methods: Readonly<Record<string, Answer>> = {
  "/cosmos.tx.v1beta1.Service/GetTx": getTx,
  "/cosmos.tx.v1beta1.Service/GetTxsEvent": getTxsEvent,
};

/** Queries of transactions are answered from the index, all others by `query`. Never rejects. */
export const withTransactions =
  (index: TxIndex, newest: () => bigint, query: Query) =>
  (r: abci.RequestQuery): abci.ResponseQuery | Promise<abci.ResponseQuery> => {
    const method = methods[r.path];
    if (!method) return query(r);
    return method(r.data, index).then(
      (value) => abci.ResponseQuery.fromPartial({ code: 0, value, height: newest() }),
      (e: unknown) => {
        const { codespace, code, message } = grpcError(e) ?? sdk.unknownRequest(status("Unknown", (e as Error).message));
        return abci.ResponseQuery.fromPartial({ codespace, code, log: message, height: newest() });
      },
    );
  };

async function getTx(data: Uint8Array, index: TxIndex): Promise<Uint8Array> {
  const { hash } = GetTxRequest.decode(data);
  if (hash === "") throw sdk.invalidRequest("tx hash cannot be empty");
  if (!/^(?:[0-9a-f]{2})+$/i.test(hash)) throw sdk.invalidRequest(`tx hash ${JSON.stringify(hash.slice(0, 100))}: want hexadecimal digits`);
  const found = await index.tx(Uint8Array.from(Buffer.from(hash, "hex")));
  const tx = found && transactionOf(found.bytes);
  if (!found || !tx) throw sdk.keyNotFound(`tx not found: ${hash}`);
  return GetTxResponse.encode({ tx, txResponse: responseOf(found, await index.time(found.height)) }).finish();
}

async function getTxsEvent(data: Uint8Array, index: TxIndex): Promise<Uint8Array> {
  const { query, events, page, limit, orderBy } = GetTxsEventRequest.decode(data);
  // `events` is how requests were written before `query`.
  const wanted = query === "" ? events.join(" AND ") : query;
  if (wanted === "") throw internal("query cannot be empty");
  const perPage = limit > 0n && limit < PER_PAGE ? Number(limit) : PER_PAGE;
  const found = await searched(index, { query: wanted, page: page > 0n ? Number(page) : 1, perPage, order: orderBy === OrderBy.ORDER_BY_DESC ? "desc" : "asc" }).catch((e: Error) => {
    throw internal(`failed to search for txs: ${e.message}`);
  });
  const times = new Map<number, number>();
  const txs: Tx[] = [];
  const txResponses: TxResponse[] = [];
  for (const one of found.txs) {
    const tx = transactionOf(one.bytes);
    if (!tx) continue; // the first of a block is the chain's own and no one's transaction
    const time = times.get(one.height) ?? (await index.time(one.height));
    times.set(one.height, time);
    txs.push(tx);
    txResponses.push(responseOf(one, time));
  }
  return GetTxsEventResponse.encode(GetTxsEventResponse.fromPartial({ txs, txResponses, total: BigInt(found.total) })).finish();
}

/** A page in parts, none of them large. Rejects for a page that is too large or too slow. */
async function searched(index: TxIndex, { page, perPage, ...rest }: TxSearch): Promise<{ readonly txs: readonly IndexedTx[]; readonly total: number }> {
  const end = performance.now() + PATIENCE_MS;
  // Parts of a size that pages are made of, so that a part is a page of the engine's own.
  const part = Array.from({ length: PART }, (_, i) => PART - i).find((n) => perPage % n === 0) ?? 1;
  const txs: IndexedTx[] = [];
  let bytes = 0;
  for (let i = 0; ; i++) {
    const found = await index.search({ ...rest, page: (page - 1) * (perPage / part) + i + 1, perPage: part }).catch(async (e: Error) => {
      if (!/page should be within/.test(e.message)) throw e;
      // The engine counts parts.
      const { total } = await index.search({ ...rest, page: 1, perPage: 1 });
      throw new Error(`page should be within [1, ${Math.max(1, Math.ceil(total / perPage))}] range, given ${page}`);
    });
    for (const tx of found.txs) bytes += tx.bytes.length + tx.result.events.reduce((n, e) => n + e.attributes.reduce((m, a) => m + a.key.length + a.value.length, 0), 0);
    txs.push(...found.txs);
    if (bytes > MAX_BYTES) throw new Error(`${txs.length} transactions of the page have ${bytes} bytes already: ask for fewer at once (limit)`);
    if (txs.length >= perPage || found.txs.length < part || (page - 1) * perPage + txs.length >= found.total) return { txs, total: found.total };
    if (performance.now() > end) throw new Error("the page takes too long: ask for fewer at once (limit)");
  }
}

const internal = (text: string): ModuleError => sdk.unknownRequest(status("Internal", text));

/** Undefined for bytes that are no transaction of anybody. */
function transactionOf(bytes: Uint8Array): Tx | undefined {
  if (isBlockDataTx(bytes)) return undefined;
  try {
    return Tx.decode(bytes);
  } catch {
    return undefined;
  }
}

function responseOf({ hash, height, bytes, result }: IndexedTx, timeMs: number): TxResponse {
  return TxResponse.fromPartial({
    height: BigInt(height),
    txhash: toHex(hash).toUpperCase(),
    codespace: result.codespace,
    code: result.code,
    data: toHex(result.data).toUpperCase(),
    rawLog: result.log,
    info: result.info,
    gasWanted: result.gasWanted,
    gasUsed: result.gasUsed,
    tx: { typeUrl: TYPE_URL, value: bytes },
    timestamp: `${new Date(timeMs).toISOString().slice(0, -5)}Z`,
    events: result.events,
  });
}
