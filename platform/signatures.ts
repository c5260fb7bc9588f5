/**
 * ed25519 signatures, checked on other threads: on the one that serves sockets a check would cost as much as all else that
 * is done with a message. What is asked for while a thread is at work goes to it as one batch.
 *
 * Bounded: what waits beyond `maxWaiting` is refused at once, and whoever asked tells its peer to come again. A thread that
 * dies is started anew and what it had is checked here, as is everything where threads cannot be started: slower, never wrong.
 */
import { availableParallelism } from "node:os";
import { nodeCrypto } from "./crypto.js";
import { startThread } from "./thread.js";

export interface SignatureCheck {
  /** 32 bytes; any other length is a signature that is not good */
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  /** 64 bytes */
  readonly signature: Uint8Array;
}

export class SignaturesBusy extends Error {
  override readonly name = "SignaturesBusy";
}

/** As much of a worker thread as is used here. */
export interface CheckingThread {
  postMessage(message: Uint8Array, transfer: ArrayBuffer[]): void;
  on(event: "message", listener: (good: Uint8Array) => void): unknown;
  on(event: "error", listener: (e: Error) => void): unknown;
  on(event: "exit", listener: () => void): unknown;
  terminate(): Promise<unknown>;
  ref(): void;
  unref(): void;
}

export interface SignatureOptions {
  readonly threads?: number;
  /** checks that may wait for a thread */
  readonly maxWaiting?: number;
  readonly start?: () => CheckingThread;
}

interface Waiting {
  readonly check: SignatureCheck;
  readonly resolve: (good: boolean) => void;
}
interface Place {
  thread: CheckingThread | undefined;
  batch: Waiting[];
  /** times in a row that it died before it answered */
  died: number;
}

const MAX_WAITING = 16_384;
const BATCH = 256;
/** checks here between two turns of the event loop */
const SLICE = 16;
const MAX_DIED = 3;

export class Signatures {
  private waiting: Waiting[] = [];
  private readonly places: Place[];
  private readonly maxWaiting: number;
  private readonly start: () => CheckingThread;
  private scheduled = false;
  private here: Promise<void> | undefined;
  private closed = false;

  constructor({ threads = Math.max(1, Math.min(4, availableParallelism() - 1)), maxWaiting = MAX_WAITING, start = () => startThread(import.meta.url, "./signatures-worker", undefined) }: SignatureOptions = {}) {
    this.places = Array.from({ length: threads }, () => ({ thread: undefined, batch: [], died: 0 }));
    this.maxWaiting = maxWaiting;
    this.start = start;
  }

  /** Whether each signature is good, in their order. Throws SignaturesBusy when too many wait, and then none was taken. */
  async verify(checks: readonly SignatureCheck[]): Promise<boolean[]> {
    if (this.waiting.length + checks.length > this.maxWaiting) throw new SignaturesBusy(`${this.waiting.length} signatures wait to be checked, at most ${this.maxWaiting}: send it again later`);
    const answers = checks.map((check) => new Promise<boolean>((resolve) => this.waiting.push({ check, resolve })));
    if (!this.scheduled) {
      this.scheduled = true;
      // all that is asked for in this turn goes together
      setImmediate(() => {
        this.scheduled = false;
        this.hand();
      });
    }
    return Promise.all(answers);
  }

  /** Ends the threads; what still waits is checked here. */
  async close(): Promise<void> {
    this.closed = true;
    const threads = this.places.flatMap((p) => p.thread ?? []);
    await Promise.all(threads.map((t) => t.terminate()));
    this.hand();
  }

  private hand(): void {
    for (const place of this.places) {
      if (this.waiting.length === 0) return;
      if (place.batch.length > 0) continue;
      const thread = this.threadOf(place);
      if (!thread) continue;
      place.batch = this.waiting.splice(0, BATCH);
      const packed = packChecks(place.batch.map((w) => w.check));
      thread.ref(); // as long as it has something to do
      thread.postMessage(packed, [packed.buffer]);
    }
    if (this.waiting.length > 0 && this.places.every((p) => p.batch.length === 0)) this.checkHere();
  }

  private threadOf(place: Place): CheckingThread | undefined {
    if (place.thread || this.closed || place.died >= MAX_DIED) return place.thread;
    try {
      const thread = this.start();
      thread.on("message", (good) => {
        const { batch } = place;
        place.batch = [];
        place.died = 0;
        batch.forEach((w, i) => w.resolve(good[i] === 1));
        thread.unref();
        this.hand();
      });
      const gone = (): void => {
        if (place.thread !== thread) return;
        place.thread = undefined;
        place.died++;
        // not to a thread again: they may be what ended it
        this.waiting.unshift(...place.batch.splice(0));
        this.checkHere();
      };
      thread.on("error", gone);
      thread.on("exit", gone);
      thread.unref();
      place.thread = thread;
    } catch {
      place.died++;
    }
    return place.thread;
  }

  /** All that waits now, in slices. */
  private checkHere(): void {
    const batch = this.waiting.splice(0);
    const before = this.here;
    const run = async (): Promise<void> => {
      await before;
      for (let i = 0; i < batch.length; i++) {
        const { check, resolve } = batch[i] as Waiting;
        resolve(nodeCrypto.verifyEd25519(check.key, check.message, check.signature));
        if (i % SLICE === SLICE - 1) await new Promise((next) => setImmediate(next));
      }
    };
    this.here = run();
  }
}

/** Lengths of key, message and signature, and the three of them, check by check; in a buffer of its own, to be transferred. */
function packChecks(checks: readonly SignatureCheck[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(checks.reduce((n, c) => n + 12 + c.key.length + c.message.length + c.signature.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const { key, message, signature } of checks) {
    for (const part of [key, message, signature]) {
      view.setUint32(at, part.length);
      out.set(part, at + 4);
      at += 4 + part.length;
    }
  }
  return out;
}

/** Views of the bytes. */
export function unpackChecks(packed: Uint8Array): SignatureCheck[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const out: SignatureCheck[] = [];
  let at = 0;
  const part = (): Uint8Array => {
    const length = view.getUint32(at);
    at += 4 + length;
    return packed.subarray(at - length, at);
  };
  while (at < packed.length) out.push({ key: part(), message: part(), signature: part() });
  return out;
}
