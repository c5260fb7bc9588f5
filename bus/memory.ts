/** The bus in one process and without sockets: for tests, simulations and a web page. Endpoints are names. */
import { type CallError, unavailable } from "#net/errors.js";
import { BusFrame } from "#proto/gen/pouw/v1/services.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { exhausted } from "#net/errors.js";
import { FrameHub } from "./core/hub.js";
import { type DialledStream, FrameLink } from "./core/link.js";
import { HIGH_WATER } from "./core/peer.js";
import { bytesOf, type CallerStream, type Outgoing } from "./core/stream.js";
import type { Bus, HubOptions, Link, LinkOptions, ServedHub } from "./types.js";

/** What a caller that has not attached may send in one frame, bytes: as over sockets. */
const SMALL_FRAME = 64 * 1024;
/** the largest frame either side takes unless it says otherwise, bytes */
const MAX_FRAME = 64 << 20;

/** Bytes of a message are copied as sockets would: neither side sees what the other does to its own. */
const received = (f: Outgoing): BusFrame => ("stored" in f ? BusFrame.create({ iteration: Iteration.decode(f.stored.bytes.slice()) }) : BusFrame.decode(BusFrame.encode(BusFrame.create(f))));

/** One end of a stream: what the other end writes waits here until it is read. */
class End implements CallerStream, DialledStream {
  readonly caller = "memory";
  readonly maxSend = MAX_FRAME;
  private readonly over = new AbortController();
  private readonly queue: BusFrame[] = [];
  private ended: { readonly why?: CallError } | undefined;
  private most: number;
  private wake: () => void = () => {};
  private room: (() => void)[] = [];
  other!: End;

  constructor(most: number) {
    this.most = most;
  }
  get signal(): AbortSignal {
    return this.over.signal;
  }
  limit(bytes: number): void {
    this.most = bytes;
  }

  write(frame: Outgoing): boolean {
    const { other } = this;
    if (this.over.signal.aborted) return true;
    if (bytesOf(frame) + ("iteration" in frame && frame.iteration ? frame.iteration.map.length : 0) > other.most) {
      other.end(exhausted(`a frame larger than the ${other.most} bytes that are taken`));
      return true;
    }
    other.queue.push(received(frame));
    other.wake();
    return other.queue.length < HIGH_WATER;
  }
  drained(): Promise<void> {
    if (this.other.queue.length === 0 || this.over.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.other.room.push(resolve));
  }

  get frames(): AsyncIterable<BusFrame> {
    return this.read();
  }
  private async *read(): AsyncGenerator<BusFrame> {
    for (;;) {
      const frame = this.queue.shift();
      if (this.queue.length === 0) for (const go of this.room.splice(0)) go();
      if (frame) yield frame;
      else if (this.ended?.why) throw this.ended.why;
      else if (this.ended) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Ends both directions: the other end reads what has come, and then the reason; ours reads no more. */
  end(why?: CallError): void {
    if (this.over.signal.aborted) return;
    this.queue.length = 0;
    for (const e of [this, this.other]) {
      e.ended ??= why && e !== this ? { why } : {};
      e.over.abort();
      e.wake();
      for (const go of e.room.splice(0)) go();
    }
  }
  hangUp(): void {
    this.end();
  }
}

export class MemoryBus implements Bus {
  private readonly hubs = new Map<string, { hub: FrameHub; streams: Set<End> }>();

  async serve(options: HubOptions, listen: string): Promise<ServedHub> {
    if (this.hubs.has(listen)) throw new Error(`${listen} is taken by another hub`);
    const hub = new FrameHub(options);
    const streams = new Set<End>();
    this.hubs.set(listen, { hub, streams });
    const close = async (): Promise<void> => {
      this.hubs.delete(listen);
      hub.close();
      for (const s of streams) s.end(unavailable("the hub is closing"));
    };
    return { hub, endpoint: listen, close };
  }

  link(options: LinkOptions, subscribe: boolean): Link {
    return new FrameLink(options, subscribe, async () => this.dial(options));
  }

  /** A stream to a hub, as a caller of its own making would open it. */
  dial({ endpoint, maxReceive = MAX_FRAME }: Pick<LinkOptions, "endpoint" | "maxReceive">): DialledStream {
    const at = this.hubs.get(endpoint);
    if (!at) throw unavailable(`${endpoint}: nobody listens`);
    const [near, far] = [new End(maxReceive), new End(SMALL_FRAME)];
    [near.other, far.other] = [far, near];
    at.streams.add(far);
    void at.hub.serve(far).finally(() => at.streams.delete(far));
    return near;
  }
}
