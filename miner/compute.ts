/**
 * The compute thread's machine: one model state and one engine for all own slots of a task. Messages arrive in causal
 * order; own slots iterate as the lag rule and run_ahead allow. Everything here is synchronous.
 */
import { equalBytes } from "#kernel/bytes.js";
import { sha256 } from "#kernel/crypto.js";
import { type Engine } from "#engine/types.js";
import { parseTopology, type ModelPlan } from "#engine/topology/index.js";
import { Header, type Slot, SlotStatus, type TaskSpec } from "#proto/gen/pouw.js";
import { chainDigest, modelDigest } from "#protocol/digest.js";
import { f32Bytes, f32From, millionths, NOT_FINITE } from "#protocol/floats.js";
import { encodeHeader, HEADER_VERSION } from "#protocol/header.js";
import { initialHash, initialWeights, taskSeed } from "#protocol/initial.js";
import { Closures, isReady } from "#protocol/lag.js";
import { LogTree } from "#protocol/log-root.js";
import { EMPTY_MAP, mapHash } from "#protocol/map.js";
import { BatchOrder } from "#protocol/order.js";
import { epochOf, lrBitsAt, positionOf, residualInterval, roundOf, slotPositions } from "#protocol/positions.js";
import { FAULT_FROM } from "./faults.js";
import { type ComputeSetup, type FromCompute, type Raw } from "./protocol.js";

/** a residual that is not hashed is kept too when this much compute lies since the last, ms */
const KEEP_AFTER = 2_000;
/** two below the last block applied (protocol section 4) */
const HEIGHT_LAG = 2n;
/** slot handle of the engine for re-runs: no slot has it */
const SCRATCH = 1 << 20;

interface SlotState {
  /** maps, chain digests and header hashes by seq − 1 */
  readonly maps: Uint8Array[];
  readonly digests: Uint8Array[];
  readonly tree: LogTree;
  prev: Uint8Array;
  /** the newest own header's, for what must not decrease */
  clock: readonly bigint[];
  height: bigint;
}

export class Compute {
  private readonly spec: TaskSpec;
  readonly plan: ModelPlan;
  private readonly w0Hash: Uint8Array;
  private readonly slots: SlotState[];
  private readonly order: BatchOrder;
  private readonly interval: bigint;
  private readonly headers = new Map<string, Header>();
  private readonly behind = new Map<number, bigint>();
  /** clock of the state that is in the engine's K */
  private readonly at: bigint[];
  private closures = new Closures();
  private height = 0n;
  private readonly rounds = new Map<bigint, bigint>();
  private sinceKept = 0;
  /** where the residual of an own slot stands, when a restart begins from a kept one */
  private readonly skipTo = new Map<number, bigint>();

  constructor(
    private readonly setup: ComputeSetup,
    private readonly engine: Engine,
    private readonly now: () => number,
  ) {
    const { spec } = setup.task;
    if (!spec) throw new Error(`task ${setup.task.id} has no spec`);
    this.spec = spec;
    this.plan = engine.plan;
    const w0 = initialWeights(this.plan, taskSeed(setup.task.startBeacon, setup.task.id));
    this.w0Hash = initialHash(w0);
    engine.setQuantum(spec.quantumLog2);
    engine.setInitial(w0);
    this.slots = Array.from({ length: spec.slots }, () => ({ maps: [], digests: [], tree: new LogTree(), prev: new Uint8Array(32), clock: Array.from({ length: spec.slots }, () => 0n), height: 0n }));
    this.at = Array.from({ length: spec.slots }, () => 0n);
    this.order = new BatchOrder(setup.task.startBeacon, setup.task.id, spec.batches);
    this.interval = residualInterval(this.plan.parameters);
  }

  static plan(setup: ComputeSetup): ModelPlan {
    return parseTopology((setup.task.spec as TaskSpec).topology, { maxParameters: setup.maxParameters });
  }

  /** Entries that are here, without the effect of closures. */
  clock(): bigint[] {
    return this.slots.map((s) => BigInt(s.maps.length));
  }

  /** What a header of this height may count: min(c, f) where a slot is closed for a fault. */
  private counted(clock: readonly bigint[], height: bigint): bigint[] {
    return clock.map((c, slot) => {
      const f = this.closures.fault(slot, height);
      return f !== undefined && f < c ? f : c;
    });
  }

  // ---- what the daemon says ----

  /** A message in causal order: a peer's, or an own one that another run signed. Its bytes were checked. */
  apply({ header: bytes, map }: Raw): { slot: number; seq: bigint } {
    const header = Header.decode(bytes);
    const { slot, seq } = header;
    if (this.setup.slots.includes(slot)) this.redo(header);
    this.enter(header, sha256(bytes), map);
    return { slot, seq };
  }

  /** A message of our own log after a restart. A kept residual spares the re-runs before it. */
  restore(raw: Raw, residual: Uint8Array | undefined): void {
    const header = Header.decode(raw.header);
    const { slot, seq } = header;
    if (residual) {
      this.engine.residual(slot).set(f32From(residual));
      this.enter(header, sha256(raw.header), raw.map);
      return;
    }
    if (seq > (this.skipTo.get(slot) ?? 0n)) this.apply(raw);
    else this.enter(header, sha256(raw.header), raw.map);
  }

  /** Own messages up to this seq need no re-run: the residual after it is kept. */
  expectResidual(slot: number, seq: bigint): void {
    this.skipTo.set(slot, seq);
  }

  setBehind(slot: number, seq: bigint): void {
    this.behind.set(slot, seq);
  }

  view(height: bigint, lowestRound: bigint, slots: readonly Slot[]): void {
    this.height = height;
    this.rounds.set(height, lowestRound);
    for (const h of this.rounds.keys()) if (h < height - 100n) this.rounds.delete(h);
    this.closures = new Closures();
    for (const s of slots) {
      if (s.status === SlotStatus.SLOT_OPEN) continue;
      this.closures.add({ slot: s.slot, status: s.status === SlotStatus.SLOT_CLOSED_LATE ? "late" : "fault", closedHeight: s.closedHeight, closedSeq: s.closedSeq });
    }
  }

  // ---- iterating ----

  /** The own slot with the lowest round that may iterate now, or why none may. */
  next(): { slot: number } | { why: string } {
    let why = "all rounds are done";
    let best: { slot: number; seq: bigint } | undefined;
    for (const slot of this.setup.slots) {
      const seq = BigInt((this.slots[slot] as SlotState).maps.length) + 1n;
      const blocked = this.blocked(slot, seq);
      if (blocked === undefined) {
        if (!best || seq < best.seq) best = { slot, seq };
      } else if (blocked !== "done") why = blocked;
    }
    return best ?? { why };
  }

  private blocked(slot: number, seq: bigint): string | undefined {
    const round = roundOf(seq);
    const s = this.slots[slot] as SlotState;
    if (seq > slotPositions(this.spec, slot)) return "done";
    if (this.closures.of(slot, this.height).length > 0) return `slot ${slot} is closed`;
    if (seq <= (this.behind.get(slot) ?? 0n)) return `slot ${slot} waits for its own messages up to ${this.behind.get(slot)}`;
    const height = this.height - HEIGHT_LAG;
    if (height < this.setup.task.startHeight || height < s.height) return `block ${this.setup.task.startHeight + HEIGHT_LAG} is not applied`;
    const lowest = this.rounds.get(height);
    if (lowest === undefined) return `the anchored rounds at ${height} are unknown`;
    if (round > lowest + this.spec.runAhead) return `round ${round} is ahead of the anchored round ${lowest} by more than ${this.spec.runAhead}`;
    if (this.setup.fault === "break-lag" && seq >= FAULT_FROM) return undefined;
    if (!isReady(this.spec, this.closures, round, height, this.clock())) return `slot ${slot} waits for peers before round ${round}`;
    return undefined;
  }

  iterate(slot: number): Extract<FromCompute, { kind: "iterated" }> {
    const s = this.slots[slot] as SlotState;
    const seq = BigInt(s.maps.length) + 1n;
    const height = this.height - HEIGHT_LAG;
    const clock = this.counted(this.clock(), height);
    if (this.setup.fault === "break-lag" && seq >= FAULT_FROM) clock.forEach((c, j) => j !== slot && (clock[j] = this.lagged(c, s.clock[j] as bigint)));
    const begun = this.now();
    const unrun = this.setup.fault === "claim-unrun" && seq >= FAULT_FROM;
    const made = this.compute(slot, seq, clock, slot, unrun);
    let { map } = made;
    if (this.setup.fault === "alter-map" && seq >= FAULT_FROM) map = altered(map);
    const residual = f32Bytes(this.engine.residual(slot));
    const hashed = seq % this.interval === 0n;
    const digest = chainDigest(s.digests.at(-1) ?? new Uint8Array(32), mapHash(map));
    const header = Header.create({
      version: HEADER_VERSION,
      chainId: this.setup.chainId,
      taskId: this.setup.task.id,
      slot,
      seq,
      prev: s.prev,
      round: roundOf(seq),
      height,
      clock,
      batchHash: made.batchHash,
      mapHash: mapHash(map),
      chainDigest: digest,
      modelDigest: this.digestAt(clock, slot, digest),
      logRoot: s.tree.root(),
      residualHash: hashed ? sha256(residual) : new Uint8Array(0),
      loss: made.loss,
      accuracy: made.accuracy,
      overdrive: made.overdrive,
      null: made.isNull,
    });
    const bytes = encodeHeader(header);
    this.sinceKept += this.now() - begun;
    const keep = hashed || this.sinceKept >= KEEP_AFTER;
    if (keep) this.sinceKept = 0;
    const out = { kind: "iterated" as const, slot, seq, header: bytes, map, ...(keep ? { residual: residual.slice() } : {}), ...this.forged(header) };
    this.enter(header, sha256(bytes), map);
    return out;
  }

  /** Whether an own iteration comes out the same again, from the residual after `residualSeq`. */
  rerun(slot: number, seq: bigint, residualSeq: bigint, residual: Uint8Array): boolean {
    const scratch = this.engine.residual(SCRATCH);
    if (residualSeq === 0n) scratch.fill(0);
    else scratch.set(f32From(residual));
    for (let at = residualSeq + 1n; at <= seq; at++) {
      const header = this.headers.get(`${slot}/${at}`);
      if (!header) return false;
      const made = this.compute(slot, at, header.clock, SCRATCH, false);
      if (!equalBytes(mapHash(made.map), header.mapHash) || made.loss !== header.loss) return false;
    }
    return true;
  }

  // ---- inside ----

  private compute(slot: number, seq: bigint, clock: readonly bigint[], residual: number, unrun: boolean) {
    const position = positionOf(this.spec, slot, seq);
    const batch = this.setup.batches[this.order.batchOf(position)];
    if (!batch) throw new Error(`batch ${this.order.batchOf(position)} is not here`);
    if (unrun) return { map: EMPTY_MAP, batchHash: batch.hash, loss: 0, accuracy: 0, overdrive: 0, isNull: false };
    this.moveTo(clock);
    const r = this.engine.step(batch, residual, { lrBits: lrBitsAt(this.spec, epochOf(this.spec, position)), quantumLog2: this.spec.quantumLog2, levels: this.spec.levels });
    const classes = this.spec.loss === 1;
    return {
      map: r.map,
      batchHash: batch.hash,
      loss: r.isNull ? NOT_FINITE : millionths(r.loss),
      accuracy: classes ? millionths(r.correct / this.spec.batchSize) : 0,
      overdrive: r.overdrive,
      isNull: r.isNull,
    };
  }

  /** The residual of an own iteration, by running it again at its own clock. */
  private redo(header: Header): void {
    const made = this.compute(header.slot, header.seq, header.clock, header.slot, false);
    if (!this.setup.fault && !equalBytes(mapHash(made.map), header.mapHash)) throw new Error(`own message ${header.slot}/${header.seq} does not re-run to the map that was signed`);
  }

  private enter(header: Header, hash: Uint8Array, map: Uint8Array): void {
    const s = this.slots[header.slot] as SlotState;
    if (header.seq !== BigInt(s.maps.length) + 1n) throw new Error(`message ${header.slot}/${header.seq} after ${header.slot}/${s.maps.length}`);
    s.digests.push(chainDigest(s.digests.at(-1) ?? new Uint8Array(32), header.mapHash));
    s.maps.push(map);
    s.tree.append(hash);
    s.prev = hash;
    if (!this.setup.slots.includes(header.slot)) return;
    s.clock = header.clock;
    s.height = header.height;
    this.headers.set(`${header.slot}/${header.seq}`, header);
  }

  /** Brings K to a clock by adding and subtracting maps: addition commutes. */
  private moveTo(clock: readonly bigint[]): void {
    for (let slot = 0; slot < clock.length; slot++) {
      const { maps } = this.slots[slot] as SlotState;
      const want = clock[slot] as bigint;
      for (; (this.at[slot] as bigint) < want; this.at[slot] = (this.at[slot] as bigint) + 1n) this.engine.addMap(maps[Number(this.at[slot])] as Uint8Array, this.spec.levels, 1);
      for (; (this.at[slot] as bigint) > want; this.at[slot] = (this.at[slot] as bigint) - 1n) this.engine.addMap(maps[Number(this.at[slot]) - 1] as Uint8Array, this.spec.levels, -1);
    }
  }

  /** After this iteration: own entry one higher than in the clock. */
  private digestAt(clock: readonly bigint[], own: number, ownDigest: Uint8Array): Uint8Array {
    const zero = new Uint8Array(32);
    return modelDigest(this.w0Hash, clock.map((c, slot) => (slot === own ? ownDigest : c === 0n ? zero : ((this.slots[slot] as SlotState).digests[Number(c) - 1] as Uint8Array))));
  }

  /** sha256 of K at the counted clock of all that is here. */
  stateHash(): Uint8Array {
    this.moveTo(this.counted(this.clock(), this.height));
    return sha256(f32Bytes(this.engine.K));
  }

  // ---- planted faults (miner/faults.ts) ----

  private lagged(c: bigint, before: bigint): bigint {
    const old = c - BigInt(this.spec.lag) - 2n;
    return old > before ? old : before;
  }

  private forged(header: Header): { second?: Uint8Array } {
    if (this.setup.fault !== "equivocate" || header.seq < FAULT_FROM) return {};
    return { second: encodeHeader({ ...header, loss: (header.loss ^ 1) >>> 0 }) };
  }
}

/** One entry's sign turned, or one entry made up where there is none: still canonical for levels = 1. */
function altered(map: Uint8Array): Uint8Array {
  if (map.length === 1 && map[0] === 0) return Uint8Array.of(1, 0, 0);
  const out = map.slice();
  const last = out.length - 1;
  out[last] = (out[last] as number) ^ 1; // the first sign of the last byte of signs: there is at least one
  return out;
}
