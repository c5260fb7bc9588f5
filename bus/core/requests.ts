/** What a hub has asked one peer for and waits for: parts keep a request alive, up to its end. */
import { exhausted, unavailable } from "#net/errors.js";
import type { Timers } from "#platform/clock.js";
import type { EvidenceReply } from "#proto/gen/pouw/v1/services.js";
import type { AskOptions } from "../types.js";

/** How many requests a peer has at one time: it serves them on the stream that carries its iterations. */
const MAX_REQUESTS = 4;

interface Waiting {
  push(part: EvidenceReply): void;
  fail(e: Error): void;
}

export class Requests {
  private readonly waiting = new Map<bigint, Waiting>();
  private nextId = 1n;

  constructor(
    private readonly worker: string,
    private readonly timers: Timers,
  ) {}

  /** Sends with a fresh id; true when the peer served it to the end, false when it has not got it. */
  ask(send: (id: bigint) => void, take: (part: EvidenceReply) => void, { silence, total, bytesPerMs = Infinity }: AskOptions): Promise<boolean> {
    if (this.waiting.size >= MAX_REQUESTS) return Promise.reject(exhausted(`${this.worker} is being asked for ${MAX_REQUESTS} things already: try again`));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const fail = (e: Error): void => {
        over();
        reject(e);
      };
      const quiet = (): (() => void) => this.timers.after(silence, () => fail(unavailable(`${this.worker} did not answer in ${silence} ms`)));
      let silent = quiet();
      const begun = this.timers.now();
      let bytes = 0;
      const check = (): void => {
        const left = begun + total + bytes / bytesPerMs - this.timers.now();
        if (left > 0) ending = this.timers.after(left, check);
        else fail(unavailable(`${this.worker} did not finish in ${total} ms and what its ${bytes} bytes need`));
      };
      let ending = this.timers.after(total, check);
      const over = (): void => {
        silent();
        ending();
        this.waiting.delete(id);
      };
      this.waiting.set(id, {
        push: (part) => {
          silent();
          silent = quiet();
          bytes += part.residual.length + part.messages.reduce((n, m) => n + m.header.length + m.map.length, 0);
          try {
            take(part);
          } catch (e) {
            return fail(e as Error);
          }
          if (!part.last && !part.missing) return;
          over();
          resolve(!part.missing);
        },
        fail,
      });
      send(id);
    });
  }

  /** A part that came. One that nobody waits for is late, or was given up: it is dropped. */
  reply(part: EvidenceReply): void {
    this.waiting.get(part.id)?.push(part);
  }

  gone(): void {
    for (const r of this.waiting.values()) r.fail(unavailable(`${this.worker} is gone`));
  }
}
