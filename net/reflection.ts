/**
 * gRPC server reflection, v1 and v1alpha. The library answers each question in the turn it comes in, whoever reads the answers; and a
 * question of thirty bytes has an answer of fifty thousand. So a stream's questions are taken one after the other, each when the answer
 * before it has gone out and its address has its turn, and a stream has only so many.
 */
import { EventEmitter } from "node:events";
import { type Server, type ServerDuplexStream } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import descriptor from "../proto/gen/descriptor.json" with { type: "json" };
import { addressOf } from "./caller.js";
import { CallError, exhausted, late } from "./errors.js";
import { type ServerContext } from "./handlers.js";
import { asServiceError, type MethodBudget } from "./service.js";

type Stream = ServerDuplexStream<unknown, unknown>;
type Implementation = Record<string, (stream: Stream) => void>;

/** Questions of one stream: a program that describes every type asks fewer. */
const MAX_QUESTIONS = 4_096;
/** how long a stream may wait for a question, or for its answer to be read, ms */
const IDLE_MS = 30_000;
const BUDGET: MethodBudget = { message: 4_096, perSecond: 50, running: 8, runningTotal: 32, lastsMs: 300_000, uploadMs: IDLE_MS, stallMs: IDLE_MS, seats: false };

/** Lists `services`, and explains every type that may stand in an Any. */
export function addReflection(server: Server, services: string[], context: ServerContext): void {
  const library = new ReflectionService(fromJSON(descriptor as never, { keepCase: true }), { services });
  library.addToServer({
    addService: (service: never, implementation: Implementation) =>
      server.addService(service, Object.fromEntries(Object.entries(implementation).map(([name, handler]) => [name, (stream: Stream) => void serve(stream, handler, context)]))),
  } as never);
}

async function serve(stream: Stream, handler: (stream: Stream) => void, { timers, counters, admission, slices }: ServerContext): Promise<void> {
  const caller = addressOf(stream.getPeer());
  const gone = new AbortController();
  stream.on("error", () => gone.abort());
  stream.once("cancelled", () => gone.abort());
  const over = ended(gone.signal);
  over.catch(() => {}); // nobody may be waiting for it
  const fail = (e: CallError): void => void stream.emit("error", asServiceError(e));
  let leave = (): void => {};
  const lasts = timers.after(BUDGET.lastsMs, () => gone.abort(late("a stream of questions lasts five minutes: open another one")));
  try {
    ({ leave } = await admission.enter("reflection", BUDGET, caller, gone.signal, (why) => gone.abort(why)));
    let asked = 0;
    for await (const question of questions(stream, gone.signal, over)) {
      if (++asked > MAX_QUESTIONS) throw exhausted(`more than ${MAX_QUESTIONS} questions on one stream: open another one`);
      await slices.turn(caller);
      const stalled = timers.after(IDLE_MS, () => {
        counters.count("reader-stalled", caller);
        gone.abort(exhausted(`what was sent was not read in ${IDLE_MS} ms`));
      });
      const out = new Promise<void>((resolve) => stream.write(answerOf(handler, question), () => resolve()));
      await Promise.race([out, over]).finally(stalled);
    }
    stream.end();
  } catch (e) {
    if (gone.signal.reason instanceof CallError) fail(gone.signal.reason);
    else if (e instanceof CallError) fail(e);
    else if (!gone.signal.aborted) fail(new CallError(13, "internal error"));
  } finally {
    lasts();
    leave();
  }
}

/** What comes on the stream, which is not read while an answer goes out. */
async function* questions(stream: Stream, signal: AbortSignal, over: Promise<never>): AsyncGenerator<unknown> {
  for (;;) {
    const question: unknown = stream.read();
    if (question !== null) yield question;
    else if (stream.readableEnded || stream.destroyed) return;
    else await Promise.race([once(stream), over]);
    if (signal.aborted) throw signal.reason;
  }
}

const once = (stream: Stream): Promise<void> =>
  new Promise((resolve) => {
    const events = ["readable", "end", "close", "cancelled"] as const;
    const done = (): void => {
      for (const e of events) stream.off(e, done);
      resolve();
    };
    for (const e of events) stream.on(e, done);
  });

const ended = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });

/** The library's own answer to one question, which it gives at once. */
function answerOf(handler: (stream: Stream) => void, question: unknown): unknown {
  let answer: unknown;
  const one = Object.assign(new EventEmitter(), { write: (a: unknown) => (answer = a), end: () => {} });
  handler(one as never);
  one.emit("data", question);
  return answer;
}
