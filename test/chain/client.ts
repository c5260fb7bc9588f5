/**
 * A test chain as daemons and clients see one: their `Chain` port, and senders, over the real modules in memory. What is sent
 * waits for the next `block()`, as in a mempool, and is executed there in the order of sending; its result has the node's
 * code, log and events. The only way to a new block is `block()` here, so that who waits for one hears of it.
 *
 * Nothing is signed, and there is no sequence, no fee and no simulation: what the node's CheckTx, or the simulation before
 * it, would refuse with a ChainError stands in a block here as a transaction that failed.
 */
import { toHex, utf8 } from "#kernel/bytes.js";
import { type Event } from "#kernel/context.js";
import { ModuleError } from "#kernel/errors.js";
import { txEvents } from "#app/tx/events.js";
import { type Router } from "#app/tx/router.js";
import { type BlockHeader, type Chain, ChainError, type Message, type Sender, type TxResult } from "#client/chain/types.js";
import { type Codec, type MethodInfo, type RequestOf, type ResponseOf } from "#proto/wire.js";
import { type TestChain, type Verdicts } from "./chain.js";

/** A transaction that stands in a block. */
export interface Delivered {
  /** who sent it */
  readonly address: string;
  readonly messages: readonly Message[];
  readonly result: TxResult;
}

interface Waiting {
  readonly address: string;
  readonly messages: readonly Message[];
  resolve(r: TxResult): void;
  reject(e: Error): void;
}

const NO_HASH = new Uint8Array(32);

export class ClientChain implements Chain {
  readonly chainId: string;
  /** all transactions so far, in order */
  readonly delivered: Delivered[] = [];
  private readonly router: Router;
  private readonly genesis: Uint8Array;
  /** by height, from the newest at the beginning on */
  private readonly headers = new Map<bigint, BlockHeader>();
  private readonly mempool: Waiting[] = [];
  private readonly sleepers = new Set<() => void>();
  private closed = false;

  constructor(readonly test: TestChain) {
    const { chainId, height, timeMs, environment } = test;
    this.chainId = chainId;
    this.router = test.app.router;
    // of what a genesis file holds, so that a chain started anew, later, has another one
    this.genesis = environment.crypto.sha256(utf8(JSON.stringify({ chainId, height: `${height}`, time: `${timeMs}`, state: test.exported() })));
    this.noteHeader();
  }

  get height(): bigint {
    return this.test.height;
  }

  /** What was sent of one type, whatever came of it. */
  sent<T>(codec: Codec<T>): { readonly address: string; readonly message: T; readonly result: TxResult }[] {
    return this.delivered.flatMap(({ address, messages, result }) => messages.flatMap((m) => (m.codec.typeUrl === codec.typeUrl ? [{ address, message: m.value as T, result }] : [])));
  }

  /** Transactions that failed, one line each. */
  get refused(): string[] {
    return this.delivered.flatMap(({ messages, result: { code, codespace, log } }) => (code === 0 ? [] : [`${messages.map((m) => m.codec.typeUrl).join(", ")}: ${codespace}/${code} ${log}`]));
  }

  /** A block of what was sent since the last one. Throws what TestChain.block throws; then nothing sent is in it. */
  block(verdicts: Verdicts = {}): void {
    const sent = this.mempool.splice(0);
    const results: TxResult[] = [];
    try {
      this.test.block((c) => sent.forEach((tx, i) => results.push(this.execute(c, tx, i))), verdicts);
    } catch (e) {
      for (const tx of sent) tx.reject(e as Error);
      throw e;
    }
    this.noteHeader();
    sent.forEach(({ address, messages, resolve }, i) => {
      const result = results[i] as TxResult;
      this.delivered.push({ address, messages, result });
      resolve(result);
    });
    for (const wake of this.sleepers) wake();
  }

  /** No more blocks: what waits is rejected. */
  close(): void {
    this.closed = true;
    for (const tx of this.mempool.splice(0)) tx.reject(new Error("the chain has ended"));
  }

  async query<M extends MethodInfo>(method: M, request: Partial<RequestOf<M>>, height = 0n): Promise<{ value: ResponseOf<M>; height: bigint }> {
    const { test } = this;
    try {
      return { value: test.query(method, request, height), height: height || test.height };
    } catch (e) {
      throw e instanceof ModuleError ? new ChainError(e.codespace, e.code, e.message) : e;
    }
  }

  async latest(): Promise<BlockHeader> {
    return this.header(this.height);
  }

  async genesisHash(): Promise<Uint8Array> {
    return this.genesis;
  }

  async *blocks(signal: AbortSignal): AsyncGenerator<BlockHeader> {
    for (let next = this.height; !signal.aborted; ) {
      if (next <= this.height) yield this.header(next++);
      else await this.nextBlock(signal);
    }
  }

  sender(address: string): Sender {
    return {
      address,
      send: async (messages, options) => {
        await options?.beforeSigning?.();
        if (this.closed) throw new Error("the chain has ended");
        return new Promise((resolve, reject) => this.mempool.push({ address, messages, resolve, reject }));
      },
    };
  }

  /** As the node executes a transaction behind its ante handler: all of its messages, or nothing. */
  private execute({ ctx, height }: TestChain, { address, messages }: Waiting, place: number): TxResult {
    const { crypto } = ctx;
    const run = ctx.branch();
    const gasBefore = ctx.gas.used;
    const responses: { typeUrl: string; value: Uint8Array }[] = [];
    const events: Event[] = [];
    const ended = (outcome: Pick<TxResult, "code" | "codespace" | "log">): TxResult => {
      const failed = outcome.code !== 0;
      const hash = toHex(crypto.sha256(utf8(`${this.chainId} ${height} ${place}`))).toUpperCase();
      return { ...outcome, hash, height, gasUsed: ctx.gas.used - gasBefore, events: failed ? [] : events.map((e) => ({ type: e.type, attributes: [...e.attributes] })), responses: failed ? [] : responses };
    };
    for (const [i, { codec, value }] of messages.entries()) {
      const before = run.events.length;
      try {
        responses.push(this.router.dispatch(run, address, { typeUrl: codec.typeUrl, value: codec.encode(value) }));
      } catch (e) {
        if (!(e instanceof ModuleError)) throw e;
        return ended({ code: e.code, codespace: e.codespace, log: `failed to execute message; message index: ${i}: ${e.message}` });
      }
      const head = txEvents.message({ action: codec.typeUrl, sender: address, module: this.router.handlerOf(codec.typeUrl)?.module ?? "" });
      for (const e of [head, ...run.events.slice(before)]) events.push({ type: e.type, attributes: [...e.attributes, { key: "msg_index", value: `${i}` }] });
    }
    run.commit();
    return ended({ code: 0, codespace: "", log: "" });
  }

  private noteHeader(): void {
    const { height, timeMs } = this.test;
    this.headers.set(height, { height, timeMs: Number(timeMs), appHash: NO_HASH });
  }

  private header(height: bigint): BlockHeader {
    return this.headers.get(height) as BlockHeader;
  }

  private nextBlock(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.sleepers.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.sleepers.add(wake);
      signal.addEventListener("abort", wake);
    });
  }
}
