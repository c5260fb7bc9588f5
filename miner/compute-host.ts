/**
 * The compute thread from start to end: it is given the log that is on disk, in slices and in the background, then what has
 * been taken meanwhile, then what comes. One that dies is started again from the log; one that keeps dying ends the daemon.
 */
import { type Logger } from "#platform/log.js";
import type { Timers } from "#platform/clock.js";
import type { LogStore } from "#net/log-store.js";
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type ComputeSetup, type ComputeThread, type FromCompute, type ToCompute } from "./protocol.js";
import { type ResidualStore } from "./residuals.js";

export interface ComputeHostOptions {
  readonly setup: ComputeSetup;
  readonly store: LogStore;
  readonly residuals: ResidualStore;
  readonly timers: Timers;
  readonly log: Logger;
  start(setup: ComputeSetup, receive: (m: FromCompute) => void): ComputeThread;
  /** own seqs that another run of ours signed and that are not in the log; waits until that is known */
  behind(): Promise<ReadonlyMap<number, bigint>>;
  /** what the thread says, but for its life and what it has applied */
  receive(m: Exclude<FromCompute, { kind: "ready" | "failed" | "applied" | "idle" }>): void;
  /** a residual that an own message of another run of ours named */
  residual(slot: number, seq: bigint, residual: Uint8Array): void;
  /** the thread died with what it had to do */
  lost(): void;
  /** it died too often */
  dead(error: Error): void;
}

/** Messages that the thread has not taken yet before links are held back. */
const MAX_PENDING = 512;
/** Deaths within this long that are too many, ms. */
const MAX_DEATHS = 3;
const DEATHS_MS = 600_000;

export class ComputeHost {
  private thread: ComputeThread | undefined;
  /** what waits for the log to be restored; undefined when it is */
  private queue: ToCompute[] | undefined = [];
  private pending = 0;
  private drained: (() => void)[] = [];
  private deaths: number[] = [];
  private closed = false;
  private run = 0;

  constructor(private readonly o: ComputeHostOptions) {}

  /** Posts in order; before the log is restored it waits for that. */
  post(m: ToCompute): void {
    if (m instanceof Uint8Array || m.kind === "apply") this.pending++;
    if (this.queue) this.queue.push(m);
    else this.thread?.post(m);
  }

  /** Resolves when the thread has taken most of what was posted. */
  async room(): Promise<void> {
    if (this.pending > MAX_PENDING && !this.closed) await new Promise<void>((resolve) => this.drained.push(resolve));
  }

  /** Starts the thread and gives it the log as it is now. */
  start(): void {
    if (this.closed) return;
    const run = ++this.run;
    const { store, log } = this.o;
    const upTo = store.heads();
    this.queue = [];
    this.pending = 0;
    this.wake();
    this.thread = this.o.start(this.o.setup, (m) => {
      if (run === this.run && !this.closed) this.said(m);
    });
    this.restore(run, this.thread, upTo).catch((e: Error) => {
      if (run === this.run && !this.closed) this.died(e);
    });
    log.debug("the compute thread starts", { messages: upTo.reduce((a, b) => a + b, 0n) });
  }

  private async restore(run: number, thread: ComputeThread, upTo: readonly bigint[]): Promise<void> {
    const { store, residuals, setup, log } = this.o;
    await store.flushed();
    const newest = await residuals.newest(setup.slots);
    for (const [slot, seq] of newest) if (seq <= (upTo[slot] ?? 0n)) thread.post({ kind: "keptResidual", slot, seq });
    let restored = 0;
    for await (const { slot, seq, bytes } of store.after([])) {
      if (run !== this.run || this.closed) return;
      if (seq > (upTo[slot] as bigint)) continue; // comes through the queue
      const m = Iteration.decode(bytes);
      const kept = setup.slots.includes(slot) && newest.get(slot) === seq ? await residuals.get(slot, seq) : undefined;
      thread.post({ kind: "restore", message: { header: m.header, map: m.map }, residual: kept });
      restored++;
    }
    const behind = await this.o.behind();
    if (run !== this.run || this.closed) return;
    for (const [slot, seq] of behind) thread.post({ kind: "behind", slot, seq });
    for (const m of this.queue ?? []) thread.post(m);
    this.queue = undefined;
    thread.post({ kind: "restored" });
    log.info("mining", { slots: setup.slots.join(","), restored });
  }

  private said(m: FromCompute): void {
    switch (m.kind) {
      case "ready":
        return;
      case "idle":
        return this.o.log.debug("waiting", { why: m.why });
      case "failed":
        return this.died(new Error(m.error));
      case "applied":
        this.pending -= m.messages.length;
        for (const { slot, seq, residual } of m.messages) if (residual) this.o.residual(slot, seq, residual);
        if (this.pending < MAX_PENDING / 2) this.wake();
        return;
      default:
        this.o.receive(m);
    }
  }

  private died(e: Error): void {
    const { timers, log } = this.o;
    const now = timers.now();
    this.deaths = [...this.deaths.filter((t) => t > now - DEATHS_MS), now];
    void this.thread?.close();
    this.thread = undefined;
    this.o.lost();
    if (this.deaths.length > MAX_DEATHS) return this.o.dead(new Error(`the compute thread died ${this.deaths.length} times in ten minutes: check this machine's memory, and report this: ${e.message}`));
    log.error("the compute thread died, starting it again from the log", { error: e });
    this.start();
  }

  private wake(): void {
    for (const wake of this.drained.splice(0)) wake();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.wake();
    await this.thread?.close();
  }
}
