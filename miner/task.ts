/** One task in which this worker holds miners' seats: joins, loads the data, feeds the compute thread, signs, sends, claims. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { equalBytes } from "#kernel/bytes.js";
import { parseTopology } from "#engine/topology/index.js";
import { type ChainParams } from "#client/chain/params.js";
import { type Chain, type Sender } from "#client/chain/types.js";
import { nodeCrypto } from "#platform/crypto.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { MsgReportEquivocation } from "#proto/gen/pouw/supervision/v1/tx.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { headSignBytes } from "#protocol/log/header.js";
import { checkMap } from "#protocol/state/map.js";
import { slotPositions } from "#protocol/log/positions.js";
import { BlobClient, BusLink, type Gap, GapFiller, LogClient } from "#net/index.js";
import { faultCeiling, type Incoming, LogMachine } from "#net/log-machine.js";
import { LogStore } from "#net/log-store.js";
import { started, type StartedTask, type TaskView } from "#client/chain/task-view.js";
import { joinTask, message, trySend } from "#client/chain/worker.js";
import { type Database, levelKey } from "#platform/level.js";
import { type SessionKey, sessionKey, writePrivate } from "#platform/keys.js";
import { type Logger } from "#platform/log.js";
import { Claims } from "./claims.js";
import { loadBatches } from "./data.js";
import { Evidence } from "./evidence.js";
import { type Fault, seesFork } from "./faults.js";
import { Hubs } from "./hubs.js";
import { signedBeyond } from "./own-heads.js";
import { type Applied, type ComputeSetup, type ComputeThread, type FromCompute, packPeer } from "./protocol.js";
import { Reruns } from "./reruns.js";
import { ResidualStore } from "./residuals.js";
import { ModelSubmissions } from "./submit.js";

export interface MinerContext {
  readonly chain: Chain;
  readonly sender: Sender;
  readonly params: ChainParams;
  readonly home: string;
  readonly db: Database;
  readonly allowPrivate: boolean;
  /** that this miner computes */
  readonly profiles: readonly string[];
  readonly tensorFlow?: string | undefined;
  readonly fault?: Fault | undefined;
  readonly log: Logger;
  startCompute(setup: ComputeSetup, receive: (m: FromCompute) => void): ComputeThread;
}

/** How many of the peers' messages wait in the compute thread before links are held back. */
const MAX_PENDING = 512;

export class MinedTask {
  private readonly key: SessionKey;
  private readonly log: Logger;
  private readonly plan: ReturnType<typeof parseTopology>;
  private readonly hubs: Hubs;
  private readonly logs: LogClient;
  private readonly blobs: BlobClient;
  private readonly gaps: GapFiller;
  private readonly stop = new AbortController();
  private readonly pending = new Map<string, { message: Iteration; hash: Uint8Array }>();
  private readonly reported = new Set<number>();
  private joining = false;
  private declined = false;
  private starting: Promise<void> | undefined;
  private store: LogStore | undefined;
  private machine: LogMachine | undefined;
  private compute: ComputeThread | undefined;
  private computeReady = false;
  private claims: Claims | undefined;
  private readonly submissions: ModelSubmissions;
  private residuals: ResidualStore | undefined;
  private reruns: Reruns | undefined;
  private evidence: Evidence | undefined;
  private drained: (() => void)[] = [];
  /** where a fault is planted: the other sides of forks */
  private readonly seconds = new Map<string, Iteration>();

  constructor(
    private readonly ctx: MinerContext,
    private view: TaskView,
  ) {
    this.log = ctx.log.child({ task: view.task.id });
    this.key = sessionKey(ctx.home, view.task.id);
    this.submissions = new ModelSubmissions(ctx.sender, this.log);
    const o = { endpoints: [], allowPrivate: ctx.allowPrivate };
    this.logs = new LogClient(o);
    this.blobs = new BlobClient(o);
    this.hubs = new Hubs((s) => this.link(s), this.log);
    this.gaps = new GapFiller({ taskId: view.task.id, peers: this.logs, log: this.log, hash: (slot, seq) => this.hashOf(slot, seq), receive: (m) => this.receive(m) });
    const spec = this.spec;
    this.plan = parseTopology(spec.topology, { maxParameters: Number(ctx.params.tasks.maxParameters) });
  }

  private get id(): bigint {
    return this.view.task.id;
  }
  private get spec() {
    const { spec } = this.view.task;
    if (!spec) throw new Error(`task ${this.view.task.id} has no spec`);
    return spec;
  }
  private mine(): Seat[] {
    return this.view.seats.filter((s) => s.role === Role.ROLE_MINER && s.worker === this.ctx.sender.address).sort((a, b) => a.index - b.index);
  }
  private supervisors(): Seat[] {
    return this.view.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.joined && s.endpoint !== "" && !s.dropped).sort((a, b) => a.index - b.index);
  }

  async onView(view: TaskView): Promise<void> {
    this.view = view;
    if (!this.ctx.profiles.includes(this.spec.profile)) return this.decline();
    const { phase } = view.task;
    if (phase === Phase.PHASE_INITIALISATION && !this.joining && this.mine().some((s) => !s.joined)) {
      this.joining = true;
      void joinTask(this.ctx.sender, this.id, this.key.publicKey, "", this.log).finally(() => (this.joining = false));
    }
    void this.submissions.onView(view, this.mine().map((s) => s.index));
    const task = started(view.task);
    if (!task || phase < Phase.PHASE_TRAINING || phase > Phase.PHASE_SETTLING) return;
    const endpoints = this.supervisors().map((s) => s.endpoint);
    this.logs.setEndpoints(endpoints);
    this.blobs.setEndpoints(endpoints);
    this.starting ??= this.start(task).catch((e: Error) => {
      this.log.warn("cannot start the task yet, trying at the next block", { error: e });
      void this.compute?.close();
      this.compute = undefined;
      this.starting = undefined;
    });
    if (!this.computeReady) return;
    this.machine?.setHeight(view.height);
    this.compute?.post({ kind: "view", height: view.height, lowestRound: view.lowestRound, slots: view.slots });
    this.hubs.connect(this.supervisors());
    this.hubs.choose(view, this.supervisors(), this.mine()[0]?.index ?? 0, this.machine?.clock() ?? []);
    this.flush();
    this.fillGaps();
    await this.claims?.onView(view);
  }

  /** Drawn for a profile that it had once: the seat is lost, which costs less than iterations that cannot be made. */
  private decline(): void {
    if (!this.declined) this.log.error("a seat is not taken: this miner does not compute the task's profile now", { profile: this.spec.profile, have: this.ctx.profiles.join(",") });
    this.declined = true;
  }

  // ---- start ----

  private async start(task: StartedTask): Promise<void> {
    const store = await LogStore.open(this.ctx.db, task.id, this.spec.slots);
    this.residuals = new ResidualStore(this.ctx.db, task.id, this.plan.parameters, this.spec.profile);
    const batches = await loadBatches(this.spec, this.plan, (cid, max) => this.blob(cid, max));
    const slots = this.mine().map((s) => s.index);
    const thread = this.ctx.startCompute(
      { chainId: this.ctx.chain.chainId, task, maxParameters: Number(this.ctx.params.tasks.maxParameters), slots, batches, tensorFlow: this.ctx.tensorFlow, fault: this.ctx.fault },
      (m) => this.onCompute(m),
    );
    this.store = store;
    this.compute = thread;
    this.reruns = new Reruns(thread, this.residuals);
    const evidence = (this.evidence = new Evidence(store, this.residuals, this.reruns, this.ctx.fault === "withhold-residual"));
    this.claims = new Claims({
      chain: this.ctx.chain,
      sender: this.ctx.sender,
      params: this.ctx.params,
      log: this.log,
      taskId: task.id,
      flop: task.flop,
      parameters: this.plan.parameters,
      profile: this.spec.profile,
      slots,
      store,
      residuals: this.residuals,
      reruns: this.reruns,
      residualOf: (slot, seq) => evidence.residual(slot, seq),
      push: (slot, seq, residual) => {
        for (const l of this.hubs.all) l.pushResidual({ slot, seq, residual });
      },
      fault: this.ctx.fault,
    });
    // own log back into the thread, in the order in which it was applied; residuals from the last that were kept
    const newest = await this.residuals.newest(slots);
    for (const [slot, seq] of newest) if (seq <= (store.heads()[slot] ?? 0n)) thread.post({ kind: "keptResidual", slot, seq });
    for await (const m of store.after([])) {
      const header = Header.decode(m.header);
      const own = slots.includes(header.slot);
      const kept = own && newest.get(header.slot) === header.seq ? await this.residuals.get(header.slot, header.seq) : undefined;
      thread.post({ kind: "restore", message: { header: m.header, map: m.map }, residual: kept });
    }
    await this.learnOwnHeads(slots, store);
    this.machine = new LogMachine({
      chainId: this.ctx.chain.chainId,
      taskId: task.id,
      slots: this.spec.slots,
      positions: (slot) => slotPositions(this.spec, slot),
      heads: store.heads(),
      sessionKey: (slot) => this.view.seats.find((s) => s.role === Role.ROLE_MINER && s.index === slot && s.joined)?.sessionKey,
      logged: (slot, seq) => this.hashOf(slot, seq),
      ceiling: (slot) => faultCeiling(this.view.slots, slot),
      check: (m) => this.check(m),
    });
    this.machine.setHeight(this.view.height);
    thread.post({ kind: "restored" });
    this.log.info("mining", { slots: slots.join(","), parameters: this.plan.parameters, restored: store.heads().reduce((a, b) => a + b, 0n) });
  }

  private async blob(cid: string, max: number): Promise<Uint8Array> {
    const key = levelKey("b", new TextEncoder().encode(cid));
    const have = await this.ctx.db.get(key);
    if (have) return have;
    const bytes = await this.blobs.get(cid, max, { timeout: 60_000, signal: this.stop.signal });
    await this.ctx.db.write([{ key, value: bytes }]);
    return bytes;
  }

  /** A seq that was ever signed is never signed again: own messages that others show are waited for. */
  private async learnOwnHeads(slots: readonly number[], store: LogStore): Promise<void> {
    const marker = join(this.ctx.home, "session", `${this.id}.signing`);
    const signedBefore = existsSync(marker);
    writePrivate(marker, "this worker has signed in this task\n"); // on disk before anything is signed
    if (!signedBefore) return;
    const beyond = await signedBeyond({
      chainId: this.ctx.chain.chainId,
      taskId: this.id,
      slots,
      publicKey: this.key.publicKey,
      head: (slot) => store.heads()[slot] ?? 0n,
      anchored: (slot) => this.view.slots.find((s) => s.slot === slot)?.head?.seq ?? 0n,
      supervisors: this.supervisors().map((s) => ({ worker: s.worker, newest: (slot) => this.logs.newest(s.endpoint, this.id, slot) })),
      log: this.log,
    });
    for (const [slot, seq] of beyond) {
      this.log.warn("own log is behind what was sent: taking it back", { slot, have: store.heads()[slot], sent: seq });
      this.compute?.post({ kind: "behind", slot, seq });
    }
  }

  /** Header hash of a message that is logged, or on its way through the compute thread. */
  private hashOf(slot: number, seq: bigint): Uint8Array | undefined {
    return this.store?.hash(slot, seq) ?? this.pending.get(`${slot}/${seq}`)?.hash;
  }

  private check({ message: m, header }: Incoming): string | undefined {
    const before = header.seq === 1n ? new Uint8Array(32) : this.hashOf(header.slot, header.seq - 1n);
    if (!before || !equalBytes(before, header.prev)) return "prev is not the slot's message before";
    try {
      checkMap(this.plan.parameters, this.spec.levels, m.map);
    } catch (e) {
      return (e as Error).message;
    }
    return undefined;
  }

  // ---- the compute thread ----

  private onCompute(m: FromCompute): void {
    if (m.kind === "ready") {
      this.computeReady = true;
      return;
    }
    if (m.kind === "failed") {
      this.log.error("the compute thread failed: report this, and start the miner again", { error: m.error });
      return;
    }
    if (m.kind === "reran") return this.reruns?.reran(m);
    if (m.kind === "idle") return void this.log.debug("waiting", { why: m.why });
    if (m.kind === "applied") return m.messages.forEach((a) => this.applied(a));
    this.sign(m);
  }

  private applied({ slot, seq, residual }: Applied): void {
    const key = `${slot}/${seq}`;
    const p = this.pending.get(key);
    if (!p) throw new Error(`the compute thread applied ${key}, which was not given to it`);
    this.pending.delete(key);
    if (residual) void this.residuals?.put(slot, seq, residual);
    this.append(slot, seq, p.message, p.hash);
    if (this.pending.size < MAX_PENDING / 2) for (const wake of this.drained.splice(0)) wake();
  }

  private sign(m: Extract<FromCompute, { kind: "iterated" }>): void {
    const store = this.store as LogStore;
    const { slot, seq } = m;
    if (seq !== (store.heads()[slot] ?? 0n) + 1n) throw new Error(`slot ${slot}: asked to sign seq ${seq} after ${store.heads()[slot]}`);
    const signed = (header: Uint8Array, map: Uint8Array, headerHash: Uint8Array): Iteration => {
      return { header, map, signature: this.key.sign(headSignBytes(nodeCrypto, { chainId: this.ctx.chain.chainId, taskId: this.id, slot, seq, headerHash })) };
    };
    if (m.residual) void this.residuals?.put(slot, seq, m.residual);
    if (m.second) this.seconds.set(`${slot}/${seq}`, signed(m.second.header, m.second.map, nodeCrypto.sha256(m.second.header)));
    this.append(slot, seq, signed(m.header, m.map, m.hash), m.hash);
    this.machine?.advance(slot, seq);
    this.flush();
  }

  private append(slot: number, seq: bigint, m: Iteration, hash: Uint8Array): void {
    (this.store as LogStore).append(slot, seq, m, hash).catch((e: Error) => this.log.error("the log cannot be written: stop, free the disk, start again", { error: e }));
  }

  // ---- peers ----

  private async receive(m: Iteration): Promise<void> {
    const { machine } = this;
    if (!machine) return;
    const outcome = machine.receive(m);
    if (outcome.kind === "refused") this.log.debug("a message was refused", { why: outcome.why });
    if (outcome.kind === "equivocation") await this.equivocation(outcome.slot, outcome.first, outcome.second);
    if (outcome.kind === "held") this.flush();
    if (this.pending.size > MAX_PENDING) await new Promise<void>((resolve) => this.drained.push(resolve));
  }

  private flush(): void {
    if (!this.machine) return;
    const own = new Set(this.mine().map((x) => x.index));
    for (const r of this.machine.ready()) {
      if ("broken" in r) {
        this.log.warn("a logged message breaks a rule: its supervisor is at fault", { slot: r.broken.header.slot, seq: r.broken.header.seq, why: r.why });
        continue;
      }
      const { message: m, header, hash } = r.accepted;
      this.pending.set(`${header.slot}/${header.seq}`, { message: m, hash });
      if (own.has(header.slot)) this.compute?.post({ kind: "apply", message: { header: m.header, map: m.map } });
      else this.compute?.post(packPeer({ slot: header.slot, seq: header.seq, headerHash: hash, mapHash: header.mapHash, map: m.map }));
    }
  }

  private async equivocation(slot: number, first: MsgReportEquivocation["first"], second: MsgReportEquivocation["second"]): Promise<void> {
    if (this.reported.has(slot) || !second || this.mine().some((s) => s.index === slot)) return;
    this.reported.add(slot);
    let one = first;
    if (!one) {
      const p = this.pending.get(`${slot}/${second.seq}`)?.message ?? (await this.store?.get(slot, second.seq));
      if (!p) return void this.reported.delete(slot);
      one = { seq: second.seq, hash: nodeCrypto.sha256(p.header), signature: p.signature };
    }
    this.log.warn("a peer signed two heads at one seq: reporting it", { slot, seq: second.seq });
    await trySend(this.ctx.sender, "MsgReportEquivocation", message(MsgReportEquivocation, { reporter: this.ctx.sender.address, taskId: this.id, slot, first: one, second }), this.log);
  }

  private link(s: Seat): BusLink {
    const own = new Set(this.mine().map((x) => x.index));
    return new BusLink(
      {
        endpoint: s.endpoint,
        chainId: this.ctx.chain.chainId,
        supervisor: s.worker,
        taskId: this.id,
        role: Role.ROLE_MINER,
        index: Math.min(...own),
        allowPrivate: this.ctx.allowPrivate,
        log: this.log,
        sign: (m) => this.key.sign(m),
        clock: () => this.machine?.clock() ?? [],
        iteration: (m) => this.receive(m),
        outgoing: (clock, signal) => this.outgoing(clock, own, s.index, signal),
        evidence: (r) => (this.evidence as Evidence).answer(r),
      },
      false,
    );
  }

  /** Own messages beyond what the hub has: what is on disk only, so that a restart sends the same bytes. */
  private async *outgoing(clock: readonly bigint[], own: ReadonlySet<number>, hub: number, signal: AbortSignal): AsyncGenerator<Iteration> {
    for await (const m of (this.store as LogStore).after(clock, { follow: true, signal, only: own })) {
      if (this.seconds.size > 0) {
        const h = Header.decode(m.header);
        const second = this.seconds.get(`${h.slot}/${h.seq}`);
        if (second && seesFork(hub, h.slot, this.spec.slots, this.spec.supervisors)) {
          yield second;
          continue;
        }
      }
      yield m;
    }
  }

  /** What held messages name, or was attested two blocks ago, and no hub has sent: asked of all supervisors. */
  private fillGaps(): void {
    const { machine } = this;
    if (!machine) return;
    const wanted = new Map<number, Gap>(machine.gaps().map((g) => [g.slot, { slot: g.slot, from: g.seq, to: g.seq }]));
    for (const [slot, attested] of this.hubs.attested(this.view.height)) {
      const seq = machine.needed(slot, attested);
      const next = machine.head(slot) + 1n;
      if (seq >= next && (machine.clock()[slot] ?? 0n) < next) wanted.set(slot, { slot, from: next, to: seq });
    }
    void this.gaps.fill([...wanted.values()]);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.hubs.close();
    await this.compute?.close();
    this.logs.close();
    this.blobs.close();
  }
}
