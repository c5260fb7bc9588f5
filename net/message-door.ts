/**
 * The door through which messages of any source come to a machine that reads a log (protocol/log/reader.ts): one promise a
 * message, settled when the next of the same source may be read, and the answers that the reader waits for.
 */
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { isPeersFault, type Outcome } from "#protocol/log/outcomes.js";
import type { ReaderEffect, ReaderInput } from "#protocol/log/reader.js";
import type { RoundRun } from "#protocol/log/rounds.js";
import type { Timers } from "#platform/clock.js";
import { type SignatureCheck, SignaturesBusy } from "#platform/signatures.js";

export interface DoorOptions {
  step(input: ReaderInput): void;
  /** of a logged message */
  hashAt(slot: number, seq: bigint): Promise<Uint8Array | undefined>;
  verify(checks: readonly SignatureCheck[]): Promise<readonly boolean[]>;
  /** A at a block that was not seen; undefined when nobody knows it any more */
  lowestRound(height: bigint): Promise<bigint | undefined>;
  keepRound(run: RoundRun): void;
  readonly timers: Timers;
  /** of every message that came in */
  count?(outcome: Outcome): void;
}

/** How long a message that has no room yet keeps its source waiting, ms, and how often it is offered again. */
const PATIENCE = 30_000;
const AGAIN = 50;

export class MessageDoor {
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  #nextId = 1;
  #checks: { ticket: number; check: SignatureCheck }[] = [];
  #flushing = false;
  #closed = false;

  constructor(private readonly o: DoorOptions) {}

  /**
   * Resolves when the source's next message may be read. What has no room yet is offered again while the source waits, so a
   * flood waits at its sender; "full" or "far" after 30 s is the answer to who sends what nobody can use.
   */
  async receive(message: Iteration, { fault, patience = PATIENCE }: { fault?: ((outcome: Outcome) => void) | undefined; patience?: number } = {}): Promise<Outcome> {
    const { timers } = this.o;
    const end = timers.now() + patience;
    for (;;) {
      const outcome = await this.#once(message);
      const wait = (outcome === "full" || outcome === "far") && timers.now() < end && !this.#closed;
      if (!wait) {
        this.o.count?.(outcome);
        if (isPeersFault(outcome)) fault?.(outcome);
        return outcome;
      }
      await new Promise<void>((resolve) => void timers.after(AGAIN, resolve));
    }
  }

  perform(e: ReaderEffect): void {
    switch (e.do) {
      case "settle":
        this.#waiting.get(e.id)?.(e.outcome);
        this.#waiting.delete(e.id);
        break;
      case "lookup":
        this.o.hashAt(e.slot, e.seq).then(
          (hash) => this.o.step({ kind: "looked", ticket: e.ticket, hash }),
          () => this.o.step({ kind: "looked", ticket: e.ticket }),
        );
        break;
      case "verify":
        this.#checks.push({ ticket: e.ticket, check: { key: e.key, message: e.message, signature: e.signature } });
        if (!this.#flushing) setImmediate(() => void this.#flush());
        this.#flushing = true;
        break;
      case "more":
        setImmediate(() => this.o.step({ kind: "more" })); // sockets and other tasks have their turn
        break;
      case "askRound":
        void this.o.lowestRound(e.height).then((lowest) => this.o.step({ kind: "round", height: e.height, lowest }));
        break;
      case "keepRound":
        this.o.keepRound(e.run);
    }
  }

  /** Nobody waits any more. */
  close(): void {
    this.#closed = true;
    for (const settle of this.#waiting.values()) settle("full");
    this.#waiting.clear();
  }

  #once(message: Iteration): Promise<Outcome> {
    if (this.#closed) return Promise.resolve("full");
    return new Promise((resolve) => {
      const id = this.#nextId++;
      this.#waiting.set(id, resolve);
      this.o.step({ kind: "message", id, message });
    });
  }

  /** All that has gathered in one turn of the loop goes to the other threads together. */
  async #flush(): Promise<void> {
    const checks = this.#checks;
    this.#checks = [];
    this.#flushing = false;
    let good: readonly boolean[] | undefined;
    while (!good && !this.#closed) {
      try {
        good = await this.o.verify(checks.map((c) => c.check));
      } catch (e) {
        if (!(e instanceof SignaturesBusy)) throw e;
        await new Promise<void>((resolve) => void this.o.timers.after(AGAIN, resolve)); // its sources wait meanwhile
      }
    }
    if (!good) return;
    this.o.step({ kind: "verified", good: checks.map(({ ticket }, i) => ({ ticket, good: good?.[i] ?? false })) });
  }
}
