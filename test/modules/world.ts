/**
 * A small chain in memory for tests of beacon, supervision and work: the three real modules, real ed25519 signatures,
 * and plain maps behind the ports of the modules that are not under test.
 */
import "#platform/install.js";
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { compareBytes, fromHex, toHex, u32be, u64be } from "#kernel/bytes.js";
import type { BlockInfo, Context, Event, LastVote } from "#kernel/context.js";
import { makeEnvironment } from "#kernel/environment.js";
import { ModuleError } from "#kernel/errors.js";
import type { AppModule } from "#kernel/module.js";
import type { KVStore } from "#kernel/store.js";
import { defineBeacon } from "#modules/beacon/index.js";
import { defineSupervision } from "#modules/supervision/index.js";
import { defineWork } from "#modules/work/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Header, type HeadAttestation, Params, Phase, Role, Seat, type Task, Task as TaskCodec, TaskSpec, Validator, type VerdictCode } from "#proto/gen/pouw.js";
import { encodeVerdicts } from "#protocol/verification/extension.js";
import { encodeHeader, headerHash, headSignBytes } from "#protocol/log/header.js";
import { LogTree } from "#protocol/log/log-root.js";

export const environment = makeEnvironment(nodeCrypto, "pouw");
export const CHAIN = "test-1";

class MemoryStore implements KVStore {
  constructor(readonly map: Map<string, Uint8Array>) {}
  get = (k: Uint8Array) => this.map.get(toHex(k));
  has = (k: Uint8Array) => this.map.has(toHex(k));
  set = (k: Uint8Array, v: Uint8Array) => void this.map.set(toHex(k), Uint8Array.from(v));
  delete = (k: Uint8Array) => void this.map.delete(toHex(k));
  *iterate(start?: Uint8Array, end?: Uint8Array): Iterable<[Uint8Array, Uint8Array]> {
    const from = start ? toHex(start) : "";
    const to = end && toHex(end);
    for (const k of [...this.map.keys()].sort()) if (k >= from && (to === undefined || k < to)) yield [fromHex(k), this.map.get(k) as Uint8Array];
  }
  reverse = (start?: Uint8Array, end?: Uint8Array) => [...this.iterate(start, end)].reverse();
}

export interface Signer {
  key: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}
export function signer(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519") as { publicKey: KeyObject; privateKey: KeyObject };
  return { key: Uint8Array.from(publicKey.export({ format: "der", type: "spki" }).subarray(-32)), sign: (b) => Uint8Array.from(sign(null, b, privateKey)) };
}

/** A slot's own chain of headers, as a miner would write it; `salt` makes another fork. */
export class SlotLog {
  readonly headers: Uint8Array[] = [];
  readonly tree = new LogTree(nodeCrypto);
  constructor(
    readonly slot: number,
    readonly keys: Signer,
    readonly salt = 0,
    readonly taskId = 1n,
  ) {}
  grow(to: number): this {
    while (this.headers.length < to) {
      const seq = BigInt(this.headers.length + 1);
      const header = encodeHeader(Header.create({ version: 1, chainId: CHAIN, taskId: this.taskId, slot: this.slot, seq, round: seq - 1n, overdrive: this.salt, logRoot: this.tree.root() }));
      this.headers.push(header);
      this.tree.append(headerHash(nodeCrypto, header));
    }
    return this;
  }
  bytes(seq: number): Uint8Array {
    return this.grow(seq).headers[seq - 1] as Uint8Array;
  }
  head(seq: number): HeadAttestation {
    const hash = headerHash(nodeCrypto, this.bytes(seq));
    const signature = this.keys.sign(headSignBytes(nodeCrypto, { chainId: CHAIN, taskId: this.taskId, slot: this.slot, seq: BigInt(seq), headerHash: hash }));
    return { slot: this.slot, seq: BigInt(seq), headerHash: hash, signature };
  }
  seen(seq: number): HeadAttestation {
    return { ...this.head(seq), signature: new Uint8Array(0) };
  }
  signed(seq: number) {
    const h = this.head(seq);
    return { seq: h.seq, hash: h.headerHash, signature: h.signature };
  }
  proof(seq: number, head: number): Uint8Array[] {
    return seq >= head ? [] : this.tree.proof(seq - 1, head - 1);
  }
}

export const DEFAULTS = Params.create({
  denom: "upouw", anchorInterval: 5n, stallBlocks: 10n, supervisorStallBlocks: 15n, drawDelay: 2n, claimWindow: 20n, verdictWindow: 30n,
  evidenceTimeout: 20n, maxOpenJobs: 256, auditPpm: 0, targetSpacingMs: 10_000n, retargetClaims: 16n, reward0: 5_000_000n,
  halvingInterval: 210_000n, slashStall: 50_000, slashUnavailable: 100_000, slashResidual: 500_000, slashInvalid: 1_000_000,
  slashEquivocation: 1_000_000, verifiersCut: 100_000, seatUnlockBlocks: 200n, target0: new Uint8Array(32).fill(255),
  auditDeposit: 10_000, auditRequestWindow: 20n,
});

export interface WorldOptions {
  slots?: number;
  supervisors?: number;
  positions?: number; // of every slot
  validators?: number;
  params?: Partial<Params>;
  lag?: number;
  runAhead?: bigint;
  iterationBlocks?: bigint;
}

export class World {
  data = new Map<string, Map<string, Uint8Array>>();
  readonly tasks = new Map<bigint, Task>();
  readonly seats = new Map<string, Seat>();
  readonly balances = new Map<string, bigint>();
  readonly validators: Validator[];
  readonly params: Params;
  readonly slotKeys: Signer[];
  readonly supervisors: string[];
  readonly slashes: { role: Role; index: number; amount: bigint; bountyTo?: string }[] = [];
  readonly ended: bigint[] = [];
  minted = 0n;
  burned = 0n;
  height = 10n;
  timeMs = 1_700_000_000_000n;
  events: Event[] = [];
  pending: LastVote[] = [];
  gasUsed = 0n;
  readonly beacon;
  readonly supervision;
  readonly work;

  constructor(o: WorldOptions = {}) {
    const slots = o.slots ?? 2;
    this.params = { ...DEFAULTS, ...o.params };
    this.slotKeys = Array.from({ length: slots }, signer);
    this.supervisors = Array.from({ length: o.supervisors ?? 3 }, (_, i) => `supervisor${i}`);
    this.validators = Array.from({ length: o.validators ?? 4 }, (_, i) =>
      Validator.create({ operator: `operator${i}`, consensusKey: new Uint8Array(32).fill(i), power: 10n }),
    );
    const self = (): World => this;
    const move = (who: string, amount: bigint) => {
      const next = (self().balances.get(who) ?? 0n) + amount;
      if (next < 0n) throw new Error(`${who} would hold ${next}`);
      self().balances.set(who, next);
    };
    const seatId = (t: bigint, role: Role, index: number) => `${t}/${role}/${index}`;
    const ports = {
      params: { get: () => self().params },
      bank: {
        toPool: (_: Context, from: string, pool: string, a: bigint) => (move(from, -a), move(pool, a)),
        fromPool: (_: Context, pool: string, to: string, a: bigint) => (move(pool, -a), move(to, a)),
        poolBalance: (_: unknown, pool: string) => self().balances.get(pool) ?? 0n,
        mint: (_: Context, pool: string, a: bigint) => (move(pool, a), void (self().minted += a)),
        burn: (_: Context, pool: string, a: bigint) => (move(pool, -a), void (self().burned += a)),
      },
      validators: {
        all: () => [...self().validators],
        byOperator: (_: unknown, a: string) => self().validators.find((v) => v.operator === a),
        byConsensusAddress: (_: unknown, a: Uint8Array) => self().validators.find((v) => compareBytes(v.consensusKey.subarray(0, 20), a) === 0),
        set: (_: unknown, v: Validator) => void self().validators.splice(self().validators.findIndex((w) => w.operator === v.operator), 1, v),
      },
      tasks: {
        get: (_: unknown, id: bigint) => self().tasks.get(id),
        must: (_: unknown, id: bigint) => self().tasks.get(id) as Task,
        set: (_: unknown, t: Task) => void self().tasks.set(t.id, t),
        open: () => [...self().tasks.values()].filter((t) => t.phase !== Phase.PHASE_CLOSED),
        endWithoutSupervisors: (_: unknown, t: Task) => (self().ended.push(t.id), void self().tasks.set(t.id, { ...t, phase: Phase.PHASE_CLOSED, closedHeight: self().height })),
      },
      seats: {
        seats: (_: unknown, t: bigint, role?: Role) => [...self().seats.values()].filter((s) => s.taskId === t && (role === undefined || s.role === role)),
        seat: (_: unknown, t: bigint, role: Role, index: number) => self().seats.get(seatId(t, role, index)),
        set: (_: unknown, s: Seat) => void self().seats.set(seatId(s.taskId, s.role, s.index), s),
        byWorker: (_: unknown, t: bigint, w: string) => [...self().seats.values()].filter((s) => s.taskId === t && s.worker === w),
        slash: (_: unknown, s: Seat, ppm: number, opts: { bountyTo?: string }) => {
          const now = self().seats.get(seatId(s.taskId, s.role, s.index)) as Seat;
          const want = (now.stake * BigInt(ppm)) / 1_000_000n;
          const left = now.stake - now.slashed;
          const amount = want < left ? want : left;
          self().seats.set(seatId(s.taskId, s.role, s.index), { ...now, slashed: now.slashed + amount });
          self().slashes.push({ role: s.role, index: s.index, amount, ...opts });
          return amount;
        },
      },
      get beacon() {
        return self().beacon.keeper;
      },
      get slots() {
        return self().supervision.keeper;
      },
      get work() {
        return self().work.keeper;
      },
    };
    this.beacon = defineBeacon(ports);
    this.supervision = defineSupervision(ports);
    this.work = defineWork(ports);

    const spec = TaskSpec.create({ epochs: 1, batches: slots * (o.positions ?? 100), slots, supervisors: this.supervisors.length, lag: o.lag ?? 1, runAhead: o.runAhead ?? 64n, iterationBlocks: o.iterationBlocks ?? 1n });
    const t: Task = TaskCodec.create({ id: 1n, client: "client", spec, phase: Phase.PHASE_TRAINING, phaseHeight: this.height, startHeight: this.height, flop: 1000n, mintCap: 100_000_000n });
    this.tasks.set(1n, t);
    for (let i = 0; i < slots; i++) ports.seats.set(undefined, Seat.create({ taskId: 1n, role: Role.ROLE_MINER, index: i, worker: `miner${i}`, stake: 1000n, joined: true, sessionKey: (this.slotKeys[i] as Signer).key }));
    this.supervisors.forEach((worker, i) => ports.seats.set(undefined, Seat.create({ taskId: 1n, role: Role.ROLE_SUPERVISOR, index: i, worker, stake: 1000n, joined: true })));
    const ctx = this.ctx();
    for (const m of this.modules) m.initGenesis?.(ctx, undefined);
    this.supervision.keeper.start(ctx, t, ports.seats.seats(undefined, 1n, Role.ROLE_MINER));
  }

  get modules(): AppModule[] {
    return [this.beacon.module, this.supervision.module, this.work.module];
  }
  get task(): Task {
    return this.tasks.get(1n) as Task;
  }
  set(change: Partial<Task>): void {
    this.tasks.set(1n, { ...this.task, ...change });
  }
  seat(role: Role, index: number): Seat {
    return this.seats.get(`1/${role}/${index}`) as Seat;
  }
  slot(i: number) {
    const s = this.supervision.keeper.slot(this.ctx(), 1n, i);
    if (!s?.head) throw new Error(`no slot ${i}`);
    return { ...s, head: s.head };
  }
  log(slot: number, salt = 0): SlotLog {
    return new SlotLog(slot, this.slotKeys[slot] as Signer, salt);
  }

  ctx(): Context {
    const block: BlockInfo = {
      chainId: CHAIN, height: this.height, timeMs: this.timeMs, timeNs: this.timeMs * 1_000_000n, proposer: new Uint8Array(20),
      beaconSignature: new Uint8Array(96).fill(Number(this.height % 251n)), votes: this.pending, totalPower: this.validators.reduce((s, v) => s + v.power, 0n),
    };
    const self = (): World => this;
    const ctx: Context = {
      ...environment,
      block,
      gas: { limit: 1n << 60n, get used() { return self().gasUsed; }, consume: (a) => void (self().gasUsed += a) },
      emit: (e) => void this.events.push(e),
      store: (name) => {
        let m = this.data.get(name);
        if (!m) this.data.set(name, (m = new Map()));
        return new MemoryStore(m);
      },
      branch: () => {
        throw new Error("tests run messages directly");
      },
    };
    return ctx;
  }

  /** One block: begin, messages, end. `verdicts` come from the extensions of the block before. Answers its events. */
  block(run: (w: this) => void = () => {}, verdicts: Record<number, [job: bigint, code: VerdictCode, reason?: number][]> = {}, ms = 1000n): Event[] {
    this.height++;
    this.timeMs += ms;
    this.events = [];
    this.pending = this.validators.map((v, i) => ({
      validator: v.consensusKey.subarray(0, 20), power: v.power,
      extension: verdicts[i] ? encodeVerdicts(verdicts[i].map(([job, code, reason = 0]) => ({ job, code, reason }))) : new Uint8Array(0),
    }));
    this.beacon.module.beginBlock?.(this.ctx());
    this.work.module.beginBlock?.(this.ctx());
    run(this);
    this.supervision.module.endBlock?.(this.ctx());
    this.work.module.endBlock?.(this.ctx());
    const ctx = this.ctx();
    for (const m of this.modules) for (const [name, check] of Object.entries(m.invariants ?? {})) {
      const broken = check(ctx);
      if (broken) throw new Error(`invariant ${m.name}/${name} at ${this.height}: ${broken}`);
    }
    return this.events;
  }
  blocks(n: number, run: (w: this) => void = () => {}): void {
    for (let i = 0; i < n; i++) this.block(run);
  }

  /** Runs a message through its handler, its writes undone when it fails. Answers the response's bytes. */
  send(type: string, m: object): Uint8Array {
    const handler = this.modules.flatMap((x) => x.messages).find((h) => h.typeUrl === `/pouw.v1.${type}`);
    if (!handler) throw new Error(`no handler for ${type}`);
    const before = new Map([...this.data].map(([k, v]) => [k, new Map(v)]));
    try {
      return handler.run(this.ctx(), handler.decode(handler.encode(m))).value;
    } catch (e) {
      this.data = before;
      throw e;
    }
  }
  /** `codespace/code` of the refusal; undefined when the message passed. */
  refusal(type: string, m: object): string | undefined {
    try {
      this.send(type, m);
      return undefined;
    } catch (e) {
      if (e instanceof ModuleError) return `${e.codespace}/${e.code}`;
      throw e;
    }
  }
  anchor(supervisor: number, heads: HeadAttestation[] = [], seen: HeadAttestation[] = []): void {
    this.send("MsgAnchorLog", { supervisor: this.supervisors[supervisor], taskId: 1n, heads, seen });
  }
  /** Every supervisor attests the same heads. */
  anchorAll(heads: HeadAttestation[] = []): void {
    this.supervisors.forEach((_, i) => this.anchor(i, heads));
  }
  query<Q, R>(path: string, request: { encode(q: Q): Uint8Array }, response: { decode(b: Uint8Array): R }, q: Q): R {
    const handler = this.modules.flatMap((m) => m.queries).find((h) => h.path === `/pouw.v1.Query/${path}`);
    if (!handler) throw new Error(`no query ${path}`);
    return response.decode(handler.run(this.ctx(), request.encode(q)));
  }
  dump(): string {
    return JSON.stringify(this.modules.map((m) => m.exportGenesis?.(this.ctx())));
  }
}

export const attributes = (e: Event): Record<string, string> => Object.fromEntries(e.attributes.map((a) => [a.key, a.value]));
export const ofType = (events: Event[], type: string): Record<string, string>[] => events.filter((e) => e.type === type).map(attributes);
export { u32be, u64be };
