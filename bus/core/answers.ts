/** A link's answers to what its hub asks for: a few at a time, because they share the stream with our iterations. */
import type { Timers } from "#platform/clock.js";
import type { Logger } from "#platform/log.js";
import type { EvidenceRequest } from "#proto/gen/pouw/v1/services.js";
import type { LinkOptions } from "../types.js";
import type { FrameStream } from "./stream.js";

/** requests answered at one time on a stream, and how many may wait besides: a hub asks for less */
const MAX_ANSWERING = 2;
const MAX_WAITING = 8;
/** requests a second of one stream, as many at once: each reads the disk */
const PER_SECOND = 100;

export class Answers {
  private answering = 0;
  private readonly waiting: EvidenceRequest[] = [];
  private tokens = PER_SECOND;
  private at: number;

  constructor(
    private readonly stream: FrameStream,
    private readonly evidence: LinkOptions["evidence"],
    private readonly timers: Timers,
    private readonly log: Logger,
  ) {
    this.at = timers.now();
  }

  asked(request: EvidenceRequest): void {
    if (!this.take() || this.answering + this.waiting.length >= MAX_WAITING) {
      this.log.debug("a hub asks for too much at once", { slot: request.slot, seq: request.seq });
      return;
    }
    this.waiting.push(request);
    this.next();
  }

  private take(): boolean {
    const now = this.timers.now();
    this.tokens = Math.min(PER_SECOND, this.tokens + ((now - this.at) * PER_SECOND) / 1000);
    this.at = now;
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
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
