/**
 * Fetches the messages that a log lacks: from the supervisors, else from the miners whose messages wait for them. Every slot is
 * filled beside the others, so that a silent one delays nobody, and an author has one question at a time. A source is done
 * with when what it sent was of use, and not before: a page that links but is not signed ends nothing.
 */
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type Logger } from "#platform/log.js";
import { isPeersFault, type Outcome } from "#protocol/log/outcomes.js";
import { type LogClient } from "./log-client.js";
import { readSpan } from "./slot-log.js";

export interface Gap {
  readonly slot: number;
  readonly from: bigint;
  readonly to: bigint;
  /** slots whose messages wait for it, in the order in which they are asked; none where the chain alone named it */
  readonly namedBy?: readonly number[];
}
export interface GapFillerOptions {
  readonly taskId: bigint;
  readonly peers: Pick<LogClient, "range">;
  readonly log: Logger;
  /** header hash of a message that is here */
  hash(slot: number, seq: bigint): Promise<Uint8Array | undefined>;
  /** takes a message without waiting for room */
  receive(m: Iteration): Promise<Outcome>;
  /** the first missing message from a slot's miner, where it can be reached; throws or answers nothing when it is silent */
  author?(author: number, gap: Gap, timeout: number): Promise<readonly Iteration[]>;
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
    const take = async (messages: readonly Iteration[]): Promise<void> => {
      readSpan(messages, { taskId: o.taskId, slot, first: from, previous, last });
      for (const m of messages) await this.take(m);
    };
    try {
      await o.peers.range(o.taskId, slot, from, last, take, { timeout: TIMEOUT, part: true });
      return;
    } catch (e) {
      o.log.debug("no supervisor fills a gap", { slot, from, to: last, error: e as Error });
    }
    for (const author of gap.namedBy ?? []) if (await this.fromAuthor(author, gap, previous)) return;
  }

  /** Throws where the message is of no use: what its signer is to blame for is an answer, what its sender is to blame for is none. */
  private async take(m: Iteration): Promise<void> {
    const outcome = await this.o.receive(m);
    if (isPeersFault(outcome) || outcome === "far" || outcome === "full") throw new Error(`a message that fills no gap: ${outcome}`);
  }

  private async fromAuthor(author: number, gap: Gap, previous: Uint8Array): Promise<boolean> {
    const { slot, from } = gap;
    if (!this.o.author || this.asked.has(author) || this.now() < (this.silentUntil.get(author) ?? 0)) return false;
    this.asked.add(author);
    try {
      const messages = await this.o.author(author, gap, TIMEOUT);
      const [first] = readSpan(messages.slice(0, 1), { taskId: this.o.taskId, slot, first: from, previous, last: from });
      if (!first) throw new Error(`slot ${author} did not send ${slot}/${from}, for which its message waits`);
      await this.take(messages[0] as Iteration);
      return true;
    } catch (e) {
      this.o.log.debug("an author fills no gap", { author, slot, from, error: e as Error });
      this.silentUntil.set(author, this.now() + SILENCE);
      return false;
    } finally {
      this.asked.delete(author);
    }
  }
}
