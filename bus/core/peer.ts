/** One attached stream at the hub: what is sent to it, what it is asked for, and what it may do wrong. */
import type { Counters, Outcome } from "#net/counters.js";
import { type CallError, exhausted, refused } from "#net/errors.js";
import type { Timers } from "#platform/clock.js";
import type { EvidenceReply, EvidenceRequest } from "#proto/gen/pouw/v1/services.js";
import type { AskOptions, HubPeer } from "../types.js";
import type { FaultBudget } from "./faults.js";
import { Requests } from "./requests.js";
import { bytesOf, type FrameStream, type Outgoing } from "./stream.js";

/** What a link must carry (protocol section 14, link_rate): a reader that is slower does not keep up. Bytes a ms. */
export const LINK_RATE = (256 * 1024) / 1000;
/** Frames that a stream takes before it asks to be waited for: gRPC's own mark for objects. */
export const HIGH_WATER = 16;

export interface PeerSeat {
  readonly taskId: bigint;
  readonly role: number;
  readonly index: number;
  readonly worker: string;
}
export interface PeerContext {
  readonly timers: Timers;
  readonly counters: Counters;
  readonly budget: FaultBudget;
  readonly stallMs: number;
}

export class Peer implements HubPeer {
  readonly taskId: bigint;
  readonly role: number;
  readonly index: number;
  readonly worker: string;
  private readonly requests: Requests;
  /** the highest seq by slot that is to be acknowledged: one frame stands for all before it */
  private readonly acknowledged = new Map<number, bigint>();
  private acknowledging = false;

  constructor(
    seat: PeerSeat,
    private readonly stream: Pick<FrameStream, "write" | "drained" | "end" | "signal">,
    private readonly context: PeerContext,
  ) {
    ({ taskId: this.taskId, role: this.role, index: this.index, worker: this.worker } = seat);
    this.requests = new Requests(this.worker, context.timers);
  }

  get signal(): AbortSignal {
    return this.stream.signal;
  }

  /** Resolves when the peer takes more; one that does not read is cut off. */
  async send(frame: Outgoing): Promise<void> {
    if (this.signal.aborted || this.stream.write(frame)) return;
    const ms = this.context.stallMs + (HIGH_WATER * bytesOf(frame)) / LINK_RATE;
    const enough = this.context.timers.after(ms, () => {
      this.context.counters.count("reader-stalled", this.worker);
      this.cut(exhausted(`what was sent was not read in ${Math.round(ms)} ms: attach again and read faster`));
    });
    await this.stream.drained();
    enough();
  }

  acknowledge(slot: number, seq: bigint): void {
    if (seq > (this.acknowledged.get(slot) ?? 0n)) this.acknowledged.set(slot, seq);
    if (!this.acknowledging) void this.sendAcknowledgements();
  }

  private async sendAcknowledgements(): Promise<void> {
    this.acknowledging = true;
    for (let [next] = this.acknowledged; next && !this.signal.aborted; [next] = this.acknowledged) {
      const [slot, seq] = next;
      this.acknowledged.delete(slot);
      await this.send({ acknowledge: { slot, seq } });
    }
    this.acknowledging = false;
  }

  ask(request: Omit<EvidenceRequest, "id">, take: (part: EvidenceReply) => void, options: AskOptions): Promise<boolean> {
    return this.requests.ask((id) => void this.send({ evidenceRequest: { ...request, id } }), take, options);
  }
  reply(part: EvidenceReply): void {
    this.requests.reply(part);
  }

  fault(code: Outcome): void {
    this.context.counters.count(code, this.worker);
    if (this.context.budget.spend(`${this.taskId}/${this.worker}`) || this.signal.aborted) return;
    this.context.counters.count("cut-off", this.worker);
    this.cut(refused(`too many faults, the last one: ${code}`));
  }

  cut(why: CallError): void {
    this.stream.end(why);
  }
  gone(): void {
    this.requests.gone();
  }
}
