/**
 * A test chain that begins with a task in Training, made by genesis: its seats are taken and joined, its slots are there,
 * nothing is anchored yet. All modules are the real ones. Who acts has a name: miner0, supervisor0, client.
 */
import { utf8 } from "#kernel/bytes.js";
import type { BlockInfo, Event } from "#kernel/context.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Seat as WireSeat } from "#proto/gen/pouw/matching/v1/types.js";
import { MsgAnchorLog } from "#proto/gen/pouw/supervision/v1/tx.js";
import { type HeadAttestation, Slot as WireSlot } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase, Task as WireTask } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { Worker as WireWorker } from "#proto/gen/pouw/workers/v1/types.js";
import { toJson } from "#proto/json.js";
import type { Codec } from "#proto/wire.js";
import { headSignBytes } from "#protocol/log/header.js";
import { slotPositions } from "#protocol/log/positions.js";
import { EXACT_PROFILE } from "#protocol/tasks/profiles.js";
import { acceptSpec } from "#protocol/tasks/task-spec.js";
import type { Keepers } from "#app/assemble.js";
import { TestChain, type Verdicts } from "./chain.js";
import { spec } from "./course.js";
import { address, environment } from "./environment.js";
import { appState, DENOM, type ParamsByModule, testValidator } from "./genesis.js";
import { type Signer, signerOf } from "./keys.js";
import { SlotLog } from "./slot-log.js";

type Task = ReturnType<Keepers["tasks"]["must"]>;
type Seat = NonNullable<ReturnType<Keepers["matching"]["seat"]>>;
type Slot = NonNullable<ReturnType<Keepers["supervision"]["slot"]>>;
type State = Record<string, Record<string, unknown>>;

/** Windows of anchors, claims and verdicts as the protocol has them, but for shorter patience; no audits but the least. */
const PARAMS: ParamsByModule = {
  supervision: { anchor_interval: "5", stall_blocks: "10", supervisor_stall_blocks: "15" },
  work: { draw_delay: "2", claim_window: "20", verdict_window: "30", reward0: "5000000" },
  tasks: { seat_unlock_blocks: "200" },
};

/** The newest block of genesis: Training began in it. */
const BEGUN = 10n;
const TASK = 1n;
/** of every seat */
const STAKE = 1_000n;
const FEE = 500_000_000n;
const BURNED = 100_000_000n;
const BOND = 100_000_000n;

export interface TrainingOptions {
  /** 2 without it */
  readonly slots?: number;
  /** how many, or who has each seat; 3 without it */
  readonly supervisors?: number | readonly string[];
  /** of every slot; 100 without it */
  readonly positions?: number;
  /** with a power of 10 each; 4 without it */
  readonly validators?: number;
  readonly params?: ParamsByModule;
  readonly lag?: number;
  readonly runAhead?: bigint;
  readonly iterationBlocks?: bigint;
  /** Training ends in so many blocks at the latest */
  readonly trainingBlocks?: bigint;
  /** most that is minted for the task */
  readonly mintCap?: bigint;
  readonly funds?: Readonly<Record<string, bigint>>;
  /** So many other tasks in Training, of ids from 2 on: one slot and one supervisor each, all of one party. */
  readonly others?: number;
  /** of the others' slots; as many as the task's without it */
  readonly otherPositions?: number;
  /** Initialisation instead: everybody has joined, no supervisor has confirmed yet */
  readonly initialisation?: boolean;
}

/** What was taken of a seat; a bounty went to who reported it. */
export interface Slash {
  readonly role: Role;
  readonly index: number;
  readonly amount: bigint;
  readonly bounty?: bigint;
}

export class Training extends TestChain {
  /** by slot: what a miner signs its headers with */
  readonly slotKeys: readonly Signer[];
  /** by seat */
  readonly supervisors: readonly string[];
  private readonly o: TrainingOptions;
  private inBlock = false;

  /** `before`: a chain whose export this one begins with. */
  constructor(o: TrainingOptions = {}, before?: TestChain) {
    super({
      crypto: nodeCrypto,
      powers: powersOf(o),
      genesis: before ? (JSON.parse(JSON.stringify(before.exported())) as State) : genesisOf(o),
      initialHeight: (before?.height ?? BEGUN) + 1n,
      ...(before ? { timeMs: before.timeMs } : {}),
    });
    this.o = o;
    this.slotKeys = minersOf(o).map(sessionKey);
    this.supervisors = supervisorsOf(o);
  }

  /** Another chain, which begins with this one's export. */
  imported(): Training {
    return new Training(this.o, this);
  }

  get task(): Task {
    return this.k.tasks.must(this.ctx, TASK);
  }
  seat(role: Role, index: number): Seat {
    const s = this.k.matching.seat(this.ctx, TASK, role, index);
    if (!s) throw new Error(`no seat ${index} of role ${role}`);
    return s;
  }
  slot(i: number): Slot {
    const s = this.k.supervision.slot(this.ctx, TASK, i);
    if (!s) throw new Error(`no slot ${i}`);
    return s;
  }
  /** Sequence number of the anchored head, 0 before any. */
  headSeq(slot: number): bigint {
    return this.slot(slot).head?.seq ?? 0n;
  }
  /** Of all slashes so far those that took something. */
  get slashes(): Slash[] {
    return this.of("slash").map((e) => ({ role: Number(e.role) as Role, index: Number(e.seat), amount: BigInt(e.amount ?? 0), ...(e.bounty === "0" ? {} : { bounty: BigInt(e.bounty ?? 0) }) }));
  }
  /** All that was minted so far. */
  get minted(): bigint {
    return this.of("coinbase").reduce((sum, e) => sum + BigInt((e.amount ?? "0").replace(DENOM, "")), 0n);
  }
  pool(name: string): bigint {
    return this.k.bank.balance(this.ctx, poolAddress(name));
  }
  /** The history of a slot; another salt makes another fork of it. */
  log(slot: number, salt = 0): SlotLog {
    return new SlotLog({ hash: this.environment.crypto, chainId: this.chainId, taskId: TASK, slot, keys: this.slotKeys[slot] as Signer, salt });
  }

  override block(run: (c: this) => void = () => {}, verdicts: Verdicts = {}, change: Partial<BlockInfo> = {}): readonly Event[] {
    const within = (c: this): void => {
      this.inBlock = true;
      try {
        run(c);
      } finally {
        this.inBlock = false;
      }
    };
    return super.block(within, verdicts, change);
  }

  /** `codespace/code` of a refusal. Between blocks it can only be asked of what is refused: nothing is kept of a message there. */
  refusal<M>(codec: Codec<M>, message: Partial<M>): string | undefined {
    const code = this.send(codec, message);
    if (code === undefined && !this.inBlock) throw new Error(`${codec.typeUrl} went through between blocks, where nothing is kept of it`);
    return code;
  }
  /** A message of a supervisor, by its seat. */
  anchor(supervisor: number, heads: HeadAttestation[] = [], seen: HeadAttestation[] = []): void {
    this.must(MsgAnchorLog, { supervisor: this.address(this.supervisors[supervisor] as string), taskId: TASK, heads, seen });
  }
  /** The one supervisor of another task attests a head that its miner signed; nobody has run what it ends. */
  anchorOther(taskId: bigint, seq: bigint): void {
    this.must(MsgAnchorLog, { supervisor: this.address(OTHER_SUPERVISOR), taskId, heads: [this.madeHead(0, seq, { taskId, keys: sessionKey(OTHER_MINER) })], seen: [] });
  }
  /** A signed head with no headers below it: where only the anchor matters. */
  madeHead(slot: number, seq: bigint, of: { readonly taskId: bigint; readonly keys: Signer } = { taskId: TASK, keys: this.slotKeys[slot] as Signer }): HeadAttestation {
    const { crypto } = this.environment;
    const headerHash = crypto.sha256(utf8(`head ${seq}`));
    return { slot, seq, headerHash, signature: of.keys.sign(headSignBytes(crypto, { chainId: this.chainId, taskId: of.taskId, slot, seq, headerHash })) };
  }
  /** Every supervisor attests the same heads. */
  anchorAll(heads: HeadAttestation[] = []): void {
    for (const name of new Set(this.supervisors)) this.anchor(this.supervisors.indexOf(name), heads);
  }
}

const poolAddress = (name: string): string => environment.addresses.module(name);
/** who holds all the seats of the other tasks */
const OTHER_MINER = "other miner";
const OTHER_SUPERVISOR = "other supervisor";
const named = (what: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${what}${i}`);
const minersOf = ({ slots = 2 }: TrainingOptions): string[] => named("miner", slots);
const supervisorsOf = ({ supervisors = 3 }: TrainingOptions): readonly string[] => (typeof supervisors === "number" ? named("supervisor", supervisors) : supervisors);
const powersOf = ({ validators = 4 }: TrainingOptions): bigint[] => Array.from({ length: validators }, () => 10n);
const sessionKey = (name: string): Signer => signerOf(nodeCrypto, `session of ${name}`);

function genesisOf(o: TrainingOptions): State {
  const task = taskOf(o);
  const others = Array.from({ length: o.others ?? 0 }, (_, i) => ({ ...taskOf({ ...o, slots: 1, supervisors: 1, positions: o.otherPositions ?? o.positions }), id: TASK + 1n + BigInt(i) }));
  const tasks = [task, ...others];
  const seats = [...seatsOf(o), ...others.flatMap((t) => seatsOfOther(t.id))];
  const workers = workersOf(seats);
  const slots = o.initialisation ? [] : tasks.flatMap((t) => Array.from({ length: t.spec.slots }, (_, slot) => WireSlot.create({ taskId: t.id, slot, positions: slotPositions(t.spec, slot) })));

  const funds = Object.entries(o.funds ?? {}).map(([name, amount]) => [address(name), amount]);
  const stakes = workers.reduce((sum, w) => sum + w.stake, 0n);
  const balances = { ...Object.fromEntries(funds), [poolAddress("tasks")]: (FEE - BURNED + BOND) * BigInt(tasks.length), [poolAddress("workers")]: stakes };
  const state = appState(environment, { validators: powersOf(o).map((power, i) => testValidator(environment, i, power)), balances, params: merged(PARAMS, o.params ?? {}) });
  const put = (module: string, records: Record<string, unknown>): void => void (state[module] = { ...state[module], ...records });
  put("workers", { workers: workers.map((w) => toJson(WireWorker, w)) });
  put("tasks", { next_id: `${TASK + BigInt(tasks.length)}`, tasks: tasks.map((t) => toJson(WireTask, t)) });
  put("matching", { seats: seats.map((s) => toJson(WireSeat, s)) });
  put("supervision", { slots: slots.map((s) => toJson(WireSlot, s)) });
  return state;
}

/** The first, and of every module what the second names besides. */
const merged = (params: ParamsByModule, more: ParamsByModule): ParamsByModule =>
  Object.fromEntries([...new Set([...Object.keys(params), ...Object.keys(more)])].map((module) => [module, { ...params[module], ...more[module] }]));

function taskOf(o: TrainingOptions) {
  const { slots = 2, positions = 100 } = o;
  const asked = spec(nodeCrypto, {
    slots, batches: slots * positions, supervisors: supervisorsOf(o).length, lag: o.lag ?? 1, runAhead: o.runAhead ?? 64n, iterationBlocks: o.iterationBlocks ?? 1n, trainingBlocks: o.trainingBlocks ?? 7_200n,
  });
  const accepted = acceptSpec(asked, { minFlop: 0n, maxParameters: 1n << 26n, maxSlots: 1024, maxSupervisors: 31, minEvaluators: 1, maxEvaluators: 31, verdictWindow: 30n });
  const training = { phase: Phase.PHASE_TRAINING, deadline: BEGUN + accepted.spec.trainingBlocks, startHeight: BEGUN, startBeacon: nodeCrypto.sha256(utf8("beacon of the start")) };
  const initialisation = { phase: Phase.PHASE_INITIALISATION, deadline: BEGUN + accepted.spec.dataBlocks };
  return {
    ...WireTask.create({
      id: TASK, client: address("client"), fee: FEE, bond: BOND, burned: BURNED, createdHeight: 1n, phaseHeight: BEGUN, parameters: BigInt(accepted.plan.parameters), flop: accepted.flop,
      mintCap: o.mintCap ?? BURNED, seatStakes: [STAKE, STAKE, STAKE], ...(o.initialisation ? initialisation : training),
    }),
    spec: accepted.spec,
  };
}

function seatsOf(o: TrainingOptions): WireSeat[] {
  const confirmed = !o.initialisation;
  return [...minersOf(o).map((name, i) => seatOf(Role.ROLE_MINER, name, i)), ...supervisorsOf(o).map((name, i) => ({ ...seatOf(Role.ROLE_SUPERVISOR, name, i), confirmed }))];
}

const seatOf = (role: Role, name: string, index: number): WireSeat =>
  WireSeat.create({ taskId: TASK, role, index, worker: address(name), stake: STAKE, joined: true, sessionKey: sessionKey(name).key, drawnHeight: 1n, held: true, confirmed: role === Role.ROLE_SUPERVISOR });

const seatsOfOther = (taskId: bigint): WireSeat[] =>
  ([[Role.ROLE_MINER, OTHER_MINER], [Role.ROLE_SUPERVISOR, OTHER_SUPERVISOR]] as const).map(([role, name]) => ({ ...seatOf(role, name, 0), taskId }));

/** Whose stake is all in their seats. */
function workersOf(seats: readonly WireSeat[]): WireWorker[] {
  return [...new Set(seats.map((s) => s.worker))].map((address) => {
    const own = seats.filter((s) => s.worker === address);
    const stake = own.reduce((sum, s) => sum + s.stake, 0n);
    return WireWorker.create({ address, roles: [...new Set(own.map((s) => s.role))], profiles: [EXACT_PROFILE], memory: 1n << 34n, maxSeats: own.length, stake, locked: stake, seats: own.length });
  });
}
