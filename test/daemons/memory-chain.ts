/**
 * The queries and messages of the chain that the daemons of one task use, in memory, with a block whenever `block()` is
 * called. Only what the chain answers is imitated; everything between the daemons is real.
 */
import { toHex } from "#kernel/bytes.js";
import { type BlockHeader, type Chain, ChainError, type Message, type Sender, type TxResult } from "#client/chain/types.js";
import { nodeCrypto } from "#platform/crypto.js";
import {
  type AttestedHead,
  type Job,
  type MsgAnchorLog,
  type MsgJoinTask,
  type MsgReportEquivocation,
  type MsgSubmitWork,
  Params,
  Phase,
  QueryTaskStateResponse,
  Role,
  Seat,
  Slot,
  type Task,
} from "#proto/gen/pouw.js";
import { verifyHead } from "#protocol/log/header.js";
import { slotPositions } from "#protocol/log/positions.js";

interface Snapshot {
  readonly state: QueryTaskStateResponse;
}

export class MemoryChain implements Chain {
  readonly chainId = "daemons-1";
  readonly params = Params.create({
    denom: "upouw",
    anchorInterval: 2n,
    drawDelay: 2n,
    claimWindow: 20n,
    maxParameters: 1n << 26n,
    seatUnlockBlocks: 200n,
  });
  height = 10n;
  genesis = new Uint8Array(32).fill(1);
  target = 0n;
  readonly workers = new Map<string, Message>();
  readonly claims: MsgSubmitWork[] = [];
  readonly reports: MsgReportEquivocation[] = [];
  readonly refused: string[] = [];
  readonly jobs: Job[] = [];
  /** how many MsgAnchorLog were executed */
  anchorMessages = 0;
  private readonly anchors = new Map<number, { height: bigint; seq: bigint; hash: Uint8Array }[]>();
  private readonly attestations = new Map<string, AttestedHead[]>();
  private readonly history = new Map<bigint, Snapshot>();
  private waiting: (() => void)[] = [];
  private readonly slots: Slot[];

  constructor(
    readonly task: Task,
    readonly seats: Seat[],
  ) {
    this.slots = Array.from({ length: task.spec?.slots ?? 0 }, (_, slot) => Slot.create({ taskId: task.id, slot, positions: slotPositions(task.spec as never, slot) }));
    this.snapshot();
  }

  headOf(slot: number): bigint {
    return this.slots[slot]?.head?.seq ?? 0n;
  }

  /** Ends a block: phases, anchored heads. */
  block(): void {
    this.height++;
    const t = this.task;
    const supervisors = this.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR);
    if (t.phase === Phase.PHASE_INITIALISATION && this.seats.every((s) => s.joined) && supervisors.filter((s) => s.confirmed).length * 2 > supervisors.length) {
      t.phase = Phase.PHASE_TRAINING;
      t.startHeight = this.height;
      t.startBeacon = this.beacon(this.height);
    }
    if (t.phase === Phase.PHASE_TRAINING) {
      for (const s of this.slots) this.advance(s, supervisors.length);
      if (this.slots.every((s) => s.head?.seq === s.positions)) t.phase = Phase.PHASE_SETTLING;
    }
    this.snapshot();
    for (const wake of this.waiting.splice(0)) wake();
  }

  private advance(s: Slot, seated: number): void {
    const votes = new Map<string, { supervisors: Set<number>; head: AttestedHead }>();
    for (const list of this.attestations.values()) {
      for (const a of list) {
        if (a.slot !== s.slot || a.seq <= (s.head?.seq ?? 0n)) continue;
        const key = `${a.seq}/${toHex(a.hash)}`;
        const v = votes.get(key) ?? { supervisors: new Set(), head: a };
        v.supervisors.add(a.supervisor);
        votes.set(key, v);
      }
    }
    let best: AttestedHead | undefined;
    for (const v of votes.values()) if (v.supervisors.size * 2 > seated && (!best || v.head.seq > best.seq)) best = v.head;
    if (!best) return;
    s.head = { height: this.height, seq: best.seq, hash: best.hash };
    const kept = this.anchors.get(s.slot) ?? [];
    kept.push(s.head);
    this.anchors.set(s.slot, kept);
  }

  beacon(height: bigint): Uint8Array {
    return nodeCrypto.sha256(new TextEncoder().encode(`beacon ${height}`));
  }

  private snapshot(): void {
    const open = this.slots.map((s) => s.head?.seq ?? 0n);
    const attested = new Map<string, AttestedHead>();
    for (const list of this.attestations.values()) for (const a of list) {
      const k = `${a.supervisor}/${a.slot}`;
      if (a.seq > (attested.get(k)?.seq ?? 0n)) attested.set(k, a);
    }
    const state = QueryTaskStateResponse.create({
      task: { ...this.task },
      seats: this.seats.map((s) => ({ ...s })),
      slots: this.slots.map((s) => ({ ...s })),
      height: this.height,
      lowestAnchoredRound: open.reduce((a, b) => (b < a ? b : a), open[0] ?? 0n) - 1n,
      attested: [...attested.values()],
    });
    this.history.set(this.height, { state: QueryTaskStateResponse.decode(QueryTaskStateResponse.encode(state)) });
  }

  async query(path: string, _request: unknown, q: any, _response: unknown, height?: bigint): Promise<any> {
    const value = this.answer(path, q, height === undefined || height === 0n ? this.height : height);
    return { value, height: this.height };
  }

  private answer(path: string, q: any, height: bigint): unknown {
    switch (path) {
      case "/pouw.v1.Query/Params":
        return { params: this.params };
      case "/pouw.v1.Query/Worker":
        throw new ChainError("workers", 1, `no worker ${q.address}`);
      case "/pouw.v1.Query/Seats":
        return { seats: this.seats.filter((s) => s.worker === q.worker) };
      case "/pouw.v1.Query/TaskState": {
        const s = this.history.get(height);
        if (!s) throw new ChainError("sdk", 18, `no state at ${height}`);
        return s.state;
      }
      case "/pouw.v1.Query/Anchors":
        return { heads: this.anchors.get(q.slot) ?? [] };
      case "/pouw.v1.Query/Beacon":
        return { height: q.height, beacon: this.beacon(q.height) };
      case "/pouw.v1.Query/Jobs":
        return { jobs: this.jobs };
      case "/pouw.v1.Query/MiningInfo":
        return { target: Buffer.from(this.target.toString(16).padStart(64, "0"), "hex") };
      default:
        throw new ChainError("sdk", 6, `unknown query ${path}`);
    }
  }

  async latest(): Promise<BlockHeader> {
    return { height: this.height, timeMs: 0, appHash: new Uint8Array(32) };
  }

  async genesisHash(): Promise<Uint8Array> {
    return this.genesis;
  }

  async *blocks(signal: AbortSignal): AsyncGenerator<BlockHeader> {
    for (let at = this.height; !signal.aborted; ) {
      for (; at <= this.height; at++) yield { height: at, timeMs: 0, appHash: new Uint8Array(32) };
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  sender(address: string): Sender {
    return {
      address,
      send: async ([m]) => {
        const why = this.execute(address, m as Message);
        if (why !== undefined) this.refused.push(`${(m as Message).codec.typeUrl}: ${why}`);
        return { hash: "", height: this.height + 1n, code: why === undefined ? 0 : 1, codespace: "test", log: why ?? "", gasUsed: 0n, events: [], responses: [] } satisfies TxResult;
      },
    };
  }

  private execute(address: string, m: Message): string | undefined {
    const v = m.value as any;
    switch (m.codec.typeUrl) {
      case "/pouw.v1.MsgRegisterWorker":
        this.workers.set(address, m);
        return undefined;
      case "/pouw.v1.MsgJoinTask": {
        const j = v as MsgJoinTask;
        for (const s of this.seats) if (s.worker === address) Object.assign(s, { joined: true, sessionKey: j.sessionKey, endpoint: j.endpoint });
        return undefined;
      }
      case "/pouw.v1.MsgConfirmData":
        for (const s of this.seats) if (s.worker === address && s.role === Role.ROLE_SUPERVISOR) s.confirmed = true;
        return undefined;
      case "/pouw.v1.MsgAnchorLog":
        return this.anchor(address, v as MsgAnchorLog);
      case "/pouw.v1.MsgSubmitWork":
        this.claims.push(v as MsgSubmitWork);
        return undefined;
      case "/pouw.v1.MsgReportEquivocation":
        this.reports.push(v as MsgReportEquivocation);
        return undefined;
      default:
        return `unknown message ${m.codec.typeUrl}`;
    }
  }

  private anchor(address: string, a: MsgAnchorLog): string | undefined {
    this.anchorMessages++;
    const list = this.attestations.get(address) ?? [];
    this.attestations.set(address, list);
    const index = this.seats.find((s) => s.worker === address && s.role === Role.ROLE_SUPERVISOR)?.index ?? 0;
    for (const h of a.heads) {
      const key = this.seats.find((s) => s.role === Role.ROLE_MINER && s.index === h.slot)?.sessionKey as Uint8Array;
      const head = { chainId: this.chainId, taskId: a.taskId, slot: h.slot, seq: h.seq, headerHash: h.headerHash };
      if (!verifyHead(nodeCrypto, key, head, h.signature)) return `signature of ${h.slot}/${h.seq}`;
    }
    for (const h of [...a.heads, ...a.seen]) list.push({ supervisor: index, slot: h.slot, seq: h.seq, hash: h.headerHash });
    return undefined;
  }
}
