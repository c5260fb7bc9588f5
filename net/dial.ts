/** A gRPC channel to one endpoint with calls as promises and async iterables. */
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { type MethodInfo, type RequestOf, type ResponseOf } from "#proto/wire.js";
import { CallError } from "./errors.js";
import { resolveEndpoint } from "./address.js";
import { methodDefinition } from "./definition.js";
import { drained } from "./drained.js";
import { refuseCompressed } from "./grpc-internals.js";

export interface DialOptions {
  readonly allowPrivate?: boolean;
  /** largest message accepted from the other side, bytes */
  readonly maxReceive?: number;
}
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** the whole call, ms */
  readonly timeout?: number;
}
type Request<M> = Partial<RequestOf<M>>;

export const MAX_RECEIVE = 64 * 1024 * 1024;
const failure = (endpoint: string, e: ServiceError): CallError => new CallError(e.code ?? 2, `${endpoint}: ${e.details || e.message}`);

export class Remote {
  private constructor(
    readonly endpoint: string,
    private readonly client: Client,
  ) {}

  /** Resolves and checks the endpoint; the connection itself is made by the first call. */
  static async dial(endpoint: string, options: DialOptions = {}): Promise<Remote> {
    const address = await resolveEndpoint(endpoint, options.allowPrivate ?? false);
    const client = new Client(address, credentials.createInsecure(), {
      "grpc.max_receive_message_length": options.maxReceive ?? MAX_RECEIVE,
      "grpc.max_send_message_length": -1,
      "grpc.keepalive_time_ms": 10_000,
      "grpc.keepalive_timeout_ms": 5_000,
      "grpc.initial_reconnect_backoff_ms": 200,
      "grpc.max_reconnect_backoff_ms": 5_000,
      "grpc.enable_http_proxy": 0,
      "grpc.service_config_disable_resolution": 1,
      "grpc.use_local_subchannel_pool": 1,
    });
    refuseCompressed(client);
    return new Remote(endpoint, client);
  }

  private callOptions(o: CallOptions) {
    return o.timeout === undefined ? {} : { deadline: Date.now() + o.timeout };
  }

  unary<M extends MethodInfo>(method: M, request: Request<M>, options: CallOptions = {}): Promise<ResponseOf<M>> {
    const d = methodDefinition(method);
    return new Promise((resolve, reject) => {
      const call = this.client.makeUnaryRequest(d.path, d.requestSerialize, d.responseDeserialize, request, new Metadata(), this.callOptions(options), (e, value) =>
        e ? reject(failure(this.endpoint, e)) : resolve(value as ResponseOf<M>),
      );
      abortable(options.signal, () => call.cancel(), call);
    });
  }

  async *serverStream<M extends MethodInfo>(method: M, request: Request<M>, options: CallOptions = {}): AsyncGenerator<ResponseOf<M>> {
    const d = methodDefinition(method);
    const call = this.client.makeServerStreamRequest(d.path, d.requestSerialize, d.responseDeserialize, request, new Metadata(), this.callOptions(options));
    abortable(options.signal, () => call.cancel(), call);
    try {
      for await (const m of call) yield m as ResponseOf<M>;
    } catch (e) {
      throw failure(this.endpoint, e as ServiceError);
    } finally {
      call.cancel();
    }
  }

  clientStream<M extends MethodInfo>(method: M, requests: AsyncIterable<Request<M>> | Iterable<Request<M>>, options: CallOptions = {}): Promise<ResponseOf<M>> {
    const d = methodDefinition(method);
    return new Promise((resolve, reject) => {
      let over = false;
      const call = this.client.makeClientStreamRequest(d.path, d.requestSerialize, d.responseDeserialize, new Metadata(), this.callOptions(options), (e, value) => {
        over = true;
        if (e) reject(failure(this.endpoint, e));
        else resolve(value as ResponseOf<M>);
      });
      call.on("error", () => {});
      abortable(options.signal, () => call.cancel(), call);
      (async () => {
        for await (const r of requests) {
          if (over) return;
          if (!call.write(r)) await drained(call);
        }
        call.end();
      })().catch((e: Error) => {
        call.cancel();
        reject(e);
      });
    });
  }

  /** `serialize` takes the place of the method's own encoding. */
  duplex<M extends MethodInfo>(method: M, serialize?: (request: Request<M>) => Buffer): ClientDuplexStream<Request<M>, ResponseOf<M>> {
    const d = methodDefinition(method);
    return this.client.makeBidiStreamRequest(d.path, (serialize as never) ?? d.requestSerialize, d.responseDeserialize, new Metadata()) as never;
  }

  close(): void {
    this.client.close();
  }
}

function abortable(signal: AbortSignal | undefined, cancel: () => void, call: NodeJS.EventEmitter): void {
  if (!signal) return;
  if (signal.aborted) return void queueMicrotask(cancel);
  signal.addEventListener("abort", cancel, { once: true });
  call.once("status", () => signal.removeEventListener("abort", cancel));
}
