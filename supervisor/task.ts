/** One task that this worker supervises: joins, takes the data, keeps the log, anchors it, and serves it all until the seats unlock. */
import { parseTopology } from "#engine/topology/index.js";
import { type ChainParams } from "#client/chain/params.js";
import { type Chain, type Sender } from "#client/chain/types.js";
import { nodeCrypto } from "#platform/crypto.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { MsgAnchorLog, MsgConfirmData, MsgReportEquivocation } from "#proto/gen/pouw/supervision/v1/tx.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header, type Iteration, type SignedHead } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { residualBytes } from "#protocol/tasks/engine-options.js";
import { slotPositions } from "#protocol/log/positions.js";
import { type BlobStore, type BusHub, type BusPeer, type BusSeat, type Gap, GapFiller, LogClient, refused, unavailable } from "#net/index.js";
import { LogStore } from "#net/log-store.js";
import { RoundHistory, started, type StartedTask, type TaskView } from "#client/chain/task-view.js";
import { joinTask, message, trySend } from "#client/chain/worker.js";
import { type Database } from "#platform/level.js";
import { type SessionKey, sessionKey } from "#platform/keys.js";
import { type Logger } from "#platform/log.js";
import { anchorContent } from "./anchors.js";
import { faultCeiling, type Incoming, LogMachine } from "#net/log-machine.js";
import { TaskData } from "./data.js";
import { PeerLinks } from "./peers.js";
import { TaskRules } from "./rules.js";

export interface SupervisorContext {
  readonly chain: Chain;
  readonly sender: Sender;
  readonly params: ChainParams;
  readonly home: string;
  readonly db: Database;
  readonly blobs: BlobStore;
  /** how much data one task may put here, bytes */
  readonly maxTaskBytes: number;
  /** deletes a blob that no task needs */
  discard(cid: string): Promise<void>;
  readonly endpoint: string;
  readonly allowPrivate: boolean;
  readonly log: Logger;
  hub(): BusHub;
}

const MAX_UNSYNCED = 1024;

export class SupervisedTask {
  private readonly key: SessionKey;
  private readonly log: Logger;
  private readonly history = new RoundHistory();
  private readonly peers: PeerLinks;
  private readonly peersLog: LogClient;
  private readonly stop = new AbortController();
  private readonly reported = new Set<number>();
  private readonly plan: ReturnType<typeof parseTopology>;
  private store: LogStore | undefined;
  private machine: LogMachine | undefined;
  private rules: TaskRules | undefined;
  readonly data: TaskData;
  private markStarted: () => void = () => {};
  private readonly started = new Promise<void>((resolve) => (this.markStarted = resolve));
  private sent: bigint[] = [];
  private lastAnchor: bigint | undefined;
  private anchoring = false;
  private joining = false;
  private starting: Promise<void> | undefined;
  /** the log could not be written: what is anchored must be on disk, so nothing is */
  private failed = false;
  private confirming = false;
  private readonly gaps: GapFiller;
  /** the newest synced message of each slot */
  private readonly synced = new Map<number, { seq: bigint; signature: Uint8Array }>();
  private unsynced = 0;
  private syncing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ctx: SupervisorContext,
    private view: TaskView,
  ) {
    this.log = ctx.log.child({ task: view.task.id });
    this.key = sessionKey(ctx.home, view.task.id);
    this.peersLog = new LogClient({ endpoints: [], allowPrivate: ctx.allowPrivate });
    const spec = this.spec;
    this.plan = parseTopology(spec.topology, { maxParameters: Number(ctx.params.tasks.maxParameters) });
    this.data = new TaskData({ blobs: ctx.blobs, spec, plan: this.plan, maxBytes: ctx.maxTaskBytes, log: this.log, discard: (cid) => ctx.discard(cid) });
    this.history.note(view);
    this.peers = new PeerLinks({
      chainId: ctx.chain.chainId,
      taskId: view.task.id,
      key: this.key,
      allowPrivate: ctx.allowPrivate,
      log: this.log,
      client: this.peersLog,
      clock: () => this.store?.clock() ?? [],
      receive: (m) => this.receive(undefined, m),
    });
    this.gaps = new GapFiller({
      taskId: view.task.id,
      peers: this.peersLog,
      log: this.log,
      hash: (slot, seq) => this.store?.hash(slot, seq),
      receive: (m) => this.receive(undefined, m),
      author: (gap, timeout) => this.named(gap, timeout),
    });
  }

  get id(): bigint {
    return this.view.task.id;
  }
  get residualBytes(): number {
    return residualBytes(this.spec, this.plan.parameters);
  }

  get parameters(): number {
    return this.plan.parameters;
  }
  get profile(): string {
    return this.spec.profile;
  }
  private get spec() {
    const { spec } = this.view.task;
    if (!spec) throw new Error(`task ${this.view.task.id} has no spec`);
    return spec;
  }
  private mine(): Seat[] {
    return this.view.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.worker === this.ctx.sender.address);
  }

  // ---- the chain ----

  onView(view: TaskView): void {
    this.view = view;
    this.history.note(view);
    const { phase } = view.task;
    if (phase === Phase.PHASE_INITIALISATION) {
      this.join();
      void this.data.scan().then(() => this.confirm()); // reads the disk: the other tasks of this block do not wait
    }
    const task = started(view.task);
    if (!task || phase < Phase.PHASE_TRAINING) return;
    if (this.machine) return this.work();
    this.starting ??= this.start(task)
      .then(() => this.work())
      .catch((e: Error) => this.log.error("the log cannot be opened, trying again at the next block", { error: e }))
      .finally(() => (this.starting = undefined));
  }

  private work(): void {
    if (!this.machine) return;
    this.machine.setHeight(this.view.height);
    this.peers.connect(this.view.seats, this.mine()[0]);
    this.drain();
    this.anchor();
    this.fillGaps();
  }

  private join(): void {
    const seat = this.mine().find((s) => !s.joined || s.endpoint !== this.ctx.endpoint);
    if (!seat || this.joining) return;
    this.joining = true;
    void joinTask(this.ctx.sender, this.id, this.key.publicKey, this.ctx.endpoint, this.log).finally(() => (this.joining = false));
  }

  private async start(task: StartedTask): Promise<void> {
    if (this.machine) return;
    const store = await LogStore.open(this.ctx.db, task.id, this.spec.slots);
    const others = this.view.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.joined && s.worker !== this.ctx.sender.address).map((s) => s.endpoint);
    await this.data.fetchManifest(others, this.ctx.allowPrivate);
    const { manifest } = this.data;
    if (!manifest) return;
    this.rules = new TaskRules({
      chainId: this.ctx.chain.chainId,
      task,
      plan: this.plan,
      batchHashes: manifest.batchHashes,
      slots: () => this.view.slots,
      lowestRound: (height) => this.history.lowestRound(height),
    });
    const rules = this.rules;
    for await (const m of store.after([])) {
      const header = Header.decode(m.header);
      rules.apply(m);
      this.synced.set(header.slot, { seq: header.seq, signature: m.signature });
    }
    this.store = store;
    this.sent = this.spec.slots ? Array.from({ length: this.spec.slots }, () => 0n) : [];
    this.machine = new LogMachine({
      chainId: this.ctx.chain.chainId,
      taskId: task.id,
      slots: this.spec.slots,
      positions: (slot) => slotPositions(this.spec, slot),
      heads: store.heads(),
      sessionKey: (slot) => this.view.seats.find((s) => s.role === Role.ROLE_MINER && s.index === slot && s.joined)?.sessionKey,
      logged: (slot, seq) => store.hash(slot, seq),
      ceiling: (slot) => faultCeiling(this.view.slots, slot),
      check: (m) => rules.check(m),
    });
    this.machine.setHeight(this.view.height);
    this.markStarted();
    this.log.info("the log is open", { messages: store.heads().reduce((a, b) => a + b, 0n) });
  }

  private anchor(): void {
    const { phase } = this.view.task;
    if (phase > Phase.PHASE_SETTLING || this.anchoring || this.failed || !this.store) return;
    const seats = this.mine();
    if (seats.length === 0 || seats.every((s) => s.dropped)) return;
    if (this.lastAnchor !== undefined && this.view.height < this.lastAnchor + this.ctx.params.supervision.anchorInterval) return;
    const store = this.store;
    const clock = store.clock();
    const content = anchorContent(
      { head: (slot) => clock[slot] ?? 0n, hash: (slot, seq) => store.hash(slot, seq), signature: (slot) => this.synced.get(slot)?.signature },
      this.view.slots,
      this.view.attested,
      new Set(seats.map((s) => s.index)),
      this.sent,
    );
    this.anchoring = true;
    this.lastAnchor = this.view.height;
    void trySend(this.ctx.sender, "MsgAnchorLog", message(MsgAnchorLog, { supervisor: this.ctx.sender.address, taskId: this.id, ...content }), this.log)
      .then((r) => {
        if (!r) return;
        for (const h of content.heads) this.sent[h.slot] = h.seq;
      })
      .finally(() => (this.anchoring = false));
  }
  // ---- messages ----

  /** What is here of every slot; waits until the log is open: an empty clock would say that nothing is. */
  async clock(): Promise<readonly bigint[]> {
    await this.started;
    return (this.machine as LogMachine).clock();
  }

  /** The newest message of a slot, held-back ones included: what a miner that lost its log asks for. */
  async newest(slot: number): Promise<Iteration | undefined> {
    const { machine } = this;
    if (!machine) throw unavailable(`task ${this.id} has no log yet`);
    const held = machine.newestHeld(slot);
    if (held) return held;
    const head = this.logStore.heads()[slot] ?? 0n;
    await this.syncing; // what was taken may be on its way to the disk
    return this.logStore.get(slot, head);
  }

  async receive(peer: BusPeer | undefined, m: Iteration): Promise<void> {
    await this.started;
    const machine = this.machine as LogMachine;
    const outcome = machine.receive(m);
    switch (outcome.kind) {
      case "duplicate": {
        if (!peer) return;
        const { slot, seq } = Header.decode(m.header);
        if (seq <= (this.store?.clock()[slot] ?? 0n)) peer.acknowledge(slot, seq);
        return;
      }
      case "refused":
        this.log.debug("a message was refused", { why: outcome.why, from: peer?.worker ?? "a supervisor" });
        return;
      case "equivocation":
        await this.equivocation(outcome.slot, outcome.first, outcome.second);
        return;
      case "held":
        this.drain();
        if (this.unsynced > MAX_UNSYNCED) await this.syncing;
    }
  }

  private drain(): void {
    const { machine, store, rules } = this;
    if (!machine || !store || !rules) return;
    for (const r of machine.ready()) {
      if ("broken" in r) {
        this.log.warn("a message breaks a rule and is not logged", { slot: r.broken.header.slot, seq: r.broken.header.seq, why: r.why });
        continue;
      }
      this.keep(r.accepted);
    }
  }

  private keep(m: Incoming): void {
    const { slot, seq } = m.header;
    this.rules?.apply(m.message);
    this.unsynced++;
    this.syncing = (this.store as LogStore).append(slot, seq, m.message, m.hash).then(
      () => {
        this.unsynced--;
        this.synced.set(slot, { seq, signature: m.message.signature });
        const seat = this.view.seats.find((s) => s.role === Role.ROLE_MINER && s.index === slot);
        if (seat) for (const p of this.ctx.hub().ofWorker(this.id, seat.worker)) p.acknowledge(slot, seq);
      },
      (e: Error) => {
        if (!this.failed) this.log.error("the log cannot be written: stop, free the disk, start again", { error: e });
        this.failed = true;
      },
    );
  }

  async *follow(clock: readonly bigint[], signal: AbortSignal): AsyncGenerator<Iteration> {
    await Promise.race([this.started, new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))]);
    if (this.store && !signal.aborted) yield* this.store.after(clock, { follow: true, signal });
  }

  get logStore(): LogStore {
    if (!this.store) throw unavailable(`task ${this.id} has no log yet`);
    return this.store;
  }

  private async equivocation(slot: number, first: SignedHead | undefined, second: SignedHead): Promise<void> {
    if (this.reported.has(slot)) return;
    this.reported.add(slot);
    let one = first;
    if (!one) {
      await this.syncing;
      const m = await this.store?.get(slot, second.seq);
      if (!m) return void this.reported.delete(slot);
      one = { seq: second.seq, hash: nodeCrypto.sha256(m.header), signature: m.signature };
    }
    this.log.warn("a miner signed two heads at one seq: reporting it", { slot, seq: second.seq });
    const m = message(MsgReportEquivocation, { reporter: this.ctx.sender.address, taskId: this.id, slot, first: one, second });
    await trySend(this.ctx.sender, "MsgReportEquivocation", m, this.log);
  }

  /** What held messages name and the chain anchored, but this log lacks: from other supervisors, then from the miner that named it. */
  private fillGaps(): void {
    const { machine, store } = this;
    if (!machine || !store) return;
    const heads = store.heads();
    const wanted = new Map<number, Gap>(machine.gaps().map((g) => [g.slot, { slot: g.slot, from: g.seq, to: g.seq, namedBy: g.namedBy }]));
    for (const { slot, head } of this.view.slots) {
      const have = heads[slot] ?? 0n;
      const to = machine.needed(slot, head?.seq ?? 0n);
      if (to > have && !wanted.has(slot)) wanted.set(slot, { slot, from: have + 1n, to });
    }
    void this.gaps.fill([...wanted.values()]);
  }

  /** The message that a miner named, over its own stream. */
  private async named({ slot, from, namedBy }: Gap, timeout: number): Promise<readonly Iteration[]> {
    for (const p of this.minerOf(namedBy as number)) {
      const messages: Iteration[] = [];
      const request = { residualHash: new Uint8Array(0), slot, seq: from, residual: false, peers: false, iteration: true };
      await p.ask(request, (r) => void (messages.length === 0 && messages.push(...r.messages.slice(0, 1))), { silence: timeout, total: timeout });
      if (messages.length > 0) return messages;
    }
    return [];
  }

  // ---- data ----

  /** How large a blob of this task may be. */
  async allowedBlob(cid: string): Promise<number> {
    if (this.view.task.phase !== Phase.PHASE_INITIALISATION) throw refused(`task ${this.id} takes data in Initialisation only`);
    return this.data.limit(cid);
  }

  async blobStored(cid: string): Promise<void> {
    await this.data.stored(cid);
    this.confirm();
  }

  private confirm(): void {
    if (!this.data.complete || this.confirming || this.view.task.phase !== Phase.PHASE_INITIALISATION) return;
    if (!this.mine().some((s) => s.joined && !s.confirmed)) return;
    this.confirming = true;
    void trySend(this.ctx.sender, "MsgConfirmData", message(MsgConfirmData, { supervisor: this.ctx.sender.address, taskId: this.id }), this.log).finally(() => (this.confirming = false));
  }

  // ---- peers ----

  seat(role: number, index: number): BusSeat | undefined {
    const s = this.view.seats.find((x) => x.role === role && x.index === index && x.joined);
    return s && (role === Role.ROLE_MINER || role === Role.ROLE_SUPERVISOR) ? { worker: s.worker, sessionKey: s.sessionKey } : undefined;
  }

  minerOf(slot: number): BusPeer[] {
    const s = this.view.seats.find((x) => x.role === Role.ROLE_MINER && x.index === slot);
    return s ? this.ctx.hub().ofWorker(this.id, s.worker) : [];
  }

  /** The seats are unlocked: the log and the test set are served on for clients that come late, the rest is over. */
  async retire(): Promise<void> {
    this.data.retire();
    await this.peers.close();
  }

  /** Removes what is left of a task that is over. */
  async forget(): Promise<void> {
    await this.close();
    await LogStore.clear(this.ctx.db, this.id);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.starting;
    await this.peers.close();
    this.peersLog.close();
    await this.syncing;
  }
}
