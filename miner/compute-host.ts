/**
 * The compute thread from start to end: it is given the last snapshot and the log behind it, in slices and in the background,
 * then what has been taken meanwhile, then what comes; maps that it has no longer in memory are lent from the log. One that
 * dies is started again; one that keeps dying ends the daemon.
 */
import { type Logger } from "#platform/log.js";
import type { Timers } from "#platform/clock.js";
import type { LogStore } from "#net/log-store.js";
import { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { nodeCrypto } from "#platform/crypto.js";
import { type LentMap } from "./maps.js";
import { type ComputeSetup, type ComputeThread, type FromCompute, packPeer, type ToCompute } from "./protocol.js";
import { type ResidualStore } from "./residuals.js";
import { type Snapshots } from "./snapshots.js";

export interface ComputeHostOptions {
  readonly setup: ComputeSetup;
  readonly store: LogStore;
  readonly residuals: ResidualStore;
  readonly snapshots: Snapshots;
  readonly parameters: number;
  readonly timers: Timers;
  readonly log: Logger;
  start(setup: ComputeSetup, receive: (m: FromCompute) => void): ComputeThread;
  /** own seqs that another run of ours signed and that are not in the log; waits until that is known */
  behind(): Promise<ReadonlyMap<number, bigint>>;
  /** what the thread makes */
  receive(m: Extract<FromCompute, { kind: "iterated" | "reran" }>): void;
  /** a residual that an own message of another run of ours named */
  residual(slot: number, seq: bigint, residual: Uint8Array): void;
  /** the thread died with what it had to do */
  lost(): void;
  /** it died too often */
  dead(error: Error): void;
}

/** Messages that the thread has not taken yet before links are held back. */
const MAX_PENDING = 512;
/** Restores that the thread has not taken yet: its inbox is memory too. */
const MAX_RESTORING = 1024;
/** Bytes of maps that are lent in one answer. */
const LENT_BYTES = 4 << 20;
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
  private lastView: Extract<ToCompute, { kind: "view" }> | undefined;
  private restoring = 0;
  private restoredSome: () => void = () => {};

  constructor(private readonly o: ComputeHostOptions) {}

  /** Posts in order; before the log is restored it waits for that. */
  post(m: ToCompute): void {
    if (!(m instanceof Uint8Array) && m.kind === "view") this.lastView = m;
    if (this.queue) return void this.queue.push(m);
    if (m instanceof Uint8Array || m.kind === "apply") this.pending++;
    this.thread?.post(m);
  }

  /** Resolves when the thread has taken most of what was posted. */
  async room(): Promise<void> {
    if (Math.max(this.pending, this.queue?.length ?? 0) > MAX_PENDING && !this.closed) await new Promise<void>((resolve) => this.drained.push(resolve));
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
    const { store, residuals, setup, log, snapshots, parameters } = this.o;
    await store.flushed();
    const newest = await residuals.newest(setup.slots);
    for (const [slot, seq] of newest) if (seq <= (upTo[slot] ?? 0n)) thread.post({ kind: "keptResidual", slot, seq });
    if (this.lastView) thread.post(this.lastView); // own iterations are run again at clocks that closures bound
    const from = await snapshots.start(store, setup.slots, parameters);
    if (from) thread.post({ kind: "start", from });
    this.restoring = 0;
    let restored = 0;
    for await (const { slot, seq, bytes } of store.after(from?.slots.map((s) => s.seq) ?? [])) {
      if (run !== this.run || this.closed) return;
      if (seq > (upTo[slot] as bigint)) continue; // comes through the queue
      const m = Iteration.decode(bytes);
      if (setup.slots.includes(slot)) {
        const residual = newest.get(slot) === seq ? await residuals.get(slot, seq) : undefined;
        thread.post({ kind: "restore", message: { header: m.header.slice(), map: m.map.slice() }, residual });
      } else thread.post(packPeer({ slot, seq, headerHash: nodeCrypto.sha256(m.header), mapHash: Header.decode(m.header).mapHash, map: m.map }));
      restored++;
      if (++this.restoring > MAX_RESTORING) await new Promise<void>((resolve) => (this.restoredSome = resolve));
    }
    const behind = await this.o.behind();
    if (run !== this.run || this.closed) return;
    for (const [slot, seq] of behind) thread.post({ kind: "behind", slot, seq });
    // before "restored": no own seq is made again that waits here
    for (const m of this.queue ?? []) thread.post(m);
    this.queue = undefined;
    thread.post({ kind: "restored" });
    this.wake();
    log.info("mining", { slots: setup.slots.join(","), restored });
  }

  private said(m: FromCompute): void {
    switch (m.kind) {
      case "ready":
        return;
      case "idle":
        return this.o.log.debug("waiting", { why: m.why });
      case "restoring":
        this.restoring -= m.count;
        return this.restoredSome();
      case "needs":
        return void this.lend(m).catch((e: Error) => this.died(e));
      case "snapshot":
        return void this.o.snapshots.put(m).catch(() => {}); // the log's own write reports the failure
      case "failed":
        return this.died(new Error(m.error));
      case "applied":
        this.pending = Math.max(0, this.pending - m.messages.length); // what waited for the restore was not counted
        for (const { slot, seq, residual } of m.messages) if (residual) this.o.residual(slot, seq, residual);
        if (this.pending < MAX_PENDING / 2) this.wake();
        return;
      default:
        this.o.receive(m);
    }
  }

  /** Maps that the thread has no longer: of a slot that was closed for a fault, or of a re-run. */
  private async lend({ slot, first, last }: { slot: number; first: bigint; last: bigint }): Promise<void> {
    const { store } = this.o;
    const run = this.run;
    const maps: LentMap[] = [];
    let size = 0;
    await store.flushed(); // what was applied just now may be on its way to the disk
    for await (const { bytes } of store.range(slot, first, last)) {
      const { header, map } = Iteration.decode(bytes);
      maps.push({ map: map.slice(), chainDigest: Header.decode(header).chainDigest.slice() });
      size += map.length;
      if (size > LENT_BYTES) break;
    }
    if (run !== this.run || this.closed) return;
    if (maps.length === 0) throw new Error(`messages ${slot}/${first} … ${last} are not on disk`);
    this.thread?.post({ kind: "maps", slot, first, maps });
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
