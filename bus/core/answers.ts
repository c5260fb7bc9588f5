/** A link's answers to what its hub asks for: a few at a time, because they share the stream with our iterations. */
import type { Timers } from "#platform/clock.js";
import type { Logger } from "#platform/log.js";
import type { EvidenceRequest } from "#proto/gen/pouw/v1/services.js";
import type { LinkOptions } from "../types.js";
import { FaultBudget } from "./faults.js";
import type { FrameStream } from "./stream.js";

/** requests answered at one time on a stream, and how many may wait besides: a hub asks for less */
const MAX_ANSWERING = 2;
const MAX_WAITING = 8;
/** requests a second of one stream, as many at once: each reads the disk */
const PER_SECOND = 100;
/** the one who asks */
const HUB = "hub";

export class Answers {
  private answering = 0;
  private readonly waiting: EvidenceRequest[] = [];
  private readonly budget: FaultBudget;

  constructor(
    private readonly stream: FrameStream,
    private readonly evidence: LinkOptions["evidence"],
    timers: Timers,
    private readonly log: Logger,
  ) {
    this.budget = new FaultBudget(timers, { faults: PER_SECOND, faultMs: 1000 / PER_SECOND });
  }

  asked(request: EvidenceRequest): void {
    if (this.budget.isSpent(HUB) || this.answering + this.waiting.length >= MAX_WAITING) {
      this.log.debug("a hub asks for too much at once", { slot: request.slot, seq: request.seq });
      return;
    }
    this.budget.spend(HUB);
    this.waiting.push(request);
    this.next();
  }

  private next(): void {
    if (this.answering >= MAX_ANSWERING) return;
    const request = this.waiting.shift();
    if (!request) return;
    this.answering++;
    void this.answer(request).finally(() => {
      this.answering--;
      this.next();
    });
  }

  private async answer(request: EvidenceRequest): Promise<void> {
    const { stream } = this;
    if (stream.signal.aborted) return;
    const empty = { id: request.id, residual: new Uint8Array(0), messages: [], missing: false, last: false };
    try {
      let some = false;
      for await (const part of this.evidence?.(request) ?? []) {
        if (stream.signal.aborted) return;
        some = true;
        if (!stream.write({ evidenceReply: { ...empty, ...part } })) await stream.drained();
      }
      stream.write({ evidenceReply: { ...empty, missing: !some, last: true } });
    } catch (e) {
      this.log.warn("a request for evidence failed", { slot: request.slot, seq: request.seq, error: e as Error });
      stream.write({ evidenceReply: { ...empty, missing: true, last: true } });
    }
  }
}
