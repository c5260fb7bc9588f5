/** A gRPC server with budgets, health and reflection. */
import { Server, ServerCredentials, type ServerInterceptor } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { systemTimers, type Timers } from "#platform/clock.js";
import { type Logger, silentLogger } from "#platform/log.js";
import { parseEndpoint } from "./address.js";
import { Admission } from "./admission.js";
import { addressOf } from "./caller.js";
import { Counters } from "./counters.js";
import { serviceDefinition } from "./definition.js";
import { Status } from "./errors.js";
import { closesAfterStatus, goAway, limitMessages, onMessage, serverCall } from "./grpc-internals.js";
import { adapt } from "./handlers.js";
import { Listener } from "./listener.js";
import { addReflection } from "./reflection.js";
import { ANYBODY, type MethodBudget, type Service } from "./service.js";
import { Slices } from "./slices.js";

export interface ServeOptions {
  /** host:port; port 0 takes a free one */
  readonly listen: string;
  readonly services: readonly Service[];
  readonly maxStreams?: number;
  readonly log?: Logger;
  readonly timers?: Timers;
  readonly counters?: Counters;
}
export interface GrpcServer {
  readonly port: number;
  /** connections that are open */
  readonly connections: number;
  setServing(serving: boolean): void;
  close(): Promise<void>;
}

/** how long a call's request, or the first message of a stream, may take to come whole, ms */
const REQUEST_MS = 10_000;
/** how long a caller may leave its side open when it has been sent a status, ms */
const GRACE_MS = 1_000;
/** Streams of one connection. */
const MAX_STREAMS = 128;
/** MB of frames that may wait in one connection before it opens no more streams: more than two of the largest messages */
const SESSION_MB = 160;
/** how long a connection may have no call before it is closed, ms: callers dial again by themselves */
const IDLE_MS = 300_000;

export async function serveGrpc(options: ServeOptions): Promise<GrpcServer> {
  const { log = silentLogger, timers = systemTimers } = options;
  const counters = options.counters ?? new Counters({ log, timers });
  const admission = new Admission(timers, counters);
  const context = { log, timers, counters, admission, slices: new Slices() };
  const budgets = new Map<string, MethodBudget>();
  for (const s of options.services) for (const [name, m] of Object.entries(s.info.methods)) budgets.set(m.path, { ...ANYBODY, ...s.budgets[name] });

  const server = new Server({
    interceptors: [atTheDoor(budgets, admission, counters, timers, (caller) => listener.cutOff(caller))],
    "grpc.max_receive_message_length": ANYBODY.message,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": options.maxStreams ?? MAX_STREAMS,
    "grpc.max_connection_idle_ms": IDLE_MS,
    "grpc-node.max_session_memory": SESSION_MB,
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 5_000,
  });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener: Listener = new Listener(timers, counters, (socket) => injector.injectConnection(socket));
  for (const s of options.services) {
    const implementation: Record<string, unknown> = {};
    for (const [name, m] of Object.entries(s.info.methods)) implementation[name] = adapt(m, s.handlers[name] as never, budgets.get(m.path) as MethodBudget, context);
    server.addService(serviceDefinition(s.info), implementation as never);
  }
  const names = ["", ...options.services.map((s) => s.info.name)];
  const health = new HealthImplementation(Object.fromEntries(names.map((n) => [n, "SERVING" as const])));
  health.addToServer(server as never);
  addReflection(server, names.slice(1), context);

  const { host, port: wanted } = parseListen(options.listen);
  const port = await listener.listen(host, wanted).catch((e: Error) => {
    throw new Error(`cannot listen on ${options.listen}: ${e.message}`);
  });
  log.info("serving gRPC", { host, port });
  return {
    port,
    get connections() {
      return listener.connections;
    },
    setServing: (serving) => {
      for (const n of names) health.setStatus(n, serving ? "SERVING" : "NOT_SERVING");
    },
    close: () =>
      new Promise((resolve) => {
        listener.close();
        const force = setTimeout(() => {
          server.forceShutdown();
          listener.destroy();
        }, 300);
        server.tryShutdown(() => {
          clearTimeout(force);
          listener.destroy();
          resolve();
        });
      }),
  };
}

function parseListen(listen: string): { host: string; port: number } {
  if (!listen.endsWith(":0")) return parseEndpoint(listen);
  return { host: listen.slice(0, -2).replace(/^\[|\]$/g, ""), port: 0 };
}

/** What happens to every call before its handler: counted, its messages bounded and not compressed, its request in time. */
function atTheDoor(budgets: ReadonlyMap<string, MethodBudget>, admission: Admission, counters: Counters, timers: Timers, cutOff: (caller: string) => void): ServerInterceptor {
  return (method, intercepted) => {
    const call = serverCall(intercepted);
    const caller = addressOf(intercepted.getPeer());
    const budget = budgets.get(method.path) ?? ANYBODY;
    limitMessages(call, budget.message);
    closesAfterStatus(call, timers, GRACE_MS);
    if (admission.isFlooding(caller)) {
      goAway(call, "too many calls were refused: this address is kept out for a while");
      cutOff(caller);
    }
    const late = timers.after(REQUEST_MS, () => {
      counters.count("no-request", caller);
      call.sendStatus({ code: Status.DEADLINE_EXCEEDED, details: `no whole request in ${REQUEST_MS} ms`, metadata: null });
    });
    // a method that takes one message begins when its caller has said that it is the only one
    if (!method.requestStream) call.stream.once("end", late);
    onMessage(call, method.requestStream ? late : () => {}, () => counters.count("compressed", caller));
    call.stream.once("close", late);
    if (admission.opened(caller)) call.stream.once("close", () => admission.closed(caller));
    else {
      const { code, message } = admission.tooManyOpen;
      process.nextTick(() => call.sendStatus({ code, details: message, metadata: null }));
    }
    return intercepted as never;
  };
}
