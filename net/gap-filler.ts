/**
 * Fetches the messages that a log lacks: from the supervisors, else from the miner that named them. Every slot is filled
 * beside the others, so that a silent one delays nobody, and an author has one question at a time.
 */
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type Logger } from "#platform/log.js";
import { type LogClient } from "./log-client.js";
import { readSpan } from "./slot-log.js";

export interface Gap {
  readonly slot: number;
  readonly from: bigint;
  readonly to: bigint;
  /** the slot whose message named it; absent where the chain did */
  readonly namedBy?: number;
}
export interface GapFillerOptions {
  readonly taskId: bigint;
  readonly peers: Pick<LogClient, "range">;
  readonly log: Logger;
  /** header hash of a message that is here */
  hash(slot: number, seq: bigint): Promise<Uint8Array | undefined>;
  receive(m: Iteration): Promise<unknown>;
  /** one message from the miner that named it, where it can be reached; throws or answers nothing when it is silent */
  author?(gap: Gap, timeout: number): Promise<readonly Iteration[]>;
  readonly now?: () => number;
}

const TIMEOUT = 5_000;
const PARALLEL = 8;
/** the most that one question asks for: what comes is held in memory until it is complete */
const AT_ONCE = 256n;
/** a miner that did not answer is left alone for this long, ms */
const SILENCE = 30_000;
const ZEROS = new Uint8Array(32);

export class GapFiller {
  private readonly filling = new Set<number>();
  private readonly asked = new Set<number>();
  private readonly silentUntil = new Map<number, number>();
  private readonly now: () => number;

  constructor(private readonly o: GapFillerOptions) {
    this.now = o.now ?? Date.now;
  }

  /** Begins what is not under way yet; resolves when all that it began is over. */
  async fill(gaps: readonly Gap[]): Promise<void> {
    await Promise.all(
      gaps.map(async (gap) => {
        if (this.filling.has(gap.slot) || this.filling.size >= PARALLEL) return;
        this.filling.add(gap.slot);
        try {
          await this.one(gap);
        } catch (e) {
          this.o.log.debug("a gap is not filled yet", { slot: gap.slot, from: gap.from, to: gap.to, error: e as Error });
        } finally {
          this.filling.delete(gap.slot);
        }
      }),
    );
  }

  private async one(gap: Gap): Promise<void> {
    const { o } = this;
    const { slot, from } = gap;
    const last = gap.to < from + AT_ONCE ? gap.to : from + AT_ONCE - 1n;
    const previous = from === 1n ? ZEROS : await o.hash(slot, from - 1n);
    if (!previous) return;
    const check = (messages: Iteration[]): void => void readSpan(messages, { taskId: o.taskId, slot, first: from, previous, last });
    try {
      for (const m of await o.peers.range(o.taskId, slot, from, last, check, { timeout: TIMEOUT })) await o.receive(m);
      return;
    } catch (e) {
      o.log.debug("no supervisor fills a gap", { slot, from, to: last, error: e as Error });
    }
    await this.fromAuthor(gap, previous);
  }

  private async fromAuthor(gap: Gap, previous: Uint8Array): Promise<void> {
    const { namedBy, slot, from } = gap;
    if (namedBy === undefined || !this.o.author) return;
    if (this.asked.has(namedBy) || this.now() < (this.silentUntil.get(namedBy) ?? 0)) return;
    this.asked.add(namedBy);
    try {
      const messages = await this.o.author({ ...gap, to: from }, TIMEOUT);
      const [first] = readSpan(messages.slice(0, 1), { taskId: this.o.taskId, slot, first: from, previous, last: from });
      if (!first) throw new Error(`slot ${namedBy} did not send ${slot}/${from}, which it named`);
      await this.o.receive(messages[0] as Iteration);
    } catch (e) {
      this.silentUntil.set(namedBy, this.now() + SILENCE);
      throw e;
    } finally {
      this.asked.delete(namedBy);
    }
  }
}
