/**
 * A bus with faults, for tests: what a link's owner sends and reads is lost, late, doubled, out of order, or another thing for
 * some hubs than for others. It wraps any bus; what is wrong is in the wire here, never in the code that is tested.
 */
import { pause, type Timers } from "#platform/clock.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import type { Bus, HubOptions, Link, LinkOptions, ServedHub, StoredMessage } from "./types.js";

export interface Faults {
  readonly timers: Timers;
  /** 0 … 1, of a seed: runs are to be repeated */
  random(): number;
  /** parts of all messages */
  readonly drop?: number;
  readonly duplicate?: number;
  /** part that is held back until the next one has gone */
  readonly reorder?: number;
  /** ms before each message, at most */
  readonly delayMs?: number;
  /** What a hub is shown in place of a message that a link sends: the other side of a fork, or the message itself. */
  fork?(m: StoredMessage, supervisor: string): StoredMessage;
}

/** The messages of a source, with the faults in them. A source that stands still keeps nothing back. */
async function* disturbed(source: AsyncIterable<StoredMessage>, f: Faults, signal: AbortSignal): AsyncGenerator<StoredMessage> {
  let back: StoredMessage | undefined;
  for await (const m of source) {
    if (f.delayMs) await pause(f.timers, f.random() * f.delayMs, signal);
    if (f.random() < (f.drop ?? 0)) continue;
    if (!back && f.random() < (f.reorder ?? 0)) {
      back = m;
      continue;
    }
    yield m;
    if (f.random() < (f.duplicate ?? 0)) yield m;
    if (back) yield back;
    back = undefined;
  }
  if (back) yield back;
}

export class FaultyBus implements Bus {
  constructor(
    private readonly bus: Bus,
    private readonly faults: Faults,
  ) {}

  /** A hub whose log reaches its readers with faults. */
  serve(options: HubOptions, listen: string): Promise<ServedHub> {
    const follow: HubOptions["follow"] = (task, clock, signal) => disturbed(options.follow(task, clock, signal), this.faults, signal);
    return this.bus.serve({ ...options, follow }, listen);
  }

  /** A link whose own messages reach its hub with faults. */
  link(options: LinkOptions, subscribe: boolean): Link {
    const { outgoing } = options;
    if (!outgoing) return this.bus.link(options, subscribe);
    return this.bus.link({ ...options, outgoing: (clock, signal) => this.shown(disturbed(outgoing(clock, signal), this.faults, signal), options.supervisor) }, subscribe);
  }

  private async *shown(messages: AsyncIterable<StoredMessage>, supervisor: string): AsyncGenerator<StoredMessage> {
    for await (const m of messages) yield this.faults.fork?.(m, supervisor) ?? m;
  }
}

/** The other side of a fork: the same header and signature around another map; a signed one is its test's to make. */
export const withMap = (m: StoredMessage, map: Uint8Array): StoredMessage => ({ ...m, bytes: Iteration.encode({ ...Iteration.decode(m.bytes), map }) });
