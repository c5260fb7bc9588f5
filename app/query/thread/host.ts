/**
 * The thread that answers questions, seen from the one that makes blocks: it is given a copy of the state and every commit, and is
 * begun again when it ends. What it does is no concern of consensus: its priority is the lowest, and no answer is waited for.
 */
import { type Worker } from "node:worker_threads";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { sdk } from "#kernel/errors.js";
import { type Logger } from "#platform/log.js";
import { startThread } from "#platform/thread.js";
import { ConfigFault } from "../../config-fault.js";
import { type Batch, type Change, type MultiStore } from "../../store/index.js";
import { status } from "../errors.js";
import { type FromThread, type ThreadData, type ToThread } from "./messages.js";

/** Before a thread that ended is begun again: doubled each time, until it has lived a minute. */
const AGAIN_MS = 500;
const MOST_MS = 30_000;
const LIVED_MS = 60_000;
/** Questions that wait for an answer; the engine asks them one after the other. */
const MAX_WAITING = 1_000;
/** What transactions of the mempool wrote is told together, so much at most before it is told anyway. */
const MAX_UNTOLD = 64;

type Told = (response: abci.ResponseQuery) => void;

/** Where it is asked, without the engine; undefined where that is switched off. */
export interface Addresses {
  readonly rest: string | undefined;
  readonly grpc: string | undefined;
}

export interface QueryThread {
  /** Resolves with its addresses when it first answers. Rejects with ConfigFault where it cannot as it is configured. */
  readonly ready: Promise<Addresses>;
  query(r: abci.RequestQuery): Promise<abci.ResponseQuery>;
  /** What a transaction that the mempool let in wrote. */
  checked(changes: ReadonlyMap<string, readonly Change[]>): void;
  /** Ends the thread as a fault of its own would: for tests. */
  crash(): void;
  close(): Promise<void>;
}

export function startQueryThread(store: MultiStore, data: ThreadData, log: Logger): QueryThread {
  let worker: Worker | undefined;
  let closed = false;
  let ends = 0;
  let next = 1;
  const waiting = new Map<number, Told>();
  let untold: ReadonlyMap<string, readonly Change[]>[] = [];
  let isReady: (at: Addresses) => void = () => {};
  let cannot: (e: Error) => void = () => {};
  const ready = new Promise<Addresses>((resolve, reject) => {
    isReady = resolve;
    cannot = reject;
  });
  ready.catch(() => {}); // whoever waits for it is told

  /** The rows' bytes are handed over, not copied. */
  const send = (to: Worker, message: ToThread): void => to.postMessage(message, message.type === "rows" ? [message.batch.rows.buffer as ArrayBuffer, message.batch.gone.buffer as ArrayBuffer] : []);

  function begin(): void {
    const mine = startThread(import.meta.url, "main", data);
    worker = mine;
    const began = performance.now();
    mine.on("message", (m: FromThread) => {
      if (m.type === "answer") {
        waiting.get(m.id)?.(abci.ResponseQuery.decode(m.response));
        waiting.delete(m.id);
      } else if (m.type === "ready") isReady(m);
      else cannot(new ConfigFault(m.message));
    });
    mine.on("error", (e: Error) => log.error("the thread that answers queries failed", { error: e }));
    mine.once("exit", () => {
      if (worker === mine) worker = undefined;
      for (const told of waiting.values()) told(away);
      waiting.clear();
      if (closed) return;
      if (performance.now() - began > LIVED_MS) ends = 0;
      const wait = Math.min(MOST_MS, AGAIN_MS * 2 ** ends++);
      log.warn("the thread that answers queries ended: it is begun again", { ms: wait });
      setTimeout(() => closed || begin(), wait);
    });
    copy(mine);
  }

  /** All that is there, a part a turn, so that blocks go on; then what was committed meanwhile, and from there on each commit. */
  function copy(to: Worker): void {
    let whole = false;
    const later: Batch[] = [];
    untold = [];
    const rest = store
      .feed((batch) => {
        if (worker !== to) return;
        untold = []; // what waits is checked again
        if (!whole) return void later.push(batch);
        send(to, { type: "rows", batch, whole: true });
      })
      [Symbol.iterator]();
    const part = (): void => {
      if (worker !== to) return;
      const { done, value } = rest.next();
      if (!done) {
        send(to, { type: "rows", batch: value, whole: false });
        setImmediate(part);
        return;
      }
      for (const batch of later) send(to, { type: "rows", batch, whole: false });
      whole = true;
      send(to, { type: "rows", batch: { rows: new Uint8Array(0), gone: new Uint32Array(0), roots: [], pruned: [] }, whole: true });
    };
    part();
  }

  /** In the order in which it came, before whatever is asked after it. */
  function tell(): void {
    if (untold.length === 0) return;
    if (worker) send(worker, { type: "checked", changes: untold });
    untold = [];
  }

  begin();
  return {
    ready,
    query({ path, data: bytes, height }) {
      const to = worker;
      if (!to || waiting.size >= MAX_WAITING) return Promise.resolve(away);
      tell();
      const id = next++;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        send(to, { type: "ask", id, path, data: bytes, height });
      });
    },
    checked(changes) {
      untold.push(changes);
      if (untold.length === 1) setImmediate(tell);
      else if (untold.length >= MAX_UNTOLD) tell();
    },
    crash: () => void worker?.terminate(),
    async close() {
      closed = true;
      const mine = worker;
      if (!mine) return;
      const ended = new Promise((resolve) => mine.once("exit", resolve));
      send(mine, { type: "close" });
      const force = setTimeout(() => void mine.terminate(), 2_000);
      await ended;
      clearTimeout(force);
    },
  };
}

const { codespace, code, message } = sdk.unknownRequest(status("Unavailable", "queries are not answered at this moment; ask again"));
const away: abci.ResponseQuery = abci.ResponseQuery.fromPartial({ codespace, code, log: message });
