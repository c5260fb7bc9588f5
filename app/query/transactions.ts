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
/** as in the Cosmos SDK, where a request names none */
const PER_PAGE = 100;

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
  const request = { query: wanted, page: page > 0n ? Number(page) : 1, perPage: limit > 0n ? Number(limit) : PER_PAGE, order: orderBy === OrderBy.ORDER_BY_DESC ? "desc" : "asc" } as const;
  const found = await index.search(request).catch((e: Error) => {
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
