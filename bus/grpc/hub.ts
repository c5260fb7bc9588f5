/** The hub as the service pouw.v1.Bus of a gRPC server. */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { addressOf } from "#net/caller.js";
import { drained } from "#net/drained.js";
import { type CallError } from "#net/errors.js";
import { callOf, limitMessages, reset, takesFramed } from "#net/grpc-internals.js";
import { asServiceError, type Call, service, type Service, SMALL_REQUEST } from "#net/service.js";
import type { Timers } from "#platform/clock.js";
import { type BusFrame, BusService } from "#proto/gen/pouw/v1/services.js";
import { FrameHub } from "../core/hub.js";
import type { CallerStream, Outgoing } from "../core/stream.js";
import { FrameCache } from "./frame.js";

type Stream = ServerDuplexStream<BusFrame, Partial<BusFrame>>;
/** how long a status may take to get through to a reader that does not read, ms */
const GRACE_MS = 2_000;

class CallerOverGrpc implements CallerStream {
  readonly caller: string;
  readonly frames: AsyncIterable<BusFrame>;
  private readonly gone = new AbortController();

  constructor(
    private readonly stream: Stream,
    call: Call,
    private readonly cache: FrameCache,
    private readonly timers: Timers,
  ) {
    this.caller = addressOf(call.peer);
    const over = (): void => this.gone.abort();
    for (const e of ["close", "end", "error", "cancelled"]) stream.on(e, over);
    call.signal.addEventListener("abort", over, { once: true });
    takesFramed(callOf(stream));
    // destroyOnReturn false: a destroyed stream would never send its status
    this.frames = stream.iterator({ destroyOnReturn: false }) as AsyncIterable<BusFrame>;
  }

  get signal(): AbortSignal {
    return this.gone.signal;
  }
  write(frame: Outgoing): boolean {
    return this.stream.write("stored" in frame ? (this.cache.of(frame.stored) as never) : frame);
  }
  drained(): Promise<void> {
    return drained(this.stream);
  }
  limit(bytes: number): void {
    limitMessages(callOf(this.stream), bytes);
  }
  end(why?: CallError): void {
    if (this.gone.signal.aborted) return;
    if (why) this.stream.emit("error", asServiceError(why));
    else this.stream.end();
    this.gone.abort();
    this.timers.after(GRACE_MS, () => reset(callOf(this.stream)));
  }
}

export class GrpcHub extends FrameHub {
  private readonly cache = new FrameCache();

  service(): Service {
    const attach = (stream: Stream, call: Call): void => void this.serve(new CallerOverGrpc(stream, call, this.cache, this.options.timers));
    return service(BusService, { attach: attach as never }, { attach: { message: SMALL_REQUEST, seats: true } });
  }
}
