/** One task in which this worker holds miners' seats: the driver of its machine (machine.ts), with the log, the links, the data and the compute thread. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Bus, Link, StoredMessage } from "#bus/index.js";
import { type ChainParams } from "#client/chain/params.js";
import type { OpenJobs } from "#client/chain/open-jobs.js";
import { lowestRoundAt } from "#client/chain/task-view.js";
import { type Chain, type Message, type Sender } from "#client/chain/types.js";
import { joinTask, message, sendOnce, trySend } from "#client/chain/worker.js";
import { type Group, groupsOf } from "#engine/quanta.js";
import { type ModelPlan, parseTopology } from "#engine/topology/index.js";
import { toBigInt } from "#kernel/bytes.js";
import { BlobClient, GapFiller, LogClient } from "#net/index.js";
import { LogStore } from "#net/log-store.js";
import { MessageDoor } from "#net/message-door.js";
import { keepRound, keptRounds } from "#net/rounds-kept.js";
import type { Timers } from "#platform/clock.js";
import { nodeCrypto } from "#platform/crypto.js";
import { type SessionKey, sessionKey, writePrivate } from "#platform/keys.js";
import { type Database, levelKey } from "#platform/level.js";
import { type Logger } from "#platform/log.js";
import type { Signatures } from "#platform/signatures.js";
import { BeaconQuery } from "#proto/gen/pouw/beacon/v1/query.js";
import { MsgSubmitModel } from "#proto/gen/pouw/evaluation/v1/tx.js";
import { SupervisionQuery } from "#proto/gen/pouw/supervision/v1/query.js";
import { MsgReportEquivocation } from "#proto/gen/pouw/supervision/v1/tx.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { WorkQuery } from "#proto/gen/pouw/work/v1/query.js";
import { MsgSubmitWork } from "#proto/gen/pouw/work/v1/tx.js";
import { headSignBytes } from "#protocol/log/header.js";
import { MachineDriver } from "#net/machine-driver.js";
import { isPeersFault, type Outcome } from "#protocol/log/outcomes.js";
import { slotPositions } from "#protocol/log/positions.js";
import { residualSeqBefore } from "#protocol/state/iterate.js";
import { isTolerant } from "#protocol/tasks/profiles.js";
import { MAX_PARAMETERS } from "#protocol/tasks/task-spec.js";
import { started, type TaskView } from "#protocol/tasks/task-view.js";
import { type Lucky } from "./claims.js";
import { ComputeHost } from "./compute-host.js";
import { loadBatches } from "./data.js";
import { Evidence } from "./evidence.js";
import { HubLinks, type HubOf } from "./links.js";
import { type Advance } from "./lottery.js";
import { MinerMachine, type MinerEffect, type MinerFacts, type MinerInput, type Transaction } from "./machine.js";
import { signedBeyond } from "./own-heads.js";
import { type ComputeSetup, type ComputeThread, type FromCompute, packPeer } from "./protocol.js";
import { Reruns } from "./reruns.js";
import { ResidualStore } from "./residuals.js";
import { Snapshots } from "./snapshots.js";

export interface MinerContext {
  readonly chain: Chain;
  readonly sender: Sender;
  readonly params: ChainParams;
  readonly home: string;
  readonly db: Database;
  readonly bus: Bus;
  readonly signatures: Signatures;
  readonly jobs: OpenJobs;
  readonly timers: Timers;
  readonly allowPrivate: boolean;
  /** that this miner computes */
  readonly profiles: readonly string[];
  readonly tensorFlow?: string | undefined;
  readonly log: Logger;
  startCompute(setup: ComputeSetup, receive: (m: FromCompute) => void): ComputeThread;
  /** ends the daemon */
  die(error: Error): void;
}

/** How long until what failed at the start is tried again, ms. */
const AGAIN = 1_000;
/** Iterations that are drawn in one call: a few milliseconds. */
const HASHES_AT_ONCE = 512n;

const BLOBS = "b";
/** Removes all task data that was downloaded. */
export const clearBlobs = (db: Database): Promise<void> => db.clear(levelKey(BLOBS), levelKey(String.fromCharCode(BLOBS.charCodeAt(0) + 1)));

export class MinedTask {
  private readonly key: SessionKey;
  private readonly log: Logger;
  private readonly plan: ModelPlan;
  private readonly groups: readonly Group[];
  private readonly decide: MinerMachine;
  private readonly driver: MachineDriver<MinerInput, MinerEffect>;
  private readonly door: MessageDoor;
  private readonly links: HubLinks;
  private readonly logs: LogClient;
  private readonly blobs: BlobClient;
  private readonly gaps: GapFiller;
  private readonly stop = new AbortController();
  private store: LogStore | undefined;
  private compute: ComputeHost | undefined;
  private residuals: ResidualStore | undefined;
  private reruns: Reruns | undefined;
  private evidence: Evidence | undefined;
  /** own seqs that an earlier run sent and that were not in the log at the start; undefined until that is known */
  private behind: ReadonlyMap<number, bigint> | undefined;
  private signing = false;
  private markJudging: () => void = () => {};
  /** messages can be judged */
  private readonly judging = new Promise<void>((resolve) => (this.markJudging = resolve));
  private syncing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ctx: MinerContext,
    private view: TaskView,
  ) {
    const { chain, sender, timers } = ctx;
    const { id } = view.task;
    this.log = ctx.log.child({ task: id });
    this.key = sessionKey(ctx.home, id);
    this.plan = parseTopology(this.spec.topology, { maxParameters: MAX_PARAMETERS });
    this.groups = groupsOf(this.spec.quanta, this.plan.tensors);
    // A task keeps those of its creation, whatever governance says since.
    const { drawDelay, claimWindow } = view.task.terms ?? ctx.params.work;
    const facts: MinerFacts = {
      chainId: chain.chainId,
      worker: sender.address,
      profiles: ctx.profiles,
      parameters: this.plan.parameters,
      groups: this.groups,
      drawDelay,
      claimWindow,
    };
    this.decide = new MinerMachine(nodeCrypto, facts);
    this.driver = new MachineDriver(this.decide, { name: `miner-${sender.address}-${id}`, kind: "miner", facts, now: () => timers.now(), perform: (e) => this.perform(e) });
    const o = { endpoints: [], allowPrivate: ctx.allowPrivate };
    this.logs = new LogClient(o);
    this.blobs = new BlobClient(o);
    this.links = new HubLinks((hub) => this.link(hub));
    this.door = new MessageDoor({
      step: (input) => this.step(input),
      hashAt: async (slot, seq) => this.store?.hashAt(slot, seq),
      verify: (checks) => ctx.signatures.verify(checks),
      lowestRound: (height) => lowestRoundAt(chain, id, height, this.stop.signal),
      keepRound: (run) => void keepRound(ctx.db, id, run).catch(() => {}), // the log's own write reports a disk that fails
      timers,
    });
    this.gaps = new GapFiller({ taskId: id, peers: this.logs, log: this.log, hash: async (slot, seq) => this.store?.hashAt(slot, seq), receive: (m) => this.receive(m, 0) });
  }

  private get id(): bigint {
    return this.view.task.id;
  }
  private get spec(): TaskSpec {
    const { spec } = this.view.task;
    if (!spec) throw new Error(`task ${this.view.task.id} has no spec`);
    return spec;
  }

  onView(view: TaskView): void {
    this.view = view;
    const endpoints = this.supervisors().map((s) => s.endpoint);
    this.logs.setEndpoints(endpoints);
    this.blobs.setEndpoints(endpoints);
    this.step({ kind: "view", view });
  }

  private supervisors(): { worker: string; endpoint: string }[] {
    return this.view.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.joined && s.endpoint !== "" && !s.dropped).map(({ worker, endpoint }) => ({ worker, endpoint }));
  }

  // ---- the machine ----

  private step(input: MinerInput): void {
    this.driver.step(input);
  }

  private perform(e: MinerEffect): void {
    switch (e.do) {
      case "open":
        return void this.open(e.slots);
      case "apply":
        this.append(e.slot, e.seq, e.message, e.hash);
        if (e.own) return this.compute?.post({ kind: "apply", message: { header: e.message.header, map: e.message.map } });
        return this.compute?.post(packPeer({ slot: e.slot, seq: e.seq, headerHash: e.hash, mapHash: e.mapHash, map: e.message.map }));
      case "sign": {
        this.markSigning();
        const signed = headSignBytes(nodeCrypto, { chainId: this.ctx.chain.chainId, taskId: this.id, slot: e.slot, seq: e.seq, headerHash: e.hash });
        return this.append(e.slot, e.seq, { header: e.header, map: e.map, signature: this.key.sign(signed) }, e.hash);
      }
      case "view":
        return this.compute?.post({ kind: "view", height: e.height, named: e.named, slots: e.slots });
      case "connect":
        return this.links.connect(e.supervisors, e.read);
      case "fill":
        return void this.gaps.fill(e.gaps);
      case "transact":
        return void this.transact(e.tx);
      case "askAnchors":
        return void this.askAnchors(e.slot);
      case "askDraw":
        return void this.askDraw(e.advance, e.height);
      case "rerun":
        return void this.rerun(e.slot, e.seq);
      case "pruneResiduals":
        return void this.residuals?.prune(e.slot, e.over).catch((error: Error) => this.log.warn("old residuals are not deleted", { error }));
      case "claim":
        return void this.claim(e.lucky, e.again).catch((error: Error) => this.log.warn("a claim failed", { slot: e.lucky.slot, seq: e.lucky.seq, error }));
      case "note":
        return this.log[e.level](e.text, { slot: e.slot, seq: e.seq, why: e.why });
      default:
        this.door.perform(e);
    }
  }

  // ---- start ----

  /** Log and evidence first, from disk; then the data; the compute thread takes the log in the background. */
  private async open(slots: readonly number[]): Promise<void> {
    const { db, timers, chain } = this.ctx;
    const task = started(this.view.task);
    if (!task) return;
    try {
      if (!this.store) {
        const store = await LogStore.open(db, this.id, this.spec.slots);
        const [tips, rounds] = [await store.tips(task.startHeight), await keptRounds(db, this.id)];
        this.residuals = new ResidualStore(db, this.id, this.plan.parameters, this.spec.profile);
        this.reruns = new Reruns((m) => this.compute?.post(m), this.residuals, store);
        this.evidence = new Evidence(store, this.residuals, this.reruns, (what, slot, seq) => this.isAsked(what, slot, seq));
        this.store = store;
        this.step({ kind: "opened", slots: tips.map(({ tip, frontier }) => ({ tip, frontier: frontier.encode() })), rounds });
      }
      const batches = await loadBatches(this.spec, this.plan, (cid, max) => this.blob(cid, max));
      if (this.stop.signal.aborted) return;
      const setup: ComputeSetup = { chainId: chain.chainId, task, maxParameters: MAX_PARAMETERS, slots, batches, tensorFlow: this.ctx.tensorFlow };
      const behind = this.learnOwnHeads(slots, this.store);
      void behind.then((b) => (this.behind = b));
      this.compute = this.host(setup, this.store, this.residuals as ResidualStore, behind);
      this.compute.start();
      this.step({ kind: "data", batchHashes: batches.map((b) => b.hash) });
      this.markJudging();
    } catch (e) {
      this.log.warn("cannot start the task yet, trying again", { error: e as Error });
      if (!this.stop.signal.aborted) timers.after(AGAIN, () => void this.open(slots));
    }
  }

  private host(setup: ComputeSetup, store: LogStore, residuals: ResidualStore, behind: Promise<ReadonlyMap<number, bigint>>): ComputeHost {
    return new ComputeHost({
      setup,
      store,
      residuals,
      snapshots: new Snapshots(this.ctx.db, this.id),
      parameters: this.plan.parameters,
      timers: this.ctx.timers,
      log: this.log,
      start: (s, receive) => this.ctx.startCompute(s, receive),
      behind: () => behind,
      receive: (m) => this.made(m),
      residual: (slot, seq, residual) => void residuals.put(slot, seq, residual),
      lost: () => this.reruns?.lost(),
      dead: (e) => this.ctx.die(e),
    });
  }

  private made(m: Extract<FromCompute, { kind: "iterated" | "reran" }>): void {
    if (m.kind === "reran") return this.reruns?.reran(m);
    if (m.residual) void this.residuals?.put(m.slot, m.seq, m.residual);
    this.step({ kind: "iterated", slot: m.slot, seq: m.seq, header: m.header, hash: m.hash, map: m.map });
  }

  private async blob(cid: string, max: number): Promise<Uint8Array> {
    const key = levelKey(BLOBS, new TextEncoder().encode(cid));
    const have = await this.ctx.db.get(key);
    if (have) return have;
    const bytes = await this.blobs.get(cid, max, { timeout: 60_000, signal: this.stop.signal });
    await this.ctx.db.write([{ key, value: bytes }]);
    return bytes;
  }

  /** Whether an open job on chain needs it: nobody else makes this machine work or upload. */
  private async isAsked(what: "residual" | "peers", slot: number, seq: bigint): Promise<boolean> {
    const { profile } = this.spec;
    return (await this.ctx.jobs.of(this.id)).some((j) => {
      if (j.slot !== slot) return false;
      if (what === "peers" || (isTolerant(profile) && j.seq === seq)) return j.seq === seq;
      return residualSeqBefore(this.plan.parameters, profile, j.seq) === seq;
    });
  }

  private get signingMarker(): string {
    return join(this.ctx.home, "session", `${this.id}.signing`);
  }
  /** On disk before anything is signed, and not before: who never signed need not ask what it signed. */
  private markSigning(): void {
    if (this.signing) return;
    if (!existsSync(this.signingMarker)) writePrivate(this.signingMarker, "this worker has signed in this task\n");
    this.signing = true;
  }

  /** A seq that was ever signed is never signed again: own messages that others show are waited for. */
  private async learnOwnHeads(slots: readonly number[], store: LogStore): Promise<ReadonlyMap<number, bigint>> {
    while (existsSync(this.signingMarker) && !this.stop.signal.aborted) {
      try {
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
        for (const [slot, seq] of beyond) this.log.warn("own log is behind what was sent: taking it back", { slot, have: store.heads()[slot], sent: seq });
        return beyond;
      } catch (e) {
        this.log.warn("what was signed before is not known yet, asking again", { error: e as Error });
        await new Promise<void>((resolve) => void this.ctx.timers.after(AGAIN, resolve));
      }
    }
    return new Map();
  }

  // ---- messages ----

  private append(slot: number, seq: bigint, m: Iteration, hash: Uint8Array): void {
    this.syncing = (this.store as LogStore).append(slot, seq, m, hash).catch((e: Error) => this.ctx.die(new Error(`the log cannot be written: free the disk, start again: ${e.message}`)));
  }

  private async receive(m: Iteration, patience?: number): Promise<Outcome> {
    await this.judging;
    const outcome = await this.door.receive(m, patience === undefined ? {} : { patience });
    await this.compute?.room();
    return outcome;
  }

  private link(hub: HubOf): Link {
    const own = new Set(this.view.seats.filter((s) => s.role === Role.ROLE_MINER && s.worker === this.ctx.sender.address).map((s) => s.index));
    return this.ctx.bus.link(
      {
        endpoint: hub.endpoint,
        chainId: this.ctx.chain.chainId,
        supervisor: hub.worker,
        taskId: this.id,
        role: Role.ROLE_MINER,
        index: Math.min(...own),
        crypto: nodeCrypto,
        timers: this.ctx.timers,
        log: this.log,
        sign: (m) => this.key.sign(m),
        clock: () => this.linkClock(own),
        iteration: async (m) => (isPeersFault(await this.receive(m)) ? "fault" : undefined),
        outgoing: (clock, signal) => this.outgoing(clock, own, signal),
        evidence: (r) => (this.evidence as Evidence).answer(r),
      },
      false,
    );
  }

  /**
   * What hubs need not send: what is here, and all of the own slots, which would come back as an echo. Unless another run
   * of this miner sent what is not in its log.
   */
  private linkClock(own: ReadonlySet<number>): readonly bigint[] {
    const clock = this.decide.clock();
    const { behind } = this;
    if (!behind || [...behind].some(([slot, seq]) => (clock[slot] ?? 0n) < seq)) return clock;
    return clock.map((seq, slot) => (own.has(slot) ? slotPositions(this.spec, slot) : seq));
  }

  /** Own messages beyond what the hub has: what is on disk only, so that a restart sends the same bytes. */
  private outgoing(clock: readonly bigint[], own: ReadonlySet<number>, signal: AbortSignal): AsyncGenerator<StoredMessage> {
    return (this.store as LogStore).after(clock, { follow: true, signal, only: own });
  }

  // ---- claims ----

  private async askAnchors(slot: number): Promise<void> {
    const heads = await this.ctx.chain.query(SupervisionQuery.methods.anchors, { taskId: this.id, slot }).then(
      ({ value }) => value.heads,
      () => undefined,
    );
    this.step({ kind: "anchors", slot, heads });
  }

  private async askDraw(a: Advance, height: bigint): Promise<void> {
    const { chain } = this.ctx;
    try {
      const { beacon } = (await chain.query(BeaconQuery.methods.beacon, { height })).value;
      // a block's target is what the block before it ended with
      const info = (await chain.query(WorkQuery.methods.miningInfo, {}, height - 1n)).value;
      for (let from = a.from; from <= a.to; from += HASHES_AT_ONCE) {
        const last = from + HASHES_AT_ONCE - 1n < a.to ? from + HASHES_AT_ONCE - 1n : a.to;
        const hashes = await (this.store as LogStore).hashes(a.slot, from, last);
        this.step({ kind: "draw", drawn: { beacon, target: toBigInt(info.target), from, hashes, last: last === a.to } });
      }
    } catch (e) {
      this.log.warn("a draw failed", { slot: a.slot, height: a.height, error: e as Error });
      this.step({ kind: "draw" });
    }
  }

  private async rerun(slot: number, seq: bigint): Promise<void> {
    const agrees = await (this.reruns as Reruns).run(slot, seq).then(
      (r) => r.agrees,
      () => false,
    );
    this.step({ kind: "reran", agrees });
  }

  private async claim(lucky: Lucky, again: boolean): Promise<void> {
    const { slot, seq, head } = lucky;
    const store = this.store as LogStore;
    const [own, covering] = [await store.get(slot, seq), await store.get(slot, head)];
    if (!own || !covering) return this.log.warn("a lucky iteration is not in the log", { slot, seq });
    if (!again) await this.pushEvidence(slot, seq);
    this.log.info("lucky: claiming", { slot, seq });
    const proof = await store.proof(slot, seq, head);
    const { sender } = this.ctx;
    const claim = message(MsgSubmitWork, { miner: sender.address, taskId: this.id, slot, header: own.header, headHeader: covering.header, proof });
    const r = await sendOnce(sender, "MsgSubmitWork", claim, this.log);
    this.step({ kind: "claimed", lucky, refused: "refused" in r ? r.refused : undefined });
  }

  /** What a verifier asks for: the residual that its re-run begins with, and that which a tolerant iteration left. */
  private async pushEvidence(slot: number, seq: bigint): Promise<void> {
    const { profile } = this.spec;
    const wanted = [residualSeqBefore(this.plan.parameters, profile, seq), ...(isTolerant(profile) ? [seq] : [])];
    for (const hashed of wanted) {
      const residual = hashed > 0n ? await this.evidence?.residual(slot, hashed) : undefined;
      if (residual) for (const l of this.links.all) l.pushResidual({ slot, seq: hashed, residual });
    }
  }

  // ---- transactions ----

  private async transact(tx: Transaction): Promise<void> {
    const { sender } = this.ctx;
    const send = async (what: string, m: Message): Promise<boolean> => (await trySend(sender, what, m, this.log)) !== undefined;
    const done = async (): Promise<boolean> => {
      if (tx.what === "join") return (await joinTask(sender, this.id, this.key.publicKey, "", this.log)) !== undefined;
      if (tx.what === "submit") {
        let all = true;
        for (const slot of tx.slots) all = (await send("MsgSubmitModel", message(MsgSubmitModel, { miner: sender.address, taskId: this.id, slot, clock: [...tx.clock] }))) && all;
        return all;
      }
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

  async close(): Promise<void> {
    this.stop.abort();
    this.door.close();
    await this.links.close();
    await this.compute?.close();
    await this.syncing;
    this.logs.close();
    this.blobs.close();
    await this.driver.close();
  }
}
