/**
 * Sends transactions to a CometBFT RPC and counts what is committed, the same for every application behind it.
 *
 * Requests are made before the clock starts and sent over plain keep-alive sockets, one in flight on each: the loader
 * shares the machine with what it measures, and what it costs would hide a difference.
 */
import { connect, type Socket } from "node:net";
import { rpc, sleep, until } from "#testnet/rpc.js";

const POLL_MS = 25;
const FULL_RETRY_MS = 10;
const HEAD_END = Buffer.from("\r\n\r\n");

/** One keep-alive HTTP/1.1 connection; answers come in the order of the requests. */
class HttpConnection {
  private received: Buffer = Buffer.alloc(0);
  private waiting: { resolve: (body: string) => void; reject: (e: Error) => void } | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on("data", (d) => this.take(d));
    socket.on("error", (e) => this.waiting?.reject(e));
    socket.on("close", () => this.waiting?.reject(new Error("the RPC closed the connection")));
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new HttpConnection(socket)));
      socket.once("error", reject);
    });
  }

  private take(data: Buffer): void {
    this.received = this.received.length === 0 ? data : Buffer.concat([this.received, data]);
    const head = this.received.indexOf(HEAD_END);
    if (head < 0) return;
    const length = /content-length: (\d+)/i.exec(this.received.toString("latin1", 0, head))?.[1];
    if (length === undefined) return this.waiting?.reject(new Error("the RPC's answer has no length"));
    const start = head + HEAD_END.length;
    const end = start + Number(length);
    if (this.received.length < end) return;
    const body = this.received.toString("utf8", start, end);
    this.received = this.received.subarray(end);
    this.waiting?.resolve(body);
  }

  ask(request: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.socket.destroy();
  }
}

function broadcastRequest(port: number, tx: Uint8Array): Buffer {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "broadcast_tx_sync", params: { tx: Buffer.from(tx.buffer, tx.byteOffset, tx.length).toString("base64") } });
  return Buffer.from(`POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

export interface Target {
  readonly name: string;
  readonly port: number;
  /** transactions in each block that the application's proposer put there itself */
  readonly ownInBlock: number;
}

export interface Committed {
  readonly transactions: number;
  readonly seconds: number;
  /** blocks that held them */
  readonly blocks: number;
}

/**
 * Broadcasts one list of transactions on each connection, each list in its order, and answers when the last is in a
 * block. The clock runs from the first request to the block that holds the last transaction. Afterwards every result
 * of every block is looked at: one code other than 0 and there is no figure.
 */
export async function load(target: Target, lists: readonly (readonly Uint8Array[])[]): Promise<Committed> {
  const { port } = target;
  const requests = lists.map((list) => list.map((tx) => broadcastRequest(port, tx)));
  const connections = await Promise.all(lists.map(() => HttpConnection.open(port)));
  const count = lists.reduce((n, l) => n + l.length, 0);
  const before = await height(port);

  const start = performance.now();
  const committed = countBlocks(target, before, count);
  const sent = Promise.all(connections.map((c, i) => sendAll(c, requests[i] as Buffer[])));
  const [last] = await Promise.all([committed, sent]);
  const seconds = (last.at - start) / 1000;

  for (const c of connections) c.close();
  const blocks = await checkResults(target, before + 1, last.height, count);
  return { transactions: count, seconds, blocks };
}

async function sendAll(connection: HttpConnection, requests: readonly Buffer[]): Promise<void> {
  for (const request of requests) {
    for (;;) {
      const { result, error } = JSON.parse(await connection.ask(request)) as { result?: { code: number; log: string }; error?: { data?: string; message: string } };
      if (result?.code === 0) break;
      if (!error?.data?.includes("mempool is full")) throw new Error(`bench: a transaction was refused: ${result?.log ?? error?.data ?? error?.message}`);
      await sleep(FULL_RETRY_MS);
    }
  }
}

interface BlockMetas {
  readonly last_height: string;
  readonly block_metas: readonly { readonly header: { readonly height: string }; readonly num_txs: string }[];
}

const base = (port: number): string => `http://127.0.0.1:${port}`;

const height = async (port: number): Promise<number> => Number((await rpc<{ sync_info: { latest_block_height: string } }>(base(port), "/status", 20_000)).sync_info.latest_block_height);

/** Waits until the blocks above `from` hold `count` transactions. */
async function countBlocks({ port, ownInBlock, name }: Target, from: number, count: number): Promise<{ at: number; height: number }> {
  let counted = 0;
  let seen = from;
  let movedAt = performance.now();
  for (;;) {
    const { last_height, block_metas } = await rpc<BlockMetas>(base(port), `/blockchain?minHeight=${seen + 1}&maxHeight=${seen + 20}`, 20_000).catch((e: Error) => {
      // there is no block above the last yet
      if (/min height|height/.test(e.message)) return { last_height: `${seen}`, block_metas: [] };
      throw e;
    });
    const at = performance.now();
    for (const m of block_metas) {
      if (Number(m.header.height) <= seen) continue;
      const held = Number(m.num_txs) - ownInBlock;
      if (held > 0) movedAt = at;
      counted += held;
    }
    if (block_metas.length > 0) seen = Math.max(seen, ...block_metas.map((m) => Number(m.header.height)));
    if (counted >= count) return { at, height: seen };
    if (at - movedAt > 120_000) throw new Error(`bench: ${name} stands at ${counted} of ${count} transactions, block ${last_height}`);
    await sleep(POLL_MS);
  }
}

async function checkResults({ port, ownInBlock, name }: Target, first: number, last: number, count: number): Promise<number> {
  let total = 0;
  let blocks = 0;
  for (let h = first; h <= last; h++) {
    // A block is there before its results are.
    const results = await until(`the results of block ${h}`, 60_000, async () => {
      const { txs_results } = await rpc<{ txs_results: readonly { code: number; log: string }[] | null }>(base(port), `/block_results?height=${h}`, 60_000);
      return txs_results ?? [];
    });
    const bad = results.find((r) => r.code !== 0);
    if (bad) throw new Error(`bench: ${name}, block ${h}: a transaction has code ${bad.code}: ${bad.log}`);
    const held = results.length - ownInBlock;
    total += held;
    if (held > 0) blocks++;
  }
  if (total !== count) throw new Error(`bench: ${name} committed ${total} transactions, ${count} were sent`);
  return blocks;
}
