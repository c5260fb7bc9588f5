/** A whole group in one process: real engine, real signatures, messages that arrive late and in any order. */
import "#platform/install.js";
import { groupsOf, oneGroup, type QuantumGroup } from "#engine/quanta.js";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "ava";
import { createEngine } from "#engine/index.js";
import { parseTopology } from "#engine/topology/index.js";
import type { Batch, Engine } from "#engine/types.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Slot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Loss, Optimizer, OptimizerKind, TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { type CheckContext, checkIteration, firstTip, isEquivocation, type SlotTip, tipAfter } from "../log/check.js";
import { batchHash, batchOfSegment, checkSegment, packData, rowShapeOf, type Rows } from "../tasks/data.js";
import { evaluateModel } from "../tasks/evaluation.js";
import { bitsOf } from "../floats.js";
import { chainDigest } from "../state/digest.js";
import { encodeHeader, headerHash, headSignBytes } from "../log/header.js";
import { engineOptionsOf } from "../tasks/engine-options.js";
import { initialWeights, taskSeed } from "../state/initial.js";
import { iterate, residualSeqBefore } from "../state/iterate.js";
import { Intake } from "../log/intake.js";
import { Closures, effectiveClock, isReady } from "../log/lag.js";
import { LocalGroup } from "../state/local-group.js";
import { emptyRoot, LogTree } from "../log/log-root.js";
import { decodeMap, encodeMap, mapHash } from "../state/map.js";
import { BatchOrder } from "../draws/order.js";
import { positionOf, residualInterval, roundOf, slotPositions } from "../log/positions.js";
import { reasonNumber } from "./reasons.js";
import { Replica } from "../state/replica.js";
import { Drbg } from "../draws/drbg.js";
import { verifyIteration, type VerifyInput } from "./verify.js";

const CHAIN = "pouw-test-1";
const TASK = 7n;
const START = 100n;
const BEACON = new Uint8Array(32).fill(9);

const rows: number[][] = readFileSync(new URL("../../data/digits.csv", import.meta.url), "utf8").trim().split("\n").map((l) => l.split(",").map(Number));
const table = (list: number[][]): Rows => ({ rows: list.length, x: Float32Array.from(list.flatMap((r) => r.slice(0, 64).map((v) => v / 16))), y: Int32Array.from(list.map((r) => r[64] as number)) });

function topology(units: number): string {
  const dense = (name: string, n: number, activation: string, first: object = {}) => ({ class_name: "Dense", config: { name, units: n, activation, use_bias: true, ...first } });
  return JSON.stringify({ class_name: "Sequential", config: { name: "model", layers: [dense("a", units, "relu", { batch_input_shape: [null, 64] }), dense("b", 10, "softmax")] } });
}

interface Member {
  engine: Engine;
  replica: Replica;
  intake: Intake;
  /** What it holds by "slot/seq", as it received it. */
  held: Map<string, Iteration>;
  /** Residual bytes by seq, of its own slot. */
  residuals: Map<bigint, Uint8Array>;
}

class Group {
  readonly keys: { privateKey: KeyObject; publicKey: Uint8Array }[];
  readonly batches: Batch[];
  readonly ctx: CheckContext;
  readonly closures = new Closures();
  readonly log = new Map<string, Iteration>();
  readonly tips: SlotTip[];
  readonly roots: Replica;
  height = START;

  private constructor(
    readonly spec: TaskSpec,
    readonly w0: Float32Array,
    readonly members: Member[],
    supervisor: Replica,
    segment: Rows,
    hashes: Uint8Array[],
    public plan: ReturnType<typeof parseTopology>,
  ) {
    this.keys = members.map(() => {
      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      return { privateKey, publicKey: new Uint8Array(publicKey.export({ format: "der", type: "spki" }).subarray(-32)) };
    });
    const shape = rowShapeOf(spec, plan);
    this.batches = hashes.map((_, b) => batchOfSegment(shape, segment, spec.batchSize, b));
    this.roots = supervisor;
    this.tips = members.map(() => firstTip(spec.slots, START, emptyRoot(nodeCrypto)));
    this.ctx = {
      crypto: nodeCrypto,
      chainId: CHAIN,
      taskId: TASK,
      spec,
      parameters: plan.parameters,
      groups: groupsOf(spec.quanta, plan.tensors),
      startHeight: START,
      order: new BatchOrder(nodeCrypto, BEACON, TASK, spec.batches),
      batchHash: (b) => hashes[b] as Uint8Array,
      sessionKey: (slot) => (this.keys[slot] as { publicKey: Uint8Array }).publicKey,
      closures: this.closures,
      lowestAnchoredRound: () => -1n,
    };
  }

  static async create(options: { slots: number; lag: number; epochs: number; batches: number; units?: number; topology?: string; optimizer?: Optimizer; quanta?: (plan: ReturnType<typeof parseTopology>) => QuantumGroup[] }): Promise<Group> {
    const { slots, lag, epochs, batches, optimizer } = options;
    const json = options.topology ?? topology(options.units ?? 16);
    const plan = parseTopology(json, { maxParameters: 1 << 20 });
    const packed = packData(nodeCrypto, { name: "digits", inputShape: [64], targetShape: [], classes: 10, batchSize: 10, validationBatches: 0 }, table(rows.slice(0, batches * 10)));
    const spec = TaskSpec.create({ topology: json, loss: Loss.LOSS_SOFTMAX_CROSS_ENTROPY, batchSize: 10, epochs, batches, slots, lag, lrBits: bitsOf(0.1), quanta: options.quanta?.(plan).map((g) => ({ ...g, tensors: [...g.tensors] })) ?? oneGroup(plan, optimizer ? -9 : -8), runAhead: 1000n, ...(optimizer ? { optimizer } : {}) });
    const segment = checkSegment(nodeCrypto, packed.manifest, rowShapeOf(spec, plan), 0, packed.segments[0] as Uint8Array);
    const w0 = initialWeights(nodeCrypto, plan, taskSeed(nodeCrypto, BEACON, TASK));
    const intake = (): Intake =>
      new Intake({
        crypto: nodeCrypto,
        chainId: CHAIN,
        taskId: TASK,
        spec,
        parameters: plan.parameters,
        startHeight: START,
        startBeacon: BEACON,
        batchHashes: packed.manifest.batchHashes,
        groups: groupsOf(spec.quanta, plan.tensors),
        logs: Array.from({ length: slots }, () => ({ tip: firstTip(slots, START, emptyRoot(nodeCrypto)), tree: new LogTree(nodeCrypto) })),
        lowestRound: () => -1n,
      });
    const member = async (): Promise<Member> => {
      const engine = await createEngine(plan, { ...engineOptionsOf(spec), host: "wasm" });
      return { engine, replica: new Replica(nodeCrypto, engine, spec, taskSeed(nodeCrypto, BEACON, TASK)), intake: intake(), held: new Map(), residuals: new Map() };
    };
    const members = await Promise.all(Array.from({ length: slots }, member));
    return new Group(spec, w0, members, (await member()).replica, segment, packed.manifest.batchHashes, plan);
  }

  async replica(): Promise<Replica> {
    const engine = await createEngine(this.plan, { ...engineOptionsOf(this.spec), host: "wasm" });
    return new Replica(nodeCrypto, engine, this.spec, taskSeed(nodeCrypto, BEACON, TASK));
  }

  signed(header: Header, map: Uint8Array): Iteration {
    const bytes = encodeHeader(header);
    const message = headSignBytes(nodeCrypto, { chainId: CHAIN, taskId: TASK, slot: header.slot, seq: header.seq, headerHash: headerHash(nodeCrypto, bytes) });
    return { header: bytes, map, signature: new Uint8Array(sign(null, message, (this.keys[header.slot] as { privateKey: KeyObject }).privateKey)) };
  }

  /** One iteration of a slot; undefined when it must wait. `change` is what a cheat does to the header before it signs. */
  work(slot: number, change: (header: Header, map: Uint8Array) => { header: Header; map: Uint8Array } = (header, map) => ({ header, map })): Iteration | undefined {
    const m = this.members[slot] as Member;
    const seq = (m.replica.clock[slot] as bigint) + 1n;
    if (seq > slotPositions(this.spec, slot)) return undefined;
    const clock = effectiveClock(m.replica.clock, this.closures, this.height);
    if (!isReady(this.spec, this.closures, roundOf(seq), this.height, clock)) return undefined;
    const number = this.ctx.order.batchOf(positionOf(this.spec, slot, seq));
    const batch = this.batches[number] as Batch;
    const last = m.held.get(`${slot}/${seq - 1n}`);
    const done = iterate({ replica: m.replica, chainId: CHAIN, taskId: TASK, spec: this.spec, slot, seq, height: this.height, clock, batch, batchHash: batchHash(nodeCrypto, batch.x, batch.y), prev: last ? headerHash(nodeCrypto, last.header) : new Uint8Array(32) });
    if (done.residual) m.residuals.set(seq, done.residual);
    const sent = change(done.header, done.map);
    const message = this.signed(sent.header, sent.map);
    this.take(m, message);
    m.intake.advance(sent.header, headerHash(nodeCrypto, message.header));
    return message;
  }

  /** A member applies a message in its turn. */
  take(m: Member, message: Iteration): void {
    const h = Header.decode(message.header);
    m.held.set(`${h.slot}/${h.seq}`, message);
    m.replica.apply({ slot: h.slot, seq: h.seq, headerHash: headerHash(nodeCrypto, message.header), mapHash: mapHash(nodeCrypto, message.map), map: message.map });
  }

  /** Gives a member a message, and lets it apply what is due. */
  deliver(to: number, message: Iteration): void {
    const m = this.members[to] as Member;
    const status = { late: SlotStatus.SLOT_CLOSED_LATE, fault: SlotStatus.SLOT_CLOSED_FAULT };
    m.intake.setView({
      height: this.height,
      slots: this.closures.all().map((c) => Slot.create({ slot: c.slot, status: status[c.status], closedHeight: c.closedHeight, closedSeq: c.closedSeq })),
      sessionKeys: new Map(this.keys.map((k, slot) => [slot, k.publicKey])),
    });
    const offer = m.intake.offer(message);
    if ("verify" in offer) m.intake.verified(offer.ticket, nodeCrypto.verifyEd25519(offer.verify.key, offer.verify.message, offer.verify.signature));
    for (const due of m.intake.take(1_000)) if ("accepted" in due) this.take(m, due.accepted.message);
  }

  /** The supervisor's check; logs what passes. */
  supervise(message: Iteration): string | undefined {
    const { slot } = Header.decode(message.header);
    const result = checkIteration(this.ctx, message, this.tips[slot] as SlotTip);
    if (result.violation) return result.violation.code;
    this.force(message);
    return undefined;
  }

  /** Logs without checking: what a majority of bad supervisors could do. */
  force(message: Iteration): void {
    const header = Header.decode(message.header);
    this.log.set(`${header.slot}/${header.seq}`, message);
    this.roots.record({ slot: header.slot, seq: header.seq, headerHash: headerHash(nodeCrypto, message.header), mapHash: mapHash(nodeCrypto, message.map) });
    this.tips[header.slot] = tipAfter({ header, headerHash: headerHash(nodeCrypto, message.header) }, this.roots.logRoot(header.slot));
  }

  async verify(slot: number, seq: bigint, more: Partial<VerifyInput> = {}) {
    const replica = await this.replica();
    for (let s = 0; s < this.spec.slots; s++) {
      for (let q = 1n; this.log.has(`${s}/${q}`); q++) {
        const message = this.log.get(`${s}/${q}`) as Iteration;
        replica.record({ slot: s, seq: q, headerHash: headerHash(nodeCrypto, message.header), mapHash: mapHash(nodeCrypto, message.map) });
      }
    }
    const from = residualSeqBefore(this.plan.parameters, this.spec.profile, seq);
    return verifyIteration({
      ctx: this.ctx,
      replica,
      iterationOf: (s, q) => this.log.get(`${s}/${q}`),
      slot,
      seq,
      residual: (this.members[slot] as Member).residuals.get(from),
      anchoredSeq: (s) => (this.tips[s] as SlotTip).seq,
      batch: (b) => this.batches[b],
      ...more,
    });
  }

  /** Runs until nothing moves: random slots work, random messages arrive. Answers what supervisors refused. */
  run(seed: number, until = 1_000_000n): string[] {
    const random = new Drbg(nodeCrypto, Uint8Array.of(seed));
    const pick = (n: number) => Number(random.below(BigInt(n)));
    const network: { to: number; message: Iteration }[] = [];
    const refused: string[] = [];
    let idle = 0;
    while (idle < 8 * this.spec.slots || network.length > 0) {
      this.height += 1n;
      const slot = pick(this.spec.slots);
      const clock = (this.members[slot] as Member).replica.clock[slot] as bigint;
      const message = clock < until ? this.work(slot) : undefined;
      if (message) {
        idle = 0;
        const text = this.supervise(message);
        if (text) refused.push(text);
        for (let to = 0; to < this.spec.slots; to++) if (to !== slot) for (let copies = 1 + pick(2); copies > 0; copies--) network.push({ to, message });
      } else idle++;
      for (let n = pick(this.spec.slots * 2); n > 0 && network.length > 0; n--) {
        const [sent] = network.splice(pick(network.length), 1) as [(typeof network)[number]];
        this.deliver(sent.to, sent.message);
      }
    }
    return refused;
  }
}

for (const { slots, lag } of [{ slots: 1, lag: 1 }, { slots: 3, lag: 1 }, { slots: 4, lag: 3 }]) {
  test(`a group of ${slots} at lag ${lag} trains to its end over a shuffling network, all replicas equal, every iteration verified`, async (t) => {
    const g = await Group.create({ slots, lag, epochs: 2, batches: 13 });
    t.deepEqual(g.run(slots), []);
    const ends = Array.from({ length: slots }, (_, s) => slotPositions(g.spec, s));
    const [first] = g.members as [Member];
    for (const m of g.members) {
      t.deepEqual(m.replica.clock, ends);
      t.deepEqual(m.replica.digest(), first.replica.digest());
      t.deepEqual(m.engine.K.slice(), first.engine.K.slice());
      t.deepEqual(m.engine.weights().slice(), first.engine.weights().slice());
    }
    for (let slot = 0; slot < slots; slot++) {
      for (let seq = 1n; seq <= (ends[slot] as bigint); seq++) {
        const verdict = await g.verify(slot, seq);
        t.like(verdict, { code: VerdictCode.VERDICT_VALID, reason: 0 }, JSON.stringify(verdict, (_, v) => (typeof v === "bigint" ? String(v) : v)));
      }
    }
  });
}

test("a model of more than 2^14 parameters is re-run from its last hashed residual", async (t) => {
  const g = await Group.create({ slots: 1, lag: 1, epochs: 2, batches: 20, units: 256 });
  t.is(residualInterval(g.plan.parameters, g.spec.profile), 16n);
  t.deepEqual(g.run(1, 35n), []);
  const [m] = g.members as [Member];
  t.deepEqual([...m.residuals.keys()], [16n, 32n]);
  for (const seq of [1n, 15n, 16n, 17n, 32n, 33n, 35n]) t.like(await g.verify(0, seq), { code: VerdictCode.VERDICT_VALID });
  t.like(await g.verify(0, 20n, { residual: undefined }), { needs: "residual", seq: 16n });
  t.like(await g.verify(0, 20n, { residual: m.residuals.get(32n) }), { needs: "residual", seq: 16n }, "another residual is not it");
  t.like(await g.verify(0, 20n, { residual: null }), { code: VerdictCode.VERDICT_NO_RESIDUAL, reason: reasonNumber("no_residual") });
  t.like(await g.verify(0, 16n, { residual: null }), { code: VerdictCode.VERDICT_VALID }, "the first sixteen begin at zeros");
});

test("Adam's moments and dropout's draws are re-run to the bit, from a residual with the moments behind it", async (t) => {
  const optimizer = Optimizer.create({ kind: OptimizerKind.OPTIMIZER_ADAM, momentumBits: bitsOf(0.9), beta2Bits: bitsOf(0.99), epsilonBits: bitsOf(1e-6), weightDecayBits: bitsOf(0.01), clipNormBits: bitsOf(1) });
  const layers = [{ class_name: "Dense", config: { name: "wide", units: 320, activation: "gelu", batch_input_shape: [null, 64] } }, { class_name: "Dropout", config: { name: "drop", rate: 0.4 } }, { class_name: "Dense", config: { name: "out", units: 10, activation: "softmax" } }];
  const g = await Group.create({ slots: 2, lag: 1, epochs: 7, batches: 10, topology: JSON.stringify({ class_name: "Sequential", config: { layers } }), optimizer });
  t.deepEqual(g.run(3), []);
  const m = g.members[0] as Member;
  const kept = m.residuals.get(16n) as Uint8Array;
  t.is(kept.length, 3 * 4 * g.plan.parameters);
  for (const seq of [1n, 16n, 17n, 33n, 35n]) t.like(await g.verify(0, seq), { code: VerdictCode.VERDICT_VALID });
  const moved = kept.slice();
  moved[8 * g.plan.parameters + 5] = (moved[8 * g.plan.parameters + 5] as number) ^ 1;
  t.like(await g.verify(0, 20n, { residual: moved }), { needs: "residual", seq: 16n }, "a moment that was changed is another residual");
});

test("training on the digits learns, and the model at any clock is scored from the log", async (t) => {
  const g = await Group.create({ slots: 2, lag: 1, epochs: 6, batches: 60, units: 32 });
  t.deepEqual(g.run(5), []);
  const shape = rowShapeOf(g.spec, g.plan);
  const held = table(rows.slice(1500));
  const [a] = g.members as [Member];
  const last = evaluateModel(a.engine, shape, held);
  t.true(last.score > 850_000n, `score ${last.score}`);
  t.is(last.score, (1_000_000n * BigInt(last.correct)) / BigInt(held.rows));
  const K = a.engine.K.slice();
  const maps = (s: number, q: bigint) => g.log.get(`${s}/${q}`)?.map;
  a.replica.moveTo([0n, 0n], maps);
  t.true(evaluateModel(a.engine, shape, held).score < 400_000n);
  t.true(a.engine.K.every((k) => k === 0));
  a.replica.moveTo(slotClock(g), maps);
  t.deepEqual(a.engine.K.slice(), K);
  t.is(evaluateModel(a.engine, shape, held).score, last.score);
});

const slotClock = (g: Group) => Array.from({ length: g.spec.slots }, (_, s) => slotPositions(g.spec, s));

test("a supervisor refuses each broken rule by its name", async (t) => {
  const g = await Group.create({ slots: 2, lag: 1, epochs: 3, batches: 10 });
  g.run(3, 5n);
  g.height += 5n;
  const good = g.work(0) as Iteration;
  const tip = g.tips[0] as SlotTip;
  const base = Header.decode(good.header);
  const byte = (b: Uint8Array) => b.map((v, i) => (i === 0 ? v ^ 1 : v));
  const cases: [string, Partial<Header>][] = [
    ["header", { version: 2 }],
    ["header", { chainId: "other" }],
    ["header", { taskId: 8n }],
    ["header", { slot: 9 }],
    ["header", { prev: new Uint8Array(31) }],
    ["sequence", { seq: 0n }],
    ["sequence", { seq: 10_000n }],
    ["prev", { prev: byte(base.prev) }],
    ["round", { round: base.round + 1n }],
    ["height", { height: START - 1n }],
    ["height", { height: tip.height - 1n }],
    ["clock", { clock: [base.seq] }],
    ["clock", { clock: [base.seq, base.clock[1] as bigint] }],
    ["clock", { clock: [base.clock[0] as bigint, 10_000n] }],
    ["lag", { clock: [base.clock[0] as bigint, 0n] }],
    ["batch_hash", { batchHash: byte(base.batchHash) }],
    ["map", { mapHash: byte(base.mapHash) }],
    ["chain_digest", { chainDigest: byte(base.chainDigest) }],
    ["log_root", { logRoot: byte(base.logRoot) }],
    ["residual_hash", { residualHash: new Uint8Array(0) }],
    ["null", { null: true }],
    ["null", { loss: 2 ** 32 - 1 }],
    ["header", { accuracy: 1_000_001 }],
  ];
  for (const [want, change] of cases) {
    const header = { ...base, ...change };
    const message = header.slot < 2 ? g.signed(header, good.map) : { ...good, header: encodeHeader(header) };
    t.is(checkIteration(g.ctx, message, tip).violation?.code as string, want, JSON.stringify(Object.keys(change)));
  }
  t.is(checkIteration(g.ctx, { ...good, signature: byte(good.signature) }, tip).violation?.code, "signature");
  t.is(checkIteration(g.ctx, { ...good, map: Uint8Array.of(0) }, tip).violation?.code, "map");
  const padded = Uint8Array.of(...good.map, 0);
  t.is(checkIteration(g.ctx, g.signed({ ...base, mapHash: mapHash(nodeCrypto, padded) }, padded), tip).violation?.code, "map");
  t.is(checkIteration({ ...g.ctx, spec: { ...g.spec, runAhead: 4n } }, good, tip).violation?.code, "run_ahead");
  t.is(checkIteration(g.ctx, good, tip).violation, undefined);
});

/** Changes the header of slot 0's next iteration, logs it all the same, and gives the verdict. */
async function cheat(change: (header: Header, map: Uint8Array, g: Group) => { header: Header; map: Uint8Array }) {
  const g = await Group.create({ slots: 2, lag: 1, epochs: 3, batches: 10 });
  g.run(4, 4n);
  const message = g.work(0, (h, m) => change(h, m, g)) as Iteration;
  g.force(message);
  return { g, verdict: await g.verify(0, 5n, { peersComplete: true }) };
}

test("one altered map entry is INVALID", async (t) => {
  const { verdict } = await cheat((header, map, g) => {
    const entries = decodeMap(g.plan.parameters, 1, map);
    (entries[0] as { k: number }).k *= -1;
    const other = encodeMap(g.plan.parameters, 1, entries);
    const digest = mapHash(nodeCrypto, other);
    return { header: { ...header, mapHash: digest, ...digests(g, digest) }, map: other };
  });
  t.like(verdict, { code: VerdictCode.VERDICT_INVALID, reason: reasonNumber("map_hash") });
});

function digests(g: Group, hash: Uint8Array): Pick<Header, "chainDigest" | "modelDigest"> {
  const { replica } = g.members[0] as Member;
  const fork = g.roots;
  fork.record({ slot: 0, seq: 5n, headerHash: hash, mapHash: hash });
  const digest = fork.chainDigestAt(0, 5n) as Uint8Array;
  fork.forget(0, 4n);
  return { chainDigest: digest, modelDigest: replica.digestAt(replica.clock, { slot: 0, chainDigest: digest }) as Uint8Array };
}

for (const [field, change] of [
  ["loss", (h: Header) => ({ ...h, loss: h.loss + 1 })],
  ["accuracy", (h: Header) => ({ ...h, accuracy: h.accuracy ^ 1 })],
  ["overdrive", (h: Header) => ({ ...h, overdrive: h.overdrive + 1 })],
  ["residual_hash", (h: Header) => ({ ...h, residualHash: new Uint8Array(32) })],
  ["prev", (h: Header) => ({ ...h, prev: new Uint8Array(32) })],
  ["batch_hash", (h: Header) => ({ ...h, batchHash: new Uint8Array(32) })],
] as const) {
  test(`another ${field} than the re-run's is INVALID`, async (t) => {
    const { verdict } = await cheat((h, map) => ({ header: change(h), map }));
    t.like(verdict, { code: VerdictCode.VERDICT_INVALID, reason: reasonNumber(field) });
  });
}

test("a forged model digest is INVALID when the peers' messages served are the log's, NO_RESIDUAL when none are", async (t) => {
  const { g, verdict } = await cheat((header, map) => ({ header: { ...header, modelDigest: new Uint8Array(32).fill(1) }, map }));
  t.like(verdict, { code: VerdictCode.VERDICT_NO_RESIDUAL, reason: reasonNumber("no_peers") });
  t.like(await g.verify(0, 5n), { needs: "peers" });
  const peers = [1n, 2n, 3n, 4n].map((q) => g.log.get(`1/${q}`) as Iteration);
  t.like(await g.verify(0, 5n, { peers, peersComplete: true }), { code: VerdictCode.VERDICT_INVALID, reason: reasonNumber("model_digest") });
});

test("what no supervisor serves is UNSERVED", async (t) => {
  const g = await Group.create({ slots: 2, lag: 1, epochs: 3, batches: 10 });
  g.run(4, 4n);
  t.like(await g.verify(0, 3n, { batch: () => null }), { code: VerdictCode.VERDICT_UNSERVED, reason: reasonNumber("no_batch") });
  t.like(await g.verify(0, 3n, { batch: () => undefined }), { needs: "batch", batch: g.ctx.order.batchOf(positionOf(g.spec, 0, 3n)) }, "a batch that is not here is asked for, and is no verdict");
  t.like(await g.verify(0, 3n, { iterationOf: () => undefined }), { code: VerdictCode.VERDICT_UNSERVED, reason: reasonNumber("no_header") });
  const withoutPeerMaps = (s: number, q: bigint) => (s === 1 ? undefined : g.log.get(`${s}/${q}`));
  t.like(await g.verify(0, 3n, { iterationOf: withoutPeerMaps }), { code: VerdictCode.VERDICT_UNSERVED, reason: reasonNumber("no_map") });
  const claimed = headerHash(nodeCrypto, (g.log.get("0/2") as Iteration).header);
  t.like(await g.verify(0, 3n, { claimed }), { code: VerdictCode.VERDICT_INVALID, reason: reasonNumber("claim") });
});

test("an honest miner that saw the other side of a fork is VOID, and the fork is proven; after the fault it continues and is VALID", async (t) => {
  const g = await Group.create({ slots: 2, lag: 1, epochs: 3, batches: 10 });
  g.run(4, 3n);
  // Slot 1 signs two iterations 4: one for the supervisors, one (with an entry turned) for miner 0 alone.
  const before = (g.tips[1] as SlotTip).chainDigest;
  const logged = g.work(1) as Iteration;
  t.is(g.supervise(logged), undefined);
  const header = Header.decode(logged.header);
  const entries = decodeMap(g.plan.parameters, 1, logged.map);
  (entries[0] as { k: number }).k *= -1;
  const otherMap = encodeMap(g.plan.parameters, 1, entries);
  const otherHash = mapHash(nodeCrypto, otherMap);
  const shown = g.signed({ ...header, mapHash: otherHash, chainDigest: chainDigest(nodeCrypto, before, otherHash), overdrive: header.overdrive + 1 }, otherMap);

  g.height += 1n;
  t.is(g.supervise(g.work(0) as Iteration), undefined, "round 3");
  g.deliver(0, shown);
  t.is(g.supervise(g.work(0) as Iteration), undefined, "round 4 counts the fork: logged, for supervisors do not judge states");
  t.like(await g.verify(0, 4n), { code: VerdictCode.VERDICT_VALID });
  t.like(await g.verify(0, 5n), { needs: "peers", slot: 0, seq: 5n });
  const verdict = await g.verify(0, 5n, { peers: [1n, 2n, 3n].map((q) => g.log.get(`1/${q}`) as Iteration).concat(shown) });
  t.like(verdict, { code: VerdictCode.VERDICT_VOID, reason: reasonNumber("other_log") });
  const proof = "equivocation" in verdict ? verdict.equivocation : undefined;
  t.truthy(proof);
  if (proof) t.true(isEquivocation(g.ctx, g.ctx.sessionKey(1), 1, proof.first, proof.second));
  // Nobody can pass off a state that slot 1 never signed.
  const unsigned = { ...shown, signature: logged.signature };
  t.like(await g.verify(0, 5n, { peers: [unsigned], peersComplete: true }), { code: VerdictCode.VERDICT_NO_RESIDUAL });

  // The chain convicts slot 1 at seq 4: f = 3. Miner 0 takes the fork out of its state and goes on alone.
  g.height += 1n;
  g.closures.add({ slot: 1, status: "fault", closedHeight: g.height, closedSeq: 3n });
  const [m] = g.members as [Member];
  m.replica.moveTo(effectiveClock(m.replica.clock, g.closures, g.height), (s, q) => m.held.get(`${s}/${q}`)?.map);
  m.replica.forget(1, 3n);
  for (let seq = 6n; seq <= 8n; seq++) {
    t.is(g.supervise(g.work(0) as Iteration), undefined, `seq ${seq}`);
    t.like(await g.verify(0, seq), { code: VerdictCode.VERDICT_VALID });
  }
  t.is(g.supervise(shown), "closed");
});

test("after a late closure the others go on without the slot's missing rounds", async (t) => {
  const g = await Group.create({ slots: 3, lag: 2, epochs: 3, batches: 10 });
  g.run(6, 4n);
  const before = g.members.map((m, s) => m.replica.clock[s]);
  t.deepEqual(before, [4n, 4n, 4n]);
  t.truthy(g.work(0), "round 4 needs rounds up to 2");
  t.truthy(g.work(0), "round 5 needs rounds up to 3");
  t.is(g.work(0), undefined, "round 6 needs round 4 of all");
  g.height += 1n;
  for (const slot of [1, 2]) g.closures.add({ slot, status: "late", closedHeight: g.height, closedSeq: 4n });
  const message = g.work(0) as Iteration;
  t.truthy(message);
  t.is(Header.decode(message.header).round, 6n);
});

for (const { slots, lag } of [{ slots: 3, lag: 1 }, { slots: 4, lag: 1 }, { slots: 3, lag: 2 }]) {
  test(`a group in one process has the digests of a real one that names the same clocks (${slots} slots, lag ${lag})`, async (t) => {
    const group = await Group.create({ slots, lag, epochs: 2, batches: 10 });
    const real: Header[] = [];
    // Rounds in step: everybody works, then what is `lag` rounds old arrives everywhere.
    const rounds: Iteration[][] = [];
    for (let round = 0; round < Math.ceil(20 / slots); round++) {
      for (const message of rounds[round - lag] ?? []) {
        for (let to = 0; to < slots; to++) if (to !== Header.decode(message.header).slot) group.deliver(to, message);
      }
      const sent = group.members.map((_, slot) => group.work(slot)).filter((m) => m !== undefined);
      rounds.push(sent);
      real.push(...sent.map((m) => Header.decode(m.header)));
    }
    const { engine } = await group.replica();
    const local = new LocalGroup({ hash: nodeCrypto, chainId: CHAIN, taskId: TASK, spec: group.spec, engine, seed: taskSeed(nodeCrypto, BEACON, TASK), beacon: BEACON, height: START, batch: (n) => ({ batch: group.batches[n] as Batch, hash: group.ctx.batchHash(n) }) });
    const headers = [...local.run()].map((i) => i.header);
    t.is(headers.length, 20);
    const facts = (h: Header) => [h.slot, h.seq, h.clock, h.batchHash, h.mapHash, h.modelDigest, h.residualHash, h.loss, h.accuracy];
    t.deepEqual(headers.map(facts), real.map(facts));
    t.deepEqual(local.replica.clock, Array.from({ length: slots }, (_, slot) => slotPositions(group.spec, slot)));
  });
}

const forgeries: readonly [string, (bound: number, i: number) => number][] = [
  ["NaN", () => Number.NaN],
  ["±1e30", (_, i) => (i % 2 === 0 ? 1e30 : -1e30)],
  ["one entry a bit beyond B", (bound, i) => (i === 7 ? bound * (1 + 2 ** -20) : 0)],
];
for (const [what, forged] of forgeries) {
  test(`a forged residual of ${what} is INVALID for every iteration that begins from it, and what follows is no free work`, async (t) => {
    const g = await Group.create({ slots: 1, lag: 1, epochs: 3, batches: 10 });
    g.run(1, 4n);
    const [m] = g.members as [Member];
    const { bound } = g.ctx.groups[0] as { bound: number };
    g.height += 1n;
    // The only forged field of the only bad header: the hash of a state that no iteration left.
    const message = g.work(0, (header, map) => {
      const state = m.engine.residual(0);
      state.forEach((_, i) => (state[i] = forged(bound, i)));
      const bytes = new Uint8Array(state.slice().buffer);
      m.residuals.set(header.seq, bytes);
      return { header: { ...header, residualHash: nodeCrypto.sha256(bytes) }, map };
    }) as Iteration;
    t.is(g.supervise(message), undefined, "no supervisor can tell");
    g.height += 1n;
    const after = g.work(0) as Iteration;
    t.is(g.supervise(after), undefined);
    t.false(Header.decode(after.header).null, "a residual that is no number makes no iteration null");
    // What is no number stays none, and convicts whenever it is served; all else is within the bound again at once.
    if (what !== "NaN") t.true(m.engine.residual(0).every((r) => Math.abs(r) <= bound));
    g.height += 1n;
    t.is(g.supervise(g.work(0) as Iteration), undefined);
    t.like(await g.verify(0, 7n), { code: what === "NaN" ? VerdictCode.VERDICT_INVALID : VerdictCode.VERDICT_VALID });
    t.like(await g.verify(0, 6n), { code: VerdictCode.VERDICT_INVALID, reason: reasonNumber("residual_bounds") });
    t.like(await g.verify(0, 5n), { code: VerdictCode.VERDICT_INVALID, reason: reasonNumber("residual_hash") });
  });
}

test("a group with quanta of its own for each tensor is verified to the bit, over maps of several parts", async (t) => {
  const g = await Group.create({ slots: 2, lag: 1, epochs: 2, batches: 10, quanta: ({ tensors }) => tensors.map((_, i) => ({ tensors: [i], quantumLog2: -7 - i, levels: i % 2 === 0 ? 1 : 3, statistics: false })) });
  t.deepEqual(g.run(7), []);
  t.deepEqual(g.members[0]?.engine.K.slice(), g.members[1]?.engine.K.slice());
  t.true(g.members[0]?.engine.K.some((k) => k !== 0));
  for (const slot of [0, 1]) for (const seq of [1n, 5n, 9n]) t.like(await g.verify(slot, seq), { code: VerdictCode.VERDICT_VALID });
});
