/** One attached stream at the hub: what is sent to it, and what it is asked for. */
import { type ServerDuplexStream } from "@grpc/grpc-js";
import type { BusFrame, EvidenceReply, EvidenceRequest } from "#proto/gen/pouw/v1/services.js";
import { drained } from "./dial.js";
import { exhausted, unavailable } from "./errors.js";

/** How many requests a peer has at one time: it serves them on the stream that carries its iterations. */
const MAX_REQUESTS = 4;

export interface AskOptions {
  /** how long it may say nothing, ms */
  readonly silence: number;
  /** how long it may take in all, ms */
  readonly total: number;
}

export class BusPeer {
  private readonly requests = new Map<bigint, { push: (r: EvidenceReply) => void; fail: (e: Error) => void }>();
  private nextId = 1n;
  /** the highest seq by slot that is to be acknowledged: one frame stands for all before it */
  private readonly acknowledged = new Map<number, bigint>();
  private acknowledging = false;

  constructor(
    readonly taskId: bigint,
    readonly role: number,
    readonly index: number,
    readonly worker: string,
    private readonly stream: Pick<ServerDuplexStream<BusFrame, Partial<BusFrame>>, "write" | "end" | "on" | "off">,
    readonly signal: AbortSignal,
  ) {}

  async send(frame: Partial<BusFrame>): Promise<void> {
    if (this.signal.aborted) return;
    if (!this.stream.write(frame)) await drained(this.stream as never);
  }

  /** Never waits: while the peer does not read, later acknowledgements take the place of earlier ones. */
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

  /**
   * Asks the peer over its own stream and hands each part to `take`, whose throw ends the matter. True when the peer
   * served it to the end, false when it says that it has not got it.
   */
  ask(request: Omit<EvidenceRequest, "id">, take: (part: EvidenceReply) => void, { silence, total }: AskOptions): Promise<boolean> {
    if (this.requests.size >= MAX_REQUESTS) return Promise.reject(exhausted(`${this.worker} is being asked for ${MAX_REQUESTS} things already: try again`));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const fail = (e: Error): void => {
        over();
        reject(e);
      };
      const quiet = (): NodeJS.Timeout => setTimeout(() => fail(unavailable(`${this.worker} did not answer in ${silence} ms`)), silence);
      let silent = quiet();
      const late = setTimeout(() => fail(unavailable(`${this.worker} did not finish in ${total} ms`)), total);
      const over = (): void => {
        clearTimeout(silent);
        clearTimeout(late);
        this.requests.delete(id);
      };
      this.requests.set(id, {
        push: (r) => {
          clearTimeout(silent);
          silent = quiet();
          try {
            take(r);
          } catch (e) {
            return fail(e as Error);
          }
          if (!r.last && !r.missing) return;
          over();
          resolve(!r.missing);
        },
        fail,
      });
      void this.send({ evidenceRequest: { ...request, id } });
    });
  }

  /** @internal */
  reply(r: EvidenceReply): void {
    this.requests.get(r.id)?.push(r);
  }
  /** @internal */
  gone(): void {
    for (const r of this.requests.values()) r.fail(unavailable(`${this.worker} is gone`));
  }
  close(): void {
    this.stream.end();
  }
}
