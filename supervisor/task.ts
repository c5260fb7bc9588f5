/** One task that this worker supervises: the driver of its machine (machine.ts), with the log, the links and the data that its effects are about. */
import { type Group, groupsOf } from "#engine/quanta.js";
import { type ModelPlan, parseTopology } from "#engine/topology/index.js";
import type { Bus, BusSeat, FrameSizes, Hub, HubPeer, StoredMessage } from "#bus/index.js";
import { type ChainParams } from "#client/chain/params.js";
import { lowestRoundAt } from "#client/chain/task-view.js";
import { type Chain, type Message, type Sender } from "#client/chain/types.js";
import { joinTask, message, trySend } from "#client/chain/worker.js";
import { equalBytes } from "#kernel/bytes.js";
import type { Gate } from "#net/gate.js";
import { type BlobStore, GapFiller, LogClient, refused, unavailable } from "#net/index.js";
import { LogStore } from "#net/log-store.js";
import { MessageDoor } from "#net/message-door.js";
import { forgetRounds, keepRound, keptRounds } from "#net/rounds-kept.js";
import type { Timers } from "#platform/clock.js";
import { nodeCrypto } from "#platform/crypto.js";
import { type SessionKey, sessionKey } from "#platform/keys.js";
import { type Database } from "#platform/level.js";
import { type Logger } from "#platform/log.js";
import type { Signatures } from "#platform/signatures.js";
import { MsgAnchorLog, MsgConfirmData, MsgReportEquivocation } from "#proto/gen/pouw/supervision/v1/tx.js";
import { Phase, type TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import type { Outcome } from "#protocol/log/outcomes.js";
import { MachineDriver } from "#net/machine-driver.js";
import { residualBytes } from "#protocol/tasks/engine-options.js";
import { largestMap } from "#protocol/tasks/task-spec.js";
import { MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import type { TaskView } from "#protocol/tasks/task-view.js";
import { TaskData } from "./data.js";
import { type FillGap, SupervisorMachine, type SupervisorEffect, type SupervisorFacts, type SupervisorInput, type Transaction } from "./machine.js";
import { PeerLinks } from "./peers.js";

export interface SupervisorContext {
  readonly chain: Chain;
  readonly sender: Sender;
  readonly params: ChainParams;
  readonly home: string;
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly bus: Bus;
  readonly signatures: Signatures;
  readonly timers: Timers;
  /** how much data one task may put here, bytes */
  readonly maxTaskBytes: number;
  /** deletes a blob that no task needs */
  discard(cid: string): Promise<void>;
  readonly endpoint: string;
  readonly allowPrivate: boolean;
  readonly log: Logger;
  count?(outcome: Outcome): void;
  hub(): Hub;
}

/** What a message costs the peer that sent it, as the hub counts it. */
const FAULTS: Partial<Record<Outcome, Parameters<HubPeer["fault"]>[0]>> = { malformed: "bad-message", misfit: "bad-message", signature: "bad-signature", map_hash: "bad-hash" };

/** Messages on their way to the disk before sources wait. */
const MAX_UNSYNCED = 1024;
/** How long until the log is opened again, ms. */
const OPEN_AGAIN = 1_000;
/** A header has at most 1,024 clock entries of ten bytes, and some hashes. */
const AROUND_MAP = 16_384;

export class SupervisedTask {
  readonly data: TaskData;
  private readonly key: SessionKey;
  private readonly log: Logger;
  private readonly plan: ModelPlan;
  private readonly groups: readonly Group[];
  private readonly decide: SupervisorMachine;
  private readonly driver: MachineDriver<SupervisorInput, SupervisorEffect>;
  private readonly door: MessageDoor;
  private readonly peers: PeerLinks;
  private readonly peersLog: LogClient;
  private readonly gaps: GapFiller;
  private readonly stop = new AbortController();
  private store: LogStore | undefined;
  private markOpen: () => void = () => {};
  private readonly open = new Promise<void>((resolve) => (this.markOpen = resolve));
  private markReady: () => void = () => {};
  private readonly ready = new Promise<void>((resolve) => (this.markReady = resolve));
  private fetching: Promise<void> | undefined;
  private unsynced = 0;
  private syncing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ctx: SupervisorContext,
    private view: TaskView,
  ) {
    const { chain, sender, home, timers } = ctx;
    this.log = ctx.log.child({ task: view.task.id });
    this.key = sessionKey(home, view.task.id);
    const spec = this.spec;
    this.plan = parseTopology(spec.topology, { maxParameters: MAX_PARAMETERS });
    this.groups = groupsOf(this.spec.quanta, this.plan.tensors);
    const facts: SupervisorFacts = {
      chainId: chain.chainId,
      worker: sender.address,
      endpoint: ctx.endpoint,
      anchorInterval: (view.task.terms ?? ctx.params.supervision).anchorInterval,
      parameters: this.plan.parameters,
      groups: this.groups,
    };
    this.decide = new SupervisorMachine(nodeCrypto, facts);
    this.driver = new MachineDriver(this.decide, { name: `supervisor-${sender.address}-${view.task.id}`, kind: "supervisor", facts, now: () => timers.now(), perform: (e) => this.perform(e) });
    this.data = new TaskData({ blobs: ctx.blobs, spec, plan: this.plan, maxBytes: ctx.maxTaskBytes, log: this.log, discard: (cid) => ctx.discard(cid) });
    this.peersLog = new LogClient({ endpoints: [], allowPrivate: ctx.allowPrivate });
    this.peers = new PeerLinks({
      bus: ctx.bus,
      chainId: chain.chainId,
      taskId: view.task.id,
      key: this.key,
      timers,
      log: this.log,
      client: this.peersLog,
      clock: () => this.decide.clock() ?? [],
      receive: (m) => this.receive(undefined, m),
    });
    this.door = new MessageDoor({
      step: (input) => this.step(input),
      hashAt: async (slot, seq) => this.store?.hashAt(slot, seq),
      verify: (checks) => ctx.signatures.verify(checks),
      lowestRound: (height) => lowestRoundAt(chain, view.task.id, height, this.stop.signal),
      keepRound: (run) => void keepRound(ctx.db, view.task.id, run).catch(() => {}), // the log's own write reports a disk that fails
      timers,
      ...(ctx.count ? { count: (o: Outcome) => ctx.count?.(o) } : {}),
    });
    this.gaps = new GapFiller({
      taskId: view.task.id,
      peers: this.peersLog,
      log: this.log,
      hash: async (slot, seq) => this.store?.hashAt(slot, seq),
      receive: async (m) => {
        if (this.unsynced > MAX_UNSYNCED) await this.syncing;
        return this.door.receive(m, { patience: 0 });
      },
      author: (author, gap, timeout) => this.named(author, gap, timeout),
    });
  }

  get id(): bigint {
    return this.view.task.id;
  }
  get residualBytes(): number {
    return residualBytes(this.spec, this.plan.parameters);
  }
  /** 0 where this log has another fork. */
  async anchoredSeq(slot: number): Promise<bigint> {
    const head = this.view.slots.find((s) => s.slot === slot)?.head;
    const logged = head && (await this.store?.hashAt(slot, head.seq));
    return head && logged && equalBytes(logged, head.hash) ? head.seq : 0n;
  }
  get sizes(): FrameSizes {
    return { residual: this.residualBytes, message: largestMap(this.groups) + AROUND_MAP };
  }
  get parameters(): number {
    return this.plan.parameters;
  }
  get profile(): string {
    return this.spec.profile;
  }
  private get spec(): TaskSpec {
    const { spec } = this.view.task;
    if (!spec) throw new Error(`task ${this.view.task.id} has no spec`);
    return spec;
  }

  onView(view: TaskView): void {
    this.view = view;
    // reads the disk: the other tasks of this block do not wait
    if (view.task.phase === Phase.PHASE_INITIALISATION) void this.data.scan().then(() => this.dataKnown());
    this.step({ kind: "view", view });
  }

  // ---- the machine ----

  private step(input: SupervisorInput): void {
    this.driver.step(input);
  }

  private perform(e: SupervisorEffect): void {
    switch (e.do) {
      case "append":
        return this.append(e);
      case "acknowledge":
        for (const p of this.ctx.hub().ofWorker(this.id, e.worker)) p.acknowledge(e.slot, e.seq);
        return;
      case "open":
        return void this.openLog(e.slots, e.startHeight);
      case "fetchManifest":
        this.fetching ??= this.data.fetchManifest(e.endpoints, this.ctx.allowPrivate).then(() => this.manifestKnown()).finally(() => (this.fetching = undefined));
        return;
      case "ready":
        this.log.info("the log takes messages");
        return this.markReady();
      case "follow":
        return this.peers.connect(e.supervisors, e.index);
      case "fill":
        return void this.gaps.fill(e.gaps);
      case "findHashes":
        return void this.findHashes(e.wanted);
      case "transact":
        return void this.transact(e.tx);
      case "note":
        return this.log[e.level](e.text, { slot: e.slot, seq: e.seq, why: e.why });
      default:
        this.door.perform(e);
    }
  }

  /** In a time that does not depend on the log's length: what is on disk is anchored and served from the first block on. */
  private async openLog(slots: number, startHeight: bigint): Promise<void> {
    const { db, timers } = this.ctx;
    try {
      const store = await LogStore.open(db, this.id, slots);
      const [tips, rounds] = [await store.tips(startHeight), await keptRounds(db, this.id)];
      if (this.stop.signal.aborted) return;
      this.store = store;
      this.markOpen();
      this.log.info("the log is open", { messages: store.heads().reduce((a, b) => a + b, 0n) });
      this.step({ kind: "opened", slots: tips.map(({ tip, signature, frontier }) => ({ tip, signature, frontier: frontier.encode() })), rounds });
      if (await this.data.loadManifest()) this.manifestKnown();
    } catch (e) {
      this.log.error("the log cannot be opened, trying again", { error: e as Error });
      if (!this.stop.signal.aborted) timers.after(OPEN_AGAIN, () => void this.openLog(slots, startHeight));
    }
  }

  private manifestKnown(): void {
    const { manifest } = this.data;
    if (manifest) this.step({ kind: "manifest", batchHashes: manifest.batchHashes });
  }
  private dataKnown(): void {
    if (this.data.complete) this.step({ kind: "dataComplete" });
  }

  private append({ slot, seq, message: m, hash }: Extract<SupervisorEffect, { do: "append" }>): void {
    this.unsynced++;
    this.syncing = (this.store as LogStore).append(slot, seq, m, hash).then(
      () => {
        this.unsynced--;
        this.step({ kind: "stored", slot, seq, signature: m.signature });
      },
      (e: Error) => {
        this.log.debug("a message cannot be written", { slot, seq, error: e });
        this.step({ kind: "storeFailed" });
      },
    );
  }

  private async findHashes(wanted: readonly { slot: number; seq: bigint }[]): Promise<void> {
    const found = await Promise.all(wanted.map(async ({ slot, seq }) => ({ slot, seq, hash: await this.store?.hashAt(slot, seq).catch(() => undefined) })));
    this.step({ kind: "hashes", found: found.flatMap((f) => (f.hash ? [{ ...f, hash: f.hash }] : [])) });
  }

  private async transact(tx: Transaction): Promise<void> {
    const { sender } = this.ctx;
    const about = { supervisor: sender.address, taskId: this.id };
    const send = async (what: string, m: Message): Promise<boolean> => (await trySend(sender, what, m, this.log)) !== undefined;
    const done = async (): Promise<boolean> => {
      if (tx.what === "join") return (await joinTask(sender, this.id, this.key.publicKey, this.ctx.endpoint, this.log)) !== undefined;
      if (tx.what === "confirm") return send("MsgConfirmData", message(MsgConfirmData, about));
      if (tx.what === "anchor") return send("MsgAnchorLog", message(MsgAnchorLog, { ...about, heads: [...tx.heads], seen: [...tx.seen] }));
      const first = tx.first ?? (await this.signedHead(tx.slot, tx.second.seq));
      return first !== undefined && send("MsgReportEquivocation", message(MsgReportEquivocation, { reporter: sender.address, taskId: this.id, slot: tx.slot, first, second: tx.second }));
    };
    const ok = await done().catch((e: Error) => (this.log.warn("a transaction failed", { what: tx.what, error: e }), false));
    this.step({ kind: "sent", what: tx.what, ...(tx.what === "equivocation" ? { slot: tx.slot } : {}), ok });
  }

  /** What a slot signed at a logged seq. */
  private async signedHead(slot: number, seq: bigint): Promise<{ seq: bigint; hash: Uint8Array; signature: Uint8Array } | undefined> {
    await this.syncing; // it may be on its way to the disk
    const m = await this.store?.get(slot, seq);
    return m && { seq, hash: nodeCrypto.sha256(m.header), signature: m.signature };
  }

  // ---- messages ----

  /** What is here of every slot; waits until messages are taken: an empty clock would say that nothing is. */
  async clock(): Promise<readonly bigint[]> {
    await this.ready;
    return this.decide.clock() ?? [];
  }

  /** The newest message of a slot, held-back ones included: what a miner that lost its log asks for. */
  async newest(slot: number): Promise<Iteration | undefined> {
    const held = this.decide.newestHeld(slot);
    if (held) return held;
    const log = this.logStore;
    const head = log.heads()[slot] ?? 0n;
    await this.syncing; // what was taken may be on its way to the disk
    return log.get(slot, head);
  }

  async receive(peer: HubPeer | undefined, m: Iteration): Promise<Outcome> {
    await this.ready;
    const outcome = await this.door.receive(m, { fault: peer && ((o) => peer.fault(FAULTS[o] ?? "bad-message")) });
    if (outcome === "duplicate" && peer) {
      const { slot, seq } = Header.decode(m.header);
      if (seq <= (this.logStore.clock()[slot] ?? 0n)) peer.acknowledge(slot, seq);
    }
    if (outcome === "full" || outcome === "far") peer?.cut(unavailable(`a message of ${this.id} found no room in time (${outcome}): attach again`));
    if (this.unsynced > MAX_UNSYNCED) await this.syncing;
    return outcome;
  }

  async *follow(clock: readonly bigint[], signal: AbortSignal, gate?: Gate): AsyncGenerator<StoredMessage> {
    await Promise.race([this.open, new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))]);
    if (this.store && !signal.aborted) yield* this.store.after(clock, { follow: true, signal, ...(gate ? { gate } : {}) });
  }

  get logStore(): LogStore {
    if (!this.store) throw unavailable(`task ${this.id} has no log yet`);
    return this.store;
  }

  /** The message that a miner named, over its own stream. */
  private async named(author: number, { slot, from }: Pick<FillGap, "slot" | "from">, timeout: number): Promise<readonly Iteration[]> {
    for (const p of this.minerOf(author)) {
      const messages: Iteration[] = [];
      const request = { residualHash: new Uint8Array(0), slot, seq: from, residual: false, peers: false, iteration: true, anchored: [] };
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
    this.dataKnown();
  }

  // ---- peers ----

  seat(role: number, index: number): BusSeat | undefined {
    const s = this.view.seats.find((x) => x.role === role && x.index === index && x.joined);
    return s && (role === Role.ROLE_MINER || role === Role.ROLE_SUPERVISOR) ? { worker: s.worker, sessionKey: s.sessionKey } : undefined;
  }

  minerOf(slot: number): HubPeer[] {
    const s = this.view.seats.find((x) => x.role === Role.ROLE_MINER && x.index === slot);
    return s ? this.ctx.hub().ofWorker(this.id, s.worker) : [];
  }

  /** The seats are unlocked: the log and the test set are served on for clients that come late, the rest is over. */
  async retire(): Promise<void> {
    this.data.retire();
    this.door.close(); // who waits for room waits no more
    await this.peers.close();
  }

  /** Removes what is left of a task that is over. */
  async forget(): Promise<void> {
    await this.close();
    await LogStore.clear(this.ctx.db, this.id);
    await forgetRounds(this.ctx.db, this.id);
  }

  async close(): Promise<void> {
    this.stop.abort();
    this.door.close();
    await this.peers.close();
    this.peersLog.close();
    await this.syncing;
    await this.driver.close();
  }
}
