/** The chain over CometBFT's JSON-RPC: queries, new blocks, transactions. */
import { createHash } from "node:crypto";
import { type comet38, Comet38Client, HttpClient } from "@cosmjs/tendermint-rpc";
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { type Addresses, DEFAULT_PREFIX, makeAddresses } from "#kernel/address.js";
import { nodeCrypto } from "#platform/crypto.js";
import { AuthQuery } from "#proto/gen/cosmos/auth/v1beta1/query.js";
import { type MethodInfo, type RequestOf, type ResponseOf } from "#proto/wire.js";
import { CliError } from "../cli-error.js";
import { type BlockHeader, type Chain, ChainError, type TxResult } from "./types.js";

export interface ConnectOptions {
  /** http://host:port of a CometBFT node */
  readonly rpc: string;
  /** ends waiting and retrying */
  readonly signal?: AbortSignal;
  /** how long to wait for the node at first, ms; 0: one attempt */
  readonly patienceMs?: number;
  /** how long a connection that was lost is tried again, ms; default: for ever */
  readonly lossMs?: number;
  /** hears once of every call that finds the connection lost */
  readonly onLoss?: (e: Error) => void;
}

export interface AccountFacts {
  readonly accountNumber: bigint;
  readonly sequence: bigint;
}

type TxData = comet38.TxData;

const POLL_MS = 200;
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 5000;
/** the most block metas that `blockchain` answers at once */
const PAGE = 20;

export class RpcChain implements Chain {
  /** The chain's own from connectChain on. */
  addresses: Addresses = makeAddresses(DEFAULT_PREFIX, nodeCrypto);

  private constructor(
    readonly chainId: string,
    private readonly client: Comet38Client,
    private readonly http: HttpClient,
    private readonly signal: AbortSignal | undefined,
    private readonly unreachable: (e: unknown) => Error,
    private readonly lossMs: number,
    private readonly onLoss: (e: Error) => void,
  ) {}

  /** Waits for the node while it cannot be reached. */
  static async connect({ rpc, signal, patienceMs = 60_000, lossMs = Number.POSITIVE_INFINITY, onLoss = () => {} }: ConnectOptions): Promise<RpcChain> {
    const unreachable = (e: unknown) => new CliError("node", `the node at ${rpc} cannot be reached: ${reason(e)}. Is it running? Give another one with --node.`);
    const http = new HttpClient(rpc);
    const client = Comet38Client.create(http);
    const end = Date.now() + patienceMs;
    for (;;) {
      try {
        const { nodeInfo } = await client.status();
        return new RpcChain(nodeInfo.network, client, http, signal, unreachable, lossMs, onLoss);
      } catch (e) {
        if (Date.now() >= end) throw unreachable(e);
        await pause(300, signal);
      }
    }
  }

  async query<M extends MethodInfo>(method: M, request: Partial<RequestOf<M>>, height?: bigint): Promise<{ value: ResponseOf<M>; height: bigint }> {
    const { value, height: at } = await this.ask(method.path, method.request.encode(method.request.create(request)), height);
    return { value: method.response.decode(value) as ResponseOf<M>, height: at };
  }

  /** Gas used by a transaction that is not sent. Throws ChainError with its own code when it would fail, which over gRPC is lost. */
  async simulate(tx: Uint8Array): Promise<bigint> {
    const { value } = await this.ask("/app/simulate", tx);
    const { gas_info } = JSON.parse(Buffer.from(value).toString()) as { gas_info: { gas_used: string } };
    return BigInt(gas_info.gas_used);
  }

  private async ask(path: string, data: Uint8Array, height?: bigint): Promise<{ value: Uint8Array; height: bigint }> {
    const { code = 0, codespace, log, value, height: at } = await this.retrying(() =>
      this.client.abciQuery({ path, data, ...(height === undefined ? {} : { height: Number(height) }), prove: false }),
    );
    if (code !== 0) throw new ChainError(codespace ?? "sdk", code, log ?? `query ${path} failed with code ${code}`);
    return { value, height: BigInt(at ?? 0) };
  }

  /** Account number and sequence; undefined when the chain has never seen the address. */
  async account(address: string): Promise<AccountFacts | undefined> {
    // What all kinds of account have, vesting ones too.
    const account = await this.query(AuthQuery.methods.accountInfo, { address }).then(
      ({ value }) => value.info,
      (e: Error) => {
        if (e instanceof ChainError && /NotFound|not found/i.test(e.message)) return undefined;
        throw e;
      },
    );
    return account && { accountNumber: account.accountNumber, sequence: account.sequence };
  }

  async latest(): Promise<BlockHeader> {
    const { syncInfo } = await this.retrying(() => this.client.status());
    return { height: BigInt(syncInfo.latestBlockHeight ?? 0), timeMs: syncInfo.latestBlockTime?.getTime() ?? 0, appHash: syncInfo.latestAppHash ?? new Uint8Array(0) };
  }

  /** How far the node is, and whether it still fetches blocks that others have. */
  async sync(): Promise<{ readonly height: bigint; readonly timeMs: number; readonly catchingUp: boolean }> {
    const { syncInfo } = await this.retrying(() => this.client.status());
    return { height: BigInt(syncInfo.latestBlockHeight ?? 0), timeMs: syncInfo.latestBlockTime?.getTime() ?? 0, catchingUp: syncInfo.catchingUp };
  }

  /** Hash of the genesis as every node serves it: of the first part, where it has many. */
  async genesisHash(): Promise<Uint8Array> {
    const { result } = await this.retrying(() => this.http.execute({ jsonrpc: "2.0", id: 1, method: "genesis_chunked", params: { chunk: "0" } }));
    const { data, total } = result as { data?: string; total?: string };
    if (!data) throw new CliError("node", "the node serves no genesis: give another one with --node");
    return new Uint8Array(createHash("sha256").update(`${total}\n`).update(Buffer.from(data, "base64")).digest());
  }

  async *blocks(signal: AbortSignal): AsyncGenerator<BlockHeader> {
    let next: bigint | undefined;
    while (!signal.aborted) {
      let head: BlockHeader;
      try {
        head = await this.latest();
        if (next !== undefined && head.height > next) {
          for (const header of await this.range(next, head.height - 1n)) {
            yield header;
            if (signal.aborted) return;
          }
        }
      } catch (e) {
        if (signal.aborted) return;
        throw e;
      }
      if (next === undefined || head.height >= next) {
        next = head.height + 1n;
        yield head;
      }
      await pause(POLL_MS, signal).catch(() => {});
    }
  }

  private async range(from: bigint, to: bigint): Promise<BlockHeader[]> {
    const out: BlockHeader[] = [];
    for (let at = Number(from); at <= Number(to); at += PAGE) {
      const { blockMetas } = await this.retrying(() => this.client.blockchain(at, Math.min(at + PAGE - 1, Number(to))));
      const page = blockMetas.map(({ header }) => ({ height: BigInt(header.height), timeMs: header.time.getTime(), appHash: header.appHash }));
      out.push(...page.sort((a, b) => Number(a.height - b.height)));
    }
    return out;
  }

  /** Answers undefined when the mempool has it already. Throws ChainError when CheckTx or the mempool refuses it. */
  async broadcast(tx: Uint8Array): Promise<void> {
    let answer: { code: number; codespace?: string; log?: string };
    try {
      answer = await this.retrying(() => this.client.broadcastTxSync({ tx }));
    } catch (e) {
      const text = (e as Error).message;
      if (/tx already exists in cache/.test(text)) return;
      // the codes that the Cosmos SDK gives these
      if (/mempool is full/.test(text)) throw new ChainError("sdk", 20, text);
      if (/tx too large/i.test(text)) throw new ChainError("sdk", 21, text);
      throw e;
    }
    const { code, codespace, log } = answer;
    if (code !== 0) throw new ChainError(codespace || "sdk", code, log || `transaction refused with code ${code}`);
  }

  /** How many transactions wait in the node's mempool. */
  async pooledTransactions(): Promise<number> {
    return (await this.retrying(() => this.client.numUnconfirmedTxs())).total;
  }

  /** A transaction that is in a block, or undefined. */
  async transaction(hash: Uint8Array): Promise<TxResult | undefined> {
    try {
      const { height, result } = await this.retrying(() => this.client.tx({ hash }));
      return resultOf(hash, height, result);
    } catch (e) {
      if (/not found/i.test(String((e as Error).message))) return undefined;
      throw e;
    }
  }

  /**
   * A transaction in the blocks `from` … `to`, read one by one: a node that was killed between saving a block and indexing
   * it never indexes it. Throws when a block is not there any more.
   */
  async searchBlocks(hash: Uint8Array, from: bigint, to: bigint): Promise<TxResult | undefined> {
    for (let at = Number(from); at <= Number(to); at++) {
      const { block } = await this.retrying(() => this.client.block(at));
      const index = block.txs.findIndex((tx) => createHash("sha256").update(tx).digest().equals(hash));
      if (index < 0) continue;
      const { results } = await this.retrying(() => this.client.blockResults(at));
      const result = results[index];
      if (!result) throw new CliError("node", `the node has no result of transaction ${index} in block ${at}: ask another one with --node`);
      return resultOf(hash, at, result);
    }
    return undefined;
  }

  /** Tries again, with back-off, while the node cannot be reached; what the node itself refuses is thrown at once. */
  private async retrying<T>(call: () => Promise<T>): Promise<T> {
    const since = Date.now();
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, MAX_WAIT_MS)) {
      this.signal?.throwIfAborted();
      try {
        return await call();
      } catch (e) {
        if (!isConnectionLoss(e)) throw readable(e);
        if (Date.now() - since >= this.lossMs) throw this.unreachable(e);
        if (wait === FIRST_WAIT_MS) this.onLoss(this.unreachable(e));
        await pause(wait, this.signal);
      }
    }
  }
}

const resultOf = (hash: Uint8Array, height: number, result: TxData): TxResult => ({
  hash: Buffer.from(hash).toString("hex").toUpperCase(),
  height: BigInt(height),
  code: result.code,
  codespace: result.codespace ?? "",
  log: result.log ?? "",
  gasUsed: BigInt(result.gasUsed),
  events: result.events.map(({ type, attributes }) => ({ type, attributes: attributes.map(({ key, value }) => ({ key, value })) })),
  responses: result.data ? TxMsgData.decode(result.data).msgResponses.map(({ typeUrl, value }) => ({ typeUrl, value })) : [],
});

/** CosmJS throws the JSON of a JSON-RPC error as its message: the words are in `data`, or in `message`. */
function readable(e: unknown): unknown {
  if (!(e instanceof Error) || !e.message.startsWith("{")) return e;
  try {
    const { message, data } = JSON.parse(e.message) as { message?: string; data?: string };
    return new CliError("node", `the node answered: ${data || message || e.message}`);
  } catch {
    return e;
  }
}

const reason = (e: unknown): string => {
  const cause = (e as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? (e as Error).message;
};

/** fetch itself failed, or the node answered that it is not ready; not an error of JSON-RPC. */
function isConnectionLoss(e: unknown): boolean {
  const { message, name, cause } = e as { message?: string; name?: string; cause?: { code?: string } };
  if (cause?.code && /^(E[A-Z]+|UND_ERR_.*)$/.test(cause.code)) return true;
  return name === "TypeError" && message === "fetch failed" ? true : /Bad status on response: 5\d\d|Unexpected end of JSON|socket hang up/.test(message ?? "");
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}
