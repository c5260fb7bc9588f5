/** A gRPC server with limits, health and reflection. */
import { type sendUnaryData, Server, ServerCredentials, type ServerReadableStream, type ServerUnaryCall, type ServerWritableStream, type ServerDuplexStream } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { ReflectionService } from "@grpc/reflection";
import { fromJSON } from "@grpc/proto-loader";
import { type Logger, silentLogger } from "#platform/log.js";
import { type MethodInfo, type RequestOf, type ResponseOf, type ServiceInfo } from "#proto/wire.js";
import descriptor from "../proto/gen/descriptor.json" with { type: "json" };
import { parseEndpoint } from "./address.js";
import { asServiceError, CallError } from "./errors.js";
import { drained, MAX_RECEIVE } from "./dial.js";
import { limitRequests } from "./receive-limit.js";
import { serviceDefinition } from "./service.js";

type In<M> = RequestOf<M>;
type Out<M> = Partial<ResponseOf<M>>;
export interface Call {
  readonly peer: string;
  /** aborted when the caller is gone */
  readonly signal: AbortSignal;
}

/** A handler per method, by its kind: a promise, an async iterable out, an async iterable in, or the raw duplex stream. */
export type Handler<M extends MethodInfo> = M["requestStream"] extends true
  ? M["responseStream"] extends true
    ? (stream: ServerDuplexStream<In<M>, Out<M>>, call: Call) => void
    : (requests: AsyncIterable<In<M>>, call: Call) => Promise<Out<M>>
  : M["responseStream"] extends true
    ? (request: In<M>, call: Call) => AsyncIterable<Out<M>>
    : (request: In<M>, call: Call) => Promise<Out<M>>;
export type Handlers<S extends ServiceInfo> = { readonly [K in keyof S["methods"]]: Handler<S["methods"][K]> };

export interface Service {
  readonly info: ServiceInfo;
  // oxlint-disable-next-line typescript/no-explicit-any -- each method has its own argument types; service() checked them
  readonly handlers: Readonly<Record<string, (...args: any[]) => unknown>>;
  /** the largest message that a method takes, bytes; the server's limit where none is given */
  readonly limits: Readonly<Record<string, number | undefined>>;
}
// oxlint-disable-next-line typescript/no-explicit-any -- as above
type AnyHandler = (...args: any[]) => any;
/** for requests that only name things: a clock of 1,024 slots is the longest */
export const SMALL_REQUEST = 64 * 1024;
export const service = <S extends ServiceInfo>(info: S, handlers: Handlers<S>, limits: Partial<Record<keyof S["methods"] & string, number>> = {}): Service => ({ info, handlers: handlers as never, limits });

export interface ServeOptions {
  /** host:port; port 0 takes a free one */
  readonly listen: string;
  readonly services: readonly Service[];
  readonly maxReceive?: number;
  readonly maxStreams?: number;
  readonly log?: Logger;
}
export interface GrpcServer {
  readonly port: number;
  setServing(serving: boolean): void;
  close(): Promise<void>;
}

const reflection = (): ReflectionService => new ReflectionService(fromJSON(descriptor as never, { keepCase: true }));

export async function serveGrpc(options: ServeOptions): Promise<GrpcServer> {
  const log = options.log ?? silentLogger;
  const names = ["", ...options.services.map((s) => s.info.name)];
  const limits = new Map<string, number>();
  for (const s of options.services) for (const [name, m] of Object.entries(s.info.methods)) limits.set(m.path, s.limits[name] ?? options.maxReceive ?? MAX_RECEIVE);
  const server = new Server({
    interceptors: [limitRequests(limits)],
    "grpc.max_receive_message_length": options.maxReceive ?? MAX_RECEIVE,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": options.maxStreams ?? 128,
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 5_000,
  });
  for (const s of options.services) {
    const implementation: Record<string, unknown> = {};
    for (const [name, m] of Object.entries(s.info.methods)) implementation[name] = adapt(m, s.handlers[name] as AnyHandler, log);
    server.addService(serviceDefinition(s.info), implementation as never);
  }
  const health = new HealthImplementation(Object.fromEntries(names.map((n) => [n, "SERVING" as const])));
  health.addToServer(server as never);
  reflection().addToServer(server);
  const { host } = parseListen(options.listen);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(options.listen, ServerCredentials.createInsecure(), (e, p) => (e ? reject(new Error(`cannot listen on ${options.listen}: ${e.message}`)) : resolve(p))),
  );
  log.info("serving gRPC", { host, port });
  return {
    port,
    setServing: (serving) => {
      for (const n of names) health.setStatus(n, serving ? "SERVING" : "NOT_SERVING");
    },
    close: () =>
      new Promise((resolve) => {
        const force = setTimeout(() => server.forceShutdown(), 300);
        server.tryShutdown(() => {
          clearTimeout(force);
          resolve();
        });
      }),
  };
}

function parseListen(listen: string): { host: string } {
  const host = listen.slice(0, listen.lastIndexOf(":"));
  if (!listen.endsWith(":0")) parseEndpoint(listen);
  return { host };
}

function adapt(m: MethodInfo, handler: AnyHandler, log: Logger): unknown {
  const context = (call: { getPeer(): string; on(e: "cancelled", f: () => void): unknown }): Call => {
    const gone = new AbortController();
    call.on("cancelled", () => gone.abort());
    return { peer: call.getPeer(), signal: gone.signal };
  };
  const failed = (e: unknown) => {
    if (!(e instanceof CallError)) log.warn("a call failed", { method: m.path, error: e instanceof Error ? e : String(e) });
    return asServiceError(e);
  };
  if (m.requestStream && m.responseStream) return (stream: ServerDuplexStream<unknown, unknown>) => handler(stream, context(stream));
  if (m.requestStream)
    return (stream: ServerReadableStream<unknown, unknown>, answer: sendUnaryData<unknown>) => {
      stream.on("error", () => {});
      Promise.resolve(handler(stream, context(stream))).then(
        (value) => answer(null, value),
        (e) => answer(failed(e)),
      );
    };
  if (m.responseStream)
    return async (stream: ServerWritableStream<unknown, unknown>) => {
      const call = context(stream);
      stream.on("error", () => {});
      try {
        for await (const value of handler(stream.request, call)) {
          if (call.signal.aborted) return;
          if (!stream.write(value)) await drained(stream);
        }
        stream.end();
      } catch (e) {
        stream.emit("error", failed(e)); // grpc-js sends the status from there; destroy() would lose it
      }
    };
  return (call: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<unknown>) => {
    Promise.resolve()
      .then(() => handler(call.request, context(call)))
      .then(
        (value) => answer(null, value),
        (e) => answer(failed(e)),
      );
  };
}
