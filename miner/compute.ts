/**
 * The compute thread's machine: one replica and one engine for all own slots of a task. Messages arrive in causal order;
 * own slots iterate as the lag rule and run_ahead allow. Everything here is synchronous: what needs a map that is no longer in
 * memory throws MissingMap before it has changed anything but where K stands, and is called again when the map was lent.
 */
import { equalBytes } from "#kernel/bytes.js";
import { type Group, groupsOf } from "#engine/quanta.js";
import { type Engine } from "#engine/types.js";
import { type ModelPlan, parseTopology } from "#engine/topology/index.js";
import { type Hash } from "#kernel/crypto.js";
import { nodeCrypto } from "#platform/crypto.js";
import { type Slot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Header } from "#proto/gen/pouw/v1/iteration.js";
import { f32Bytes, NOT_FINITE } from "#protocol/floats.js";
import { decodeHeader, encodeHeader, headerHash } from "#protocol/log/header.js";
import { stepOptionsOf } from "#protocol/tasks/engine-options.js";
import { taskSeed } from "#protocol/state/initial.js";
import { iterate, type IterateInput, type Iterated, loadResidual } from "#protocol/state/iterate.js";
import { Closures, closuresOf, effectiveClock, isReady } from "#protocol/log/lag.js";
import { mapHash } from "#protocol/state/map.js";
import { BatchOrder } from "#protocol/draws/order.js";
import { isTolerant } from "#protocol/tasks/profiles.js";
import { residualLeft } from "#protocol/verification/tolerant.js";
import { rerunTolerant, tolerantClaim } from "#protocol/verification/tolerant-rerun.js";
import { positionOf, residualInterval, roundOf, slotPositions } from "#protocol/log/positions.js";
import { type MissingMap, Replica } from "#protocol/state/replica.js";
import { LogFrontier } from "#protocol/log/log-root.js";
import type { SeenRound } from "#protocol/log/rounds.js";
import { type LentMap, Maps } from "./maps.js";
import { type Applied, type ComputeSetup, type ComputeStart, type FromCompute, LENT_AT_ONCE, type PeerMap, type Raw } from "./protocol.js";

/** a residual that is not hashed is kept too when this much compute lies since the last, ms */
const KEEP_AFTER = 2_000;
/** slot handle of the engine for re-runs: no slot has it */
const SCRATCH = 1 << 20;

/** bytes of maps that stay in memory: what lies between the clocks of iterations that run now, many times over */
const MAP_BYTES = 64 << 20;
/** chain digests that are kept of each slot, at least */
const DIGESTS = 1024;

interface Own {
  last: Header | undefined;
  prev: Uint8Array;
}

/** An own message that is run again, and those before it from a residual on. */
interface Rerunning {
  readonly messages: readonly Raw[];
  next: number;
}

export class Compute {
  protected readonly spec: TaskSpec;
  protected readonly replica: Replica;
  private readonly groups: readonly Group[];
  private readonly maps: Maps;
  private rerunning: Rerunning | undefined;
  private readonly own = new Map<number, Own>();
  private readonly order: BatchOrder;
  private readonly interval: bigint;
  /** own seqs that another run of ours signed and that are not here yet */
  private readonly behind = new Map<number, bigint>();
  private readonly restFrom = new Map<number, bigint>();
  private closures = new Closures();
  private height = 0n;
  private named: SeenRound | undefined;
  private sinceKept = 0;

  constructor(
    protected readonly setup: ComputeSetup,
    private readonly engine: Engine,
    private readonly now: () => number,
    /** another one where hashes are measured */
    private readonly hash: Hash = nodeCrypto,
    mapBytes = MAP_BYTES,
  ) {
    const { id, spec, startBeacon } = setup.task;
    this.spec = spec;
    this.groups = groupsOf(spec.quanta, engine.plan.tensors);
    this.maps = new Maps(spec.slots, mapBytes);
    this.replica = new Replica(hash, engine, spec, taskSeed(hash, startBeacon, id), { window: DIGESTS, rooted: new Set(setup.slots), chainDigestOf: this.maps.chainDigestOf });
    for (const slot of setup.slots) this.own.set(slot, { last: undefined, prev: new Uint8Array(32) });
    this.order = new BatchOrder(hash, startBeacon, id, spec.batches);
    this.interval = residualInterval(engine.plan.parameters, spec.profile);
  }

  static plan(setup: ComputeSetup): ModelPlan {
    return parseTopology(setup.task.spec.topology, { maxParameters: setup.maxParameters });
  }

  get parameters(): number {
    return this.engine.plan.parameters;
  }

  /** What is here of every slot, without the effect of closures. */
  clock(): bigint[] {
    return this.replica.known;
  }

  // ---- what the daemon says ----

  /** A peer's message in causal order, which was checked. Its map is added when an iteration needs it. */
  applyPeer(peer: PeerMap): Applied {
    const { slot, seq } = peer;
    this.replica.record(peer);
    this.maps.push(slot, peer.map);
    return { slot, seq };
  }

  /**
   * An own message, in causal order, that another run of ours signed. Its bytes were checked. It gives the residual that its
   * header names back, which an audit may ask for; in the tolerant profile that is lost where this run's arithmetic leaves
   * another.
   */
  apply(raw: Raw): Applied {
    const header = decodeHeader(raw.header);
    const { slot, seq } = header;
    const own = this.own.has(slot);
    if (own) this.redo(header, raw.map);
    this.enter(header, raw);
    const residual = own && header.residualHash.length === 32 ? f32Bytes(this.engine.residual(slot)).slice() : undefined;
    const lost = residual && isTolerant(this.spec.profile) && !equalBytes(this.hash.sha256(residual), header.residualHash);
    return { slot, seq, residual: lost ? undefined : residual };
  }

  /** The residual after this own seq is kept: no message up to it needs a re-run. */
  expectResidual(slot: number, seq: bigint): void {
    this.restFrom.set(slot, seq);
  }

  /** A message of our own log after a restart. */
  restore(raw: Raw, residual: Uint8Array | undefined): void {
    const header = decodeHeader(raw.header);
    const rest = this.restFrom.get(header.slot) ?? 0n;
    if (this.own.has(header.slot) && header.seq > rest) return void this.apply(raw);
    if (residual) loadResidual(this.engine, header.slot, residual);
    this.enter(header, raw);
  }

  setBehind(slot: number, seq: bigint): void {
    this.behind.set(slot, seq);
  }

  /** `named`: the block that the next headers name. */
  view(height: bigint, named: SeenRound | undefined, slots: readonly Slot[]): void {
    this.height = height;
    this.named = named ?? this.named;
    for (const s of slots) {
      if (s.status === SlotStatus.SLOT_OPEN) continue;
      for (const c of closuresOf([s]).all()) this.closures.add(c);
    }
  }

  // ---- iterating ----

  /** The own slot with the lowest round that may iterate now, or why none may. */
  next(): { slot: number } | { why: string } {
    let why = "all rounds are done";
    let best: { slot: number; seq: bigint } | undefined;
    for (const slot of this.setup.slots) {
      const seq = this.replica.knownSeq(slot) + 1n;
      const blocked = this.blocked(slot, seq);
      if (blocked === undefined) {
        if (!best || seq < best.seq) best = { slot, seq };
      } else if (blocked !== "done") why = blocked;
    }
    return best ?? { why };
  }

  private blocked(slot: number, seq: bigint): string | undefined {
    if (seq > slotPositions(this.spec, slot)) return "done";
    if (this.closures.of(slot, this.height).length > 0) return `slot ${slot} is closed`;
    if (seq <= (this.behind.get(slot) ?? 0n)) return `slot ${slot} waits for its own messages up to ${this.behind.get(slot)}`;
    const round = roundOf(seq);
    if (!this.named) return "the anchored rounds of no block that a header may name are known";
    const { height, lowest } = this.named;
    const first = this.setup.task.startHeight > this.last(slot).height ? this.setup.task.startHeight : this.last(slot).height;
    if (height < first) return `no header may name block ${first} yet`;
    if (round > lowest + this.spec.runAhead) return `round ${round} is more than ${this.spec.runAhead} ahead of the anchored round ${lowest}`;
    return this.isReady(round, height) ? undefined : `slot ${slot} waits for peers before round ${round}`;
  }

  iterate(slot: number): Extract<FromCompute, { kind: "iterated" }> {
    const seq = this.replica.knownSeq(slot) + 1n;
    const { height } = this.named as SeenRound;
    const clock = this.clockFor(slot, height);
    const begun = this.now();
    this.replica.mustHave(clock);
    this.replica.moveTo(clock, this.maps.of);
    const batch = this.batch(slot, seq);
    const input = { replica: this.replica, chainId: this.setup.chainId, taskId: this.setup.task.id, spec: this.spec, slot, seq, height, clock, batch, batchHash: batch.hash, prev: (this.own.get(slot) as Own).prev };
    const made = this.make(input);
    this.sinceKept += this.now() - begun;
    const residual = made.residual ?? (this.sinceKept >= KEEP_AFTER ? f32Bytes(this.engine.residual(slot)).slice() : undefined);
    if (residual) this.sinceKept = 0;
    this.enter(made.header, { header: made.headerBytes, map: made.map }, made.headerHash);
    // a copy: the bytes lie in a pool that would go to the other thread with them
    return { kind: "iterated", slot, seq, header: made.headerBytes.slice(), hash: made.headerHash, map: made.map, residual, ...this.besides(made) };
  }

  /** Begins to run own messages again that follow each other, from the residual before the first of them; none: from the start. */
  beginRerun(messages: readonly Raw[], residual: Uint8Array | undefined): void {
    loadResidual(this.engine, SCRATCH, residual);
    this.rerunning = { messages, next: 0 };
  }

  /** One of them: whether it came out the same, and after the last one the residual; undefined when there is more to do. */
  rerunNext(): { agrees: boolean; residual: Uint8Array } | undefined {
    const r = this.rerunning;
    if (!r) throw new Error("nothing is run again");
    const message = r.messages[r.next];
    if (message) {
      const agrees = this.agrees(decodeHeader(message.header), message.map, SCRATCH);
      r.next++;
      if (agrees && r.next < r.messages.length) return undefined;
      if (!agrees) r.next = -1;
    }
    this.rerunning = undefined;
    const agrees = message !== undefined && r.next > 0;
    return { agrees, residual: agrees ? f32Bytes(this.engine.residual(SCRATCH)).slice() : new Uint8Array(0) };
  }

  // ---- memory ----

  /** Whether maps take more memory than they may: shrink is called, between two messages. */
  get full(): boolean {
    return this.maps.full;
  }

  /** Adds to K what counts, and drops the oldest maps. */
  shrink(): void {
    this.replica.moveTo(effectiveClock(this.clock(), this.closures, this.height), this.maps.of);
    this.maps.trim();
  }

  lend(slot: number, first: bigint, maps: readonly LentMap[]): void {
    this.maps.lend(slot, first, maps);
  }

  /** Which maps to ask for when one is missing: those that K passes next. */
  wanted({ slot, seq }: MissingMap): { slot: number; first: bigint; last: bigint } {
    const known = this.replica.knownSeq(slot);
    const down = seq <= (this.replica.clock[slot] as bigint);
    const first = down ? (seq > LENT_AT_ONCE ? seq - LENT_AT_ONCE + 1n : 1n) : seq;
    const last = down ? seq : seq + LENT_AT_ONCE - 1n;
    return { slot, first, last: last < known ? last : known };
  }

  /**
   * K and the own residuals, from which a restart goes on; undefined while K does not stand where the residuals do, as after
   * a fault of an own slot.
   */
  snapshot(): { clock: bigint[]; K: Uint8Array; residuals: { slot: number; residual: Uint8Array }[] } | undefined {
    const { clock } = this.replica;
    for (const slot of this.own.keys()) if (clock[slot] !== this.replica.knownSeq(slot)) return undefined;
    const K = this.engine.K;
    const bytes = new Uint8Array(K.buffer, K.byteOffset, K.byteLength).slice();
    return { clock, K: bytes, residuals: [...this.own.keys()].map((slot) => ({ slot, residual: f32Bytes(this.engine.residual(slot)).slice() })) };
  }

  /** Goes on from a snapshot, before anything is restored. */
  startFrom({ slots, K, residuals }: ComputeStart): void {
    const starts = slots.map(({ seq, chainDigest, frontier }) => ({ seq, chainDigest, frontier: frontier && LogFrontier.decode(this.hash, frontier) }));
    this.replica.startAt(starts, new Int32Array(K.slice().buffer));
    slots.forEach(({ seq, header }, slot) => {
      this.maps.startAt(slot, seq);
      const own = this.own.get(slot);
      if (own && header) [own.last, own.prev] = [decodeHeader(header), headerHash(this.hash, header)];
    });
    for (const { slot, residual } of residuals) loadResidual(this.engine, slot, residual);
  }

  /** sha256 of K where all that counts has been added. */
  stateHash(): Uint8Array {
    this.replica.moveTo(effectiveClock(this.clock(), this.closures, this.height), this.maps.of);
    return this.hash.sha256(f32Bytes(this.engine.K));
  }

  // ---- inside ----

  /** Whether the lag rule lets a round begin. */
  protected isReady(round: bigint, height: bigint): boolean {
    return isReady(this.spec, this.closures, round, height, this.clock());
  }

  /** The clock that an own iteration is made at: all that is here. */
  protected clockFor(_slot: number, height: bigint): bigint[] {
    return effectiveClock(this.clock(), this.closures, height);
  }

  protected make(input: IterateInput): Iterated {
    return iterate(input);
  }

  /** What is told besides of an own iteration. */
  protected besides(_made: Iterated): object {
    return {};
  }

  private batch(slot: number, seq: bigint) {
    const number = this.order.batchOf(positionOf(this.spec, slot, seq));
    const batch = this.setup.batches[number];
    if (!batch) throw new Error(`batch ${number} is not here`);
    return batch;
  }

  protected last(slot: number): { clock: readonly bigint[]; height: bigint } {
    return this.own.get(slot)?.last ?? { clock: Array.from({ length: this.spec.slots }, () => 0n), height: 0n };
  }

  /** Runs an own iteration again at its own clock, on the residual of a slot handle. */
  private agrees(header: Header, map: Uint8Array, residual: number): boolean {
    this.replica.moveTo(effectiveClock(header.clock, this.closures, header.height), this.maps.of);
    if (isTolerant(this.spec.profile)) return this.agreesWithin(header, map, residual);
    const r = this.engine.step(this.batch(header.slot, header.seq), residual, stepOptionsOf(this.hash, this.spec, this.engine.plan, this.replica.seed, header.slot, header.seq));
    return equalBytes(mapHash(this.hash, r.map), header.mapHash) && r.isNull === (header.loss === NOT_FINITE);
  }

  /** In the tolerant profile the map stays as it was signed, and the residual is what it leaves of this run's update. */
  private agreesWithin(header: Header, map: Uint8Array, slot: number): boolean {
    const before = this.engine.residual(slot).slice();
    const o = tolerantClaim(this.spec, this.groups, header, map, undefined);
    const { fault, update } = rerunTolerant({ hash: this.hash, engine: this.engine, batch: this.batch(header.slot, header.seq), before, ...o, seed: headerHash(this.hash, encodeHeader(header)) });
    if (!header.null) this.engine.residual(slot).set(residualLeft(before, update, o.claim.k, this.groups));
    return fault === undefined;
  }

  /** Makes the residual of an own iteration again; one that comes out differently means a broken machine. */
  protected redo(header: Header, map: Uint8Array): void {
    if (!this.agrees(header, map, header.slot)) throw new Error(`own message ${header.slot}/${header.seq} does not re-run to the map that was signed`);
  }

  private enter(header: Header, raw: Raw, hash = headerHash(this.hash, raw.header)): void {
    this.replica.record({ slot: header.slot, seq: header.seq, headerHash: hash, mapHash: header.mapHash });
    this.maps.push(header.slot, raw.map);
    const own = this.own.get(header.slot);
    if (!own) return;
    own.last = header;
    own.prev = hash;
  }
}
