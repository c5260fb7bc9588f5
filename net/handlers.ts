/** A method's handler as grpc-js calls it: admitted first, in turns, and never for longer than its budget. */
import { Metadata, type sendUnaryData, type ServerDuplexStream, type ServerReadableStream, type ServerUnaryCall, type ServerWritableStream } from "@grpc/grpc-js";
import { type Logger } from "#platform/log.js";
import { type Timers } from "#platform/clock.js";
import { type MethodInfo } from "#proto/wire.js";
import { type Admission, type Place } from "./admission.js";
import { addressOf } from "./caller.js";
import { type Counters } from "./counters.js";
import { CallError, exhausted, late, unavailable } from "./errors.js";
import { callOf, reset } from "./grpc-internals.js";
import { asServiceError, type Call, type MethodBudget } from "./service.js";
import { type Slices } from "./slices.js";

// oxlint-disable-next-line typescript/no-explicit-any -- each method has its own argument types; service() checked them
type AnyHandler = (...args: any[]) => any;
type AnyCall = { getPeer(): string; on(e: "cancelled", f: () => void): unknown; readonly metadata: Metadata; sendMetadata(m: Metadata): void };

export interface ServerContext {
  readonly log: Logger;
  readonly timers: Timers;
  readonly counters: Counters;
  readonly admission: Admission;
  readonly slices: Slices;
}

/** the largest part of an upload, bytes */
const UPLOAD_PART = 1 << 20;
/** how long a status may take to get through to a reader that does not read, ms */
const GRACE_MS = 2_000;

export function adapt(m: MethodInfo, handler: AnyHandler, budget: MethodBudget, context: ServerContext): unknown {
  const { log, timers, counters, admission, slices } = context;
  const begin = (call: AnyCall): { call: Call; end: (why: CallError) => void; caller: string } => {
    const gone = new AbortController();
    call.on("cancelled", () => gone.abort());
    const header = (name: string): string | undefined => call.metadata.get(name).at(-1)?.toString();
    const reply = (name: string, value: string): void => {
      const m = new Metadata();
      m.set(name, value);
      call.sendMetadata(m);
    };
    return { call: { peer: call.getPeer(), signal: gone.signal, header, reply }, end: (why) => gone.abort(why), caller: addressOf(call.getPeer()) };
  };
  const failed = (e: unknown, caller: string) => {
    counters.count("call-failed", caller);
    if (!(e instanceof CallError)) log.warn("a call failed", { method: m.path, error: e instanceof Error ? e : String(e) });
    return asServiceError(e);
  };
  if (m.requestStream && m.responseStream) return (stream: ServerDuplexStream<unknown, unknown>) => handler(stream, begin(stream).call);

  /** Runs a call when its turn has come, and not beyond its time. */
  const served = async <T>(call: AnyCall, run: (call: Call, caller: string, place: Place) => Promise<T>): Promise<T> => {
    const b = begin(call);
    const place = await admission.enter(m.path, budget, b.caller, b.call.signal, b.end);
    const long = timers.after(budget.lastsMs, () => {
      counters.count("stream-over", b.caller);
      b.end(unavailable(`a call of ${m.path} lasts at most ${budget.lastsMs} ms: go on from where you are`));
    });
    try {
      await slices.turn(b.caller);
      if (b.call.signal.aborted) throw unavailable("the caller is gone");
      return await Promise.race([run(b.call, b.caller, place), ended(b.call.signal)]);
    } finally {
      long();
      place.leave();
    }
  };

  if (m.requestStream)
    return (stream: ServerReadableStream<unknown, unknown>, answer: sendUnaryData<unknown>) => {
      stream.on("error", () => {});
      served(stream, (call, caller, place) => handler(inTime(stream, budget.uploadMs, caller, place, call.signal, context), call)).then(
        (value) => answer(null, value),
        (e) => answer(failed(e, addressOf(stream.getPeer()))),
      );
    };
  if (m.responseStream)
    return async (stream: ServerWritableStream<unknown, unknown>) => {
      stream.on("error", () => {});
      try {
        await served(stream, (call, caller, place) => send(stream, handler(stream.request, call), caller, place, call, budget.stallMs, context));
        stream.end();
      } catch (e) {
        stream.emit("error", failed(e, addressOf(stream.getPeer()))); // grpc-js sends the status from there; destroy() would lose it
        timers.after(GRACE_MS, () => reset(callOf(stream)));
      }
    };
  return (call: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<unknown>) => {
    served(call, (c) => handler(call.request, c)).then(
      (value) => {
        answer(null, value);
        const { stream } = callOf(call);
        if (!stream.closed) stream.once("close", timers.after(budget.lastsMs, () => reset(callOf(call)))); // an answer that is never read
      },
      (e) => answer(failed(e, addressOf(call.getPeer()))),
    );
  };
}

/** Rejects with the reason when a call is over: whatever its handler waits for. */
const ended = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const over = (): void => reject(signal.reason instanceof CallError ? signal.reason : unavailable("the caller is gone"));
    if (signal.aborted) over();
    else signal.addEventListener("abort", over, { once: true });
  });

/**
 * Sends what a handler yields, each message in a turn of its own and when the one before has gone out: a reader holds one in
 * memory. One that stands still is left.
 */
async function send(stream: ServerWritableStream<unknown, unknown>, values: AsyncIterable<unknown>, caller: string, place: Place, call: Call, stallMs: number, { timers, counters, slices }: ServerContext): Promise<void> {
  const over = ended(call.signal);
  over.catch(() => {}); // nobody may be waiting for it
  for await (const value of values) {
    if (call.signal.aborted) return;
    let enough: () => void = () => {};
    const stalled = new Promise<never>((_, reject) => {
      enough = timers.after(stallMs, () => {
        counters.count("reader-stalled", caller);
        reject(exhausted(`what was sent was not read in ${stallMs} ms`));
      });
    });
    place.stands(bytesIn(value));
    const gone = new Promise<void>((resolve) => stream.write(value, () => resolve()));
    await Promise.race([gone, stalled, over]).finally(() => enough());
    place.moves();
    await slices.turn(caller);
  }
}

/** Bytes of a message's fields, near enough: what takes time on a link. */
function bytesIn(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (value === null || typeof value !== "object") return 0;
  return Object.values(value).reduce<number>((n, v) => n + bytesIn(v), 0);
}

/** The messages of an upload, each of which comes whole in time. */
async function* inTime(requests: AsyncIterable<unknown>, ms: number, caller: string, place: Place, signal: AbortSignal, { timers, counters }: ServerContext): AsyncGenerator<unknown> {
  const iterator = requests[Symbol.asyncIterator]();
  const over = ended(signal);
  over.catch(() => {}); // nobody may be waiting for it
  for (;;) {
    let cancel: () => void = () => {};
    const idle = new Promise<never>((_, reject) => {
      cancel = timers.after(ms, () => {
        counters.count("upload-idle", caller);
        reject(late(`the next part of the upload did not come in ${ms} ms`));
      });
    });
    place.stands(UPLOAD_PART);
    const next = await Promise.race([iterator.next(), idle, over]).finally(() => cancel());
    place.moves();
    if (next.done) return;
    yield next.value;
  }
}
