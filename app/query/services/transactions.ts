/**
 * cosmos.tx.v1beta1.Service: transactions tried, sent, and found in the engine's index, in the words of the Cosmos SDK. No state is
 * read but by simulations: an answer's height is the newest one.
 */
import { toHex } from "#kernel/bytes.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { type Hash } from "#kernel/crypto.js";
import { TxResponse } from "#proto/gen/cosmos/base/abci/v1beta1/abci.js";
import { BroadcastMode, GetTxsEventResponse, OrderBy, ServiceService as Service, type SimulateRequest, SimulateResponse } from "#proto/gen/cosmos/tx/v1beta1/service.js";
import { Tx } from "#proto/gen/cosmos/tx/v1beta1/tx.js";
import { isBlockDataTx } from "#protocol/block-data.js";
import { eventsOf } from "../../block/events.js";
import { type TxOutcome } from "../../tx/execute.js";
import { type Engine, type IndexedTx, type TxIndex, type TxSearch } from "../engine.js";
import { simulationError, status } from "../errors.js";
import { type Method, serviceMethods } from "../methods.js";

export interface TransactionPorts {
  readonly engine: Engine;
  readonly simulate: (tx: Uint8Array) => TxOutcome;
  /** Throws what is no transaction of this chain. */
  readonly check: (tx: Uint8Array) => void;
  readonly hash: Hash;
  readonly newest: () => bigint;
}

const TYPE_URL = "/cosmos.tx.v1beta1.Tx";
/** as in the Cosmos SDK, where a request names none, and at most */
const PER_PAGE = 100;
/** Asked of the engine at once: a transaction may have a megabyte. */
const PART = 10;
/** of transactions in one answer */
const MAX_BYTES = 4_000_000;
/** for all that one query asks: others wait behind it */
const PATIENCE_MS = 5_000;

const invalid = (text: string): ModuleError => sdk.invalidRequest(status("InvalidArgument", text));
const internal = (text: string): ModuleError => sdk.unknownRequest(status("Internal", text));

export function transactionMethods(p: TransactionPorts): Method[] {
  const { engine } = p;
  return serviceMethods(Service, p.newest, {
    simulate: (request) => simulated(p, request),
    async getTx({ hash }) {
      if (hash === "") throw invalid("tx hash cannot be empty");
      if (!/^(?:[0-9a-f]{2})+$/i.test(hash)) throw sdk.invalidRequest(`tx hash ${JSON.stringify(hash.slice(0, 100))}: want hexadecimal digits`);
      const found = await engine.tx(Uint8Array.from(Buffer.from(hash, "hex")));
      const tx = found && transactionOf(found.bytes);
      if (!found || !tx) throw sdk.keyNotFound(status("NotFound", `tx not found: ${hash}`));
      return { tx, txResponse: responseOf(found, await engine.time(found.height)) };
    },
    async broadcastTx({ txBytes, mode }) {
      if (txBytes.length === 0) throw invalid("invalid empty tx");
      if (mode === BroadcastMode.BROADCAST_MODE_BLOCK || mode === BroadcastMode.BROADCAST_MODE_UNSPECIFIED) throw sdk.unknownRequest("unsupported return type ; supported types: sync, async");
      const txhash = toHex(p.hash.sha256(txBytes)).toUpperCase();
      const said = await engine.broadcast(txBytes, mode === BroadcastMode.BROADCAST_MODE_SYNC).catch((e: Error) => {
        const kind = engineRefusal(e.message);
        if (!kind) throw e;
        return { code: kind.code, codespace: kind.codespace, log: "", data: new Uint8Array(0) };
      });
      return { txResponse: TxResponse.create({ code: said.code, codespace: said.codespace, data: toHex(said.data).toUpperCase(), rawLog: said.log, txhash }) };
    },
    getTxsEvent: (request) => found(engine, request),
    async getBlockWithTxs({ height, pagination }) {
      const newest = p.newest();
      if (height < 1n || height > newest) throw sdk.invalidHeight(`requested height ${height} but height must not be less than 1 or greater than the current height ${newest}`);
      const { blockId, block } = await engine.block(Number(height));
      const bytes = block.data?.txs ?? [];
      const { offset, limit } = pagination ?? { offset: 0n, limit: BigInt(PER_PAGE) };
      const total = BigInt(bytes.length);
      if (offset >= total && total !== 0n) throw sdk.invalidRequest(`out of range: cannot paginate ${total} txs with offset ${offset} and limit ${limit}`);
      // Backwards is towards the first one and, as in the SDK, never reaches it.
      const places = pagination?.reverse ? range(Number(offset), (i) => i > 0, -1) : range(Number(offset), (i) => i < bytes.length, 1);
      const txs = places.slice(0, limit > total ? bytes.length : Number(limit)).flatMap((i) => transactionOf(bytes[i] as Uint8Array) ?? []);
      return { txs, blockId, block, pagination: { nextKey: new Uint8Array(0), total } };
    },
    txDecode({ txBytes }) {
      if (txBytes.length === 0) throw invalid("invalid empty tx bytes");
      p.check(txBytes);
      return { tx: Tx.decode(txBytes) };
    },
    txEncode({ tx }) {
      if (!tx) throw invalid("invalid empty tx");
      return { txBytes: Tx.encode(tx) };
    },
    txEncodeAmino: () => {
      throw noAmino();
    },
    txDecodeAmino: () => {
      throw noAmino();
    },
  });
}

/** Nobody signs these bytes: who signs amino JSON sends protobuf. */
const noAmino = (): ModuleError => sdk.unknownRequest(status("Unimplemented", "the binary form of amino is not spoken here: sign amino JSON, and send the transaction as protobuf"));

/** What the engine refuses before the application sees it, by its words. */
function engineRefusal(text: string): { readonly code: number; readonly codespace: string } | undefined {
  const lower = text.toLowerCase();
  if (lower.includes("tx already exists in cache")) return { code: 19, codespace: "sdk" };
  if (lower.includes("mempool is full")) return sdk.mempoolFull;
  return lower.includes("tx too large") ? sdk.txTooLarge : undefined;
}

function simulated({ simulate }: TransactionPorts, { txBytes, tx }: SimulateRequest): SimulateResponse {
  const bytes = txBytes.length > 0 ? txBytes : tx ? Tx.encode(tx) : undefined;
  if (!bytes) throw invalid("empty txBytes is not allowed");
  const o = simulate(bytes);
  if (o.code !== 0) throw simulationError(o.log, o.gasUsed);
  const { msgResponses } = TxMsgData.decode(o.data);
  return SimulateResponse.create({ gasInfo: { gasWanted: o.gasWanted, gasUsed: o.gasUsed }, result: { data: o.data, log: "", events: eventsOf(o.events, false), msgResponses } });
}

async function found(engine: TxIndex, { query, events, page, limit, orderBy }: { readonly query: string; readonly events: readonly string[]; readonly page: bigint; readonly limit: bigint; readonly orderBy: OrderBy }): Promise<GetTxsEventResponse> {
  // `events` is how requests were written before `query`.
  const wanted = query === "" ? events.join(" AND ") : query;
  if (wanted === "") throw internal("query cannot be empty");
  const perPage = limit > 0n && limit < PER_PAGE ? Number(limit) : PER_PAGE;
  const { txs: all, total } = await searched(engine, { query: wanted, page: page > 0n ? Number(page) : 1, perPage, order: orderBy === OrderBy.ORDER_BY_DESC ? "desc" : "asc" }).catch((e: Error) => {
    throw internal(`failed to search for txs: ${e.message}`);
  });
  const times = new Map<number, number>();
  const txs: Tx[] = [];
  const txResponses: TxResponse[] = [];
  for (const one of all) {
    const tx = transactionOf(one.bytes);
    if (!tx) continue; // the first of a block is the chain's own and no one's transaction
    const time = times.get(one.height) ?? (await engine.time(one.height));
    times.set(one.height, time);
    txs.push(tx);
    txResponses.push(responseOf(one, time));
  }
  return GetTxsEventResponse.create({ txs, txResponses, total: BigInt(total) });
}

/** A page in parts, none of them large. Rejects for a page that is too large or too slow. */
async function searched(index: TxIndex, { page, perPage, ...rest }: TxSearch): Promise<{ readonly txs: readonly IndexedTx[]; readonly total: number }> {
  const end = performance.now() + PATIENCE_MS;
  // Parts of a size that pages are made of, so that a part is a page of the engine's own.
  const part = Array.from({ length: PART }, (_, i) => PART - i).find((n) => perPage % n === 0) ?? 1;
  const txs: IndexedTx[] = [];
  let bytes = 0;
  for (let i = 0; ; i++) {
    const some = await index.search({ ...rest, page: (page - 1) * (perPage / part) + i + 1, perPage: part }).catch(async (e: Error) => {
      if (!/page should be within/.test(e.message)) throw e;
      // The engine counts parts.
      const { total } = await index.search({ ...rest, page: 1, perPage: 1 });
      throw new Error(`page should be within [1, ${Math.max(1, Math.ceil(total / perPage))}] range, given ${page}`);
    });
    for (const tx of some.txs) bytes += tx.bytes.length + tx.result.events.reduce((n, e) => n + e.attributes.reduce((m, a) => m + a.key.length + a.value.length, 0), 0);
    txs.push(...some.txs);
    if (bytes > MAX_BYTES) throw new Error(`${txs.length} transactions of the page have ${bytes} bytes already: ask for fewer at once (limit)`);
    if (txs.length >= perPage || some.txs.length < part || (page - 1) * perPage + txs.length >= some.total) return { txs, total: some.total };
    if (performance.now() > end) throw new Error("the page takes too long: ask for fewer at once (limit)");
  }
}

function range(from: number, within: (i: number) => boolean, step: number): number[] {
  const out: number[] = [];
  for (let i = from; within(i); i += step) out.push(i);
  return out;
}

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
  return TxResponse.create({
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
