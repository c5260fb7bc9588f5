/** A link over a gRPC channel: it dials anew for every session. */
import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import { MAX_RECEIVE, Remote } from "#net/dial.js";
import { drained } from "#net/drained.js";
import { CallError } from "#net/errors.js";
import { BusFrame, BusService } from "#proto/gen/pouw/v1/services.js";
import { type DialledStream, FrameLink } from "../core/link.js";
import type { Outgoing } from "../core/stream.js";
import type { LinkOptions } from "../types.js";
import { frameBytes } from "./frame.js";

const serialize = (f: Outgoing): Buffer => {
  if ("stored" in f) return frameBytes(f.stored);
  const bytes = BusFrame.encode(BusFrame.create(f));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
};

export class DialledOverGrpc implements DialledStream {
  readonly maxSend = MAX_RECEIVE;
  private readonly over = new AbortController();
  private readonly stream: ClientDuplexStream<Outgoing, BusFrame>;

  constructor(private readonly remote: Remote) {
    this.stream = remote.duplex(BusService.methods.attach, serialize as never) as never;
    for (const e of ["error", "end", "close"]) this.stream.on(e, () => this.over.abort());
  }

  get frames(): AsyncIterable<BusFrame> {
    return this.read();
  }
  private async *read(): AsyncGenerator<BusFrame> {
    try {
      for await (const frame of this.stream as AsyncIterable<BusFrame>) yield frame;
    } catch (e) {
      const { code, details, message } = e as ServiceError;
      throw new CallError(code ?? 2, `${this.remote.endpoint}: ${details || message}`);
    }
  }
  get signal(): AbortSignal {
    return this.over.signal;
  }
  write(frame: Outgoing): boolean {
    return this.stream.write(frame);
  }
  drained(): Promise<void> {
    return drained(this.stream);
  }
  end(): void {
    this.stream.cancel();
  }
  hangUp(): void {
    this.over.abort();
    this.stream.cancel();
    this.remote.close();
  }
}

export interface GrpcLinkOptions extends LinkOptions {
  /** loopback and private targets are dialled */
  readonly allowPrivate?: boolean;
}

export class GrpcLink extends FrameLink {
  constructor(options: GrpcLinkOptions, subscribe: boolean) {
    const { endpoint, allowPrivate = false, maxReceive = MAX_RECEIVE } = options;
    super(options, subscribe, async () => new DialledOverGrpc(await Remote.dial(endpoint, { allowPrivate, maxReceive })));
  }
}
