/**
 * One mined task as a machine: which messages are applied, which supervisors are read, what is signed, claimed and reported.
 * Pure (protocol/machine.ts); task.ts is its driver. Iterations are made by the compute thread, itself a machine
 * (compute.ts). One call does the work of one input, and judges at most BATCH messages.
 */
import { started, type TaskView } from "#protocol/tasks/task-view.js";
import type { Group } from "#engine/quanta.js";
import type { Crypto } from "#kernel/crypto.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { type AnchoredHead, type Slot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import type { SlotTip } from "#protocol/log/check.js";
import { decodeHeader } from "#protocol/log/header.js";
import { type Equivocation, type Gap, Intake, type Offer, type SlotLog } from "#protocol/log/intake.js";
import { LogFrontier } from "#protocol/log/log-root.js";
import type { Outcome } from "#protocol/log/outcomes.js";
import { RoundHistory, type RoundRun } from "#protocol/log/rounds.js";
import type { Machine } from "#protocol/machine.js";
import { type ClaimEffect, type ClaimFacts, Claims, type Drawn } from "./claims.js";
import { HubChoice } from "./hubs.js";

export interface MinerFacts {
  readonly chainId: string;
  /** our address */
  readonly worker: string;
  /** that this miner computes */
  readonly profiles: readonly string[];
  readonly parameters: number;
  /** the task's quanta, laid out over the model's tensors */
  readonly groups: readonly Group[];
  /** of chain parameters */
  readonly drawDelay: bigint;
  readonly claimWindow: bigint;
}

/** Where a slot's log ends on disk. */
export interface OpenedSlot {
  readonly tip: SlotTip;
  /** LogFrontier.encode */
  readonly frontier: Uint8Array;
}

export type MinerInput =
  | { readonly kind: "view"; readonly view: TaskView }
  /** the log is open: its own part is sent from here on */
  | { readonly kind: "opened"; readonly slots: readonly OpenedSlot[]; readonly rounds: readonly RoundRun[] }
  /** the data is here: from here on messages can be judged */
  | { readonly kind: "data"; readonly batchHashes: readonly Uint8Array[] }
  | { readonly kind: "message"; readonly id: number; readonly message: Iteration }
  | { readonly kind: "looked"; readonly ticket: number; readonly hash?: Uint8Array | undefined }
  | { readonly kind: "verified"; readonly good: readonly { readonly ticket: number; readonly good: boolean }[] }
  | { readonly kind: "more" }
  | { readonly kind: "round"; readonly height: bigint; readonly lowest?: bigint | undefined }
  /** an own iteration that the compute thread made */
  | { readonly kind: "iterated"; readonly slot: number; readonly seq: bigint; readonly header: Uint8Array; readonly hash: Uint8Array; readonly map: Uint8Array }
  | { readonly kind: "anchors"; readonly slot: number; readonly heads?: readonly AnchoredHead[] | undefined }
  | { readonly kind: "draw"; readonly drawn?: Drawn | undefined }
  | { readonly kind: "reran"; readonly agrees: boolean }
  | { readonly kind: "sent"; readonly what: Transaction["what"]; readonly slot?: number | undefined; readonly ok: boolean };

export type Transaction =
  | { readonly what: "join" }
  | { readonly what: "submit"; readonly slots: readonly number[]; readonly clock: readonly bigint[] }
  | ({ readonly what: "equivocation" } & Equivocation);

export type MinerEffect =
  | { readonly do: "settle"; readonly id: number; readonly outcome: Outcome }
  | { readonly do: "lookup"; readonly ticket: number; readonly slot: number; readonly seq: bigint }
  | { readonly do: "verify"; readonly ticket: number; readonly key: Uint8Array; readonly message: Uint8Array; readonly signature: Uint8Array }
  /** logs the message and gives it to the compute thread, both in this order; `own` was signed by another run of ours */
  | { readonly do: "apply"; readonly slot: number; readonly seq: bigint; readonly message: Iteration; readonly hash: Uint8Array; readonly mapHash: Uint8Array; readonly own: boolean }
  /** signs and logs an own iteration; it is sent when it is on disk */
  | { readonly do: "sign"; readonly slot: number; readonly seq: bigint; readonly header: Uint8Array; readonly hash: Uint8Array; readonly map: Uint8Array }
  | { readonly do: "more" }
  | { readonly do: "open"; readonly slots: readonly number[] }
  /** to the compute thread */
  | { readonly do: "view"; readonly height: bigint; readonly lowestRound: bigint; readonly slots: readonly Slot[] }
  /** links to these supervisors; the logs of those named in `read` are read */
  | { readonly do: "connect"; readonly supervisors: readonly { readonly worker: string; readonly endpoint: string; readonly index: number }[]; readonly read: readonly string[] }
  | { readonly do: "fill"; readonly gaps: readonly { readonly slot: number; readonly from: bigint; readonly to: bigint }[] }
  | { readonly do: "askRound"; readonly height: bigint }
  | { readonly do: "keepRound"; readonly run: RoundRun }
  | { readonly do: "transact"; readonly tx: Transaction }
  | ClaimEffect
  | { readonly do: "note"; readonly level: "warn" | "error"; readonly text: string; readonly slot?: number | undefined; readonly seq?: bigint | undefined; readonly why?: string | undefined };

/** Messages that are judged in one call. */
const BATCH = 64;
/** Rounds of blocks that are asked for at one time. */
const MAX_ROUNDS_ASKED = 8;
/** Blocks between two attempts to report one equivocation. */
const REPORT_AGAIN = 3n;

export class MinerMachine implements Machine<MinerInput, MinerEffect> {
  #view: TaskView | undefined;
  #own: readonly number[] = [];
  #opened: Extract<MinerInput, { kind: "opened" }> | undefined;
  #opening = false;
  #declined = false;
  #intake: Intake | undefined;
  #batchHashes: readonly Uint8Array[] | undefined;
  #rounds = new RoundHistory();
  #claims: Claims | undefined;
  readonly #hubs = new HubChoice();
  readonly #flying = new Set<Transaction["what"]>();
  readonly #askedRounds = new Set<bigint>();
  /** by ticket: the message's id */
  readonly #ids = new Map<number, number>();
  /** by slot: proof of its equivocation, and when it was last sent */
  readonly #proofs = new Map<number, { readonly proof: Equivocation; sentAt: bigint }>();

  constructor(
    private readonly crypto: Crypto,
    private readonly facts: MinerFacts,
  ) {}

  step(input: MinerInput, _now: number): MinerEffect[] {
    const out: MinerEffect[] = [];
    switch (input.kind) {
      case "view":
        this.#onView(input.view, out);
        break;
      case "opened":
        this.#onOpened(input, out);
        break;
      case "data":
        this.#batchHashes = input.batchHashes;
        this.#begin(out);
        break;
      case "message":
        // the driver brings none before the data is here
        if (!this.#intake) out.push({ do: "settle", id: input.id, outcome: "full" });
        else this.#offered(input.id, this.#intake.offer(input.message), out);
        break;
      case "looked":
        this.#offered(this.#settling(input.ticket), (this.#intake as Intake).looked(input.ticket, input.hash), out);
        break;
      case "verified":
        for (const v of input.good) this.#onVerified(v.ticket, v.good, out);
        this.#take(out);
        break;
      case "more":
        this.#take(out);
        break;
      case "round":
        this.#onRound(input.height, input.lowest, out);
        break;
      case "iterated":
        this.#onIterated(input, out);
        break;
      case "anchors":
        this.#claims?.onAnchors(input.slot, input.heads, out);
        break;
      case "draw":
        this.#claims?.onDraw(input.drawn, out);
        break;
      case "reran":
        this.#onReran(input.agrees, out);
        break;
      case "sent":
        this.#flying.delete(input.what);
    }
    return out;
  }

  /** What is here of every slot, held-back messages included: whoever sends to us begins behind it. */
  clock(): bigint[] {
    return this.#intake?.clock() ?? this.#opened?.slots.map(({ tip }) => tip.seq) ?? [];
  }

  // ---- the chain ----

  #mine(): Seat[] {
    return this.#view?.seats.filter((s) => s.role === Role.ROLE_MINER && s.worker === this.facts.worker).sort((a, b) => a.index - b.index) ?? [];
  }
  #supervisors(): Seat[] {
    return this.#view?.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.joined && s.endpoint !== "" && !s.dropped).sort((a, b) => a.index - b.index) ?? [];
  }

  #onView(view: TaskView, out: MinerEffect[]): void {
    this.#view = view;
    this.#own = this.#mine().map((s) => s.index);
    const { spec, phase } = view.task;
    if (!spec || !this.facts.profiles.includes(spec.profile)) return this.#decline(spec?.profile ?? "none", out);
    const run = this.#rounds.note(view.height, view.lowestRound);
    if (run) out.push({ do: "keepRound", run });
    this.#hubs.note(view);
    if (phase === Phase.PHASE_INITIALISATION && this.#mine().some((s) => !s.joined)) this.#transact({ what: "join" }, out);
    this.#submit(view, out);
    if (!started(view.task) || phase < Phase.PHASE_TRAINING || phase > Phase.PHASE_SETTLING) return;
    if (!this.#opened) {
      if (!this.#opening) out.push({ do: "open", slots: this.#own });
      this.#opening = true;
      return;
    }
    this.#attend(view, out);
  }

  /** Drawn for a profile that it had once: the seat is lost, which costs less than iterations that cannot be made. */
  #decline(profile: string, out: MinerEffect[]): void {
    if (!this.#declined) out.push({ do: "note", level: "error", text: "a seat is not taken: this miner does not compute the task's profile now", why: `${profile}, have ${this.facts.profiles.join(", ")}` });
    this.#declined = true;
  }

  /** At each block: closures, links, gaps, claims. */
  #attend(view: TaskView, out: MinerEffect[]): void {
    const sessionKeys = new Map(view.seats.filter((s) => s.role === Role.ROLE_MINER && s.joined).map((s) => [s.index, s.sessionKey]));
    this.#intake?.setView({ height: view.height, slots: view.slots, sessionKeys });
    out.push({ do: "view", height: view.height, lowestRound: view.lowestRound, slots: view.slots });
    const supervisors = this.#supervisors();
    // nothing is read before it can be judged; what is sent needs no data
    const read = this.#intake ? this.#hubs.choose(view.height, supervisors, this.#own[0] ?? 0, this.clock()) : [];
    out.push({ do: "connect", supervisors: supervisors.map(({ worker, endpoint, index }) => ({ worker, endpoint, index })), read });
    this.#take(out);
    this.#fill(view, out);
    this.#report(view, out);
    this.#claims?.onView(view, out);
  }

  /** What held messages name, or was attested two blocks ago, and no hub has sent: asked of all supervisors. */
  #fill(view: TaskView, out: MinerEffect[]): void {
    const intake = this.#intake;
    if (!intake) return;
    const gaps = new Map(intake.gaps().map((g: Gap) => [g.slot, { slot: g.slot, from: g.from, to: g.to }]));
    const clock = intake.clock();
    for (const [slot, attested] of this.#hubs.attested(view.height)) {
      const to = intake.needed(slot, attested);
      const from = intake.head(slot) + 1n;
      if (to >= from && (clock[slot] ?? 0n) < from) gaps.set(slot, { slot, from, to });
    }
    if (gaps.size > 0) out.push({ do: "fill", gaps: [...gaps.values()] });
  }

  /** Which model the own slots stand for: the last anchored state, said at once, so that nobody waits for the deadline. */
  #submit(view: TaskView, out: MinerEffect[]): void {
    if (view.task.phase !== Phase.PHASE_SUBMISSION) return;
    const wanted = view.slots.filter((s) => this.#own.includes(s.slot) && s.status === SlotStatus.SLOT_OPEN && !view.submissions.some((x) => x.slot === s.slot));
    const clock = view.slots.flatMap((s) => s.finalSeq ?? []);
    // the end of Training gives every slot its last
    if (wanted.length > 0 && clock.length === view.slots.length) this.#transact({ what: "submit", slots: wanted.map((s) => s.slot), clock }, out);
  }

  #transact(tx: Transaction, out: MinerEffect[]): void {
    if (this.#flying.has(tx.what)) return;
    this.#flying.add(tx.what);
    out.push({ do: "transact", tx });
  }

  // ---- messages ----

  #onOpened(input: Extract<MinerInput, { kind: "opened" }>, out: MinerEffect[]): void {
    this.#opened = input;
    const noted = this.#rounds.runs;
    this.#rounds = new RoundHistory(input.rounds);
    for (const r of noted) for (let h = r.from; h <= r.to; h++) this.#rounds.note(h, r.lowest);
    if (this.#view) this.#attend(this.#view, out);
    this.#begin(out);
  }

  /** Log and data are here. */
  #begin(out: MinerEffect[]): void {
    const view = this.#view;
    const task = view && started(view.task);
    if (this.#intake || !this.#opened || !this.#batchHashes || !task) return;
    const { chainId, parameters, groups, drawDelay, claimWindow } = this.facts;
    this.#intake = new Intake({
      crypto: this.crypto,
      chainId,
      taskId: task.id,
      spec: task.spec,
      parameters,
      startHeight: task.startHeight,
      startBeacon: task.startBeacon,
      batchHashes: this.#batchHashes,
      groups,
      logs: this.#opened.slots.map(({ tip, frontier }): SlotLog => ({ tip, tree: LogFrontier.decode(this.crypto, frontier) })),
      lowestRound: (height) => this.#rounds.lowestRound(height),
    });
    const facts: ClaimFacts = { taskId: task.id, flop: task.flop, slots: this.#own, drawDelay, claimWindow };
    this.#claims = new Claims(this.crypto, facts);
    this.#attend(view, out);
  }

  #settling(ticket: number): number {
    const id = this.#ids.get(ticket);
    if (id === undefined) throw new RangeError(`miner: no message waits for ticket ${ticket}`);
    this.#ids.delete(ticket);
    return id;
  }

  #offered(id: number, offer: Offer, out: MinerEffect[]): void {
    if ("outcome" in offer) return void out.push({ do: "settle", id, outcome: offer.outcome });
    this.#ids.set(offer.ticket, id);
    if ("lookup" in offer) out.push({ do: "lookup", ticket: offer.ticket, ...offer.lookup });
    else out.push({ do: "verify", ticket: offer.ticket, ...offer.verify });
  }

  #onVerified(ticket: number, good: boolean, out: MinerEffect[]): void {
    const { outcome, equivocation } = (this.#intake as Intake).verified(ticket, good);
    out.push({ do: "settle", id: this.#settling(ticket), outcome });
    if (!equivocation || this.#proofs.has(equivocation.slot) || this.#own.includes(equivocation.slot)) return;
    out.push({ do: "note", level: "warn", text: "a peer signed two heads at one seq: reporting it", slot: equivocation.slot, seq: equivocation.second.seq });
    this.#proofs.set(equivocation.slot, { proof: equivocation, sentAt: -REPORT_AGAIN });
    if (this.#view) this.#report(this.#view, out);
  }

  #take(out: MinerEffect[]): void {
    const intake = this.#intake;
    if (!intake) return;
    for (const t of intake.take(BATCH)) {
      if ("refused" in t) {
        out.push({ do: "note", level: "warn", text: "a message breaks a rule and is not applied", slot: t.refused.slot, seq: t.refused.seq, why: t.why });
        continue;
      }
      const { slot, seq, message, hash, header } = t.accepted;
      out.push({ do: "apply", slot, seq, message, hash, mapHash: header.mapHash, own: this.#own.includes(slot) });
    }
    for (const height of intake.wantedRounds()) {
      if (this.#askedRounds.size >= MAX_ROUNDS_ASKED) break;
      if (this.#askedRounds.has(height)) continue;
      this.#askedRounds.add(height);
      out.push({ do: "askRound", height });
    }
    if (intake.isReady) out.push({ do: "more" });
  }

  #onRound(height: bigint, lowest: bigint | undefined, out: MinerEffect[]): void {
    this.#askedRounds.delete(height);
    const run = lowest === undefined ? undefined : this.#rounds.note(height, lowest);
    if (run) out.push({ do: "keepRound", run });
    this.#intake?.roundKnown(height);
    this.#take(out);
  }

  /** An own seq is signed once: the compute thread and the log count it together. */
  #onIterated({ slot, seq, header, hash, map }: Extract<MinerInput, { kind: "iterated" }>, out: MinerEffect[]): void {
    const intake = this.#intake as Intake;
    if (seq !== intake.head(slot) + 1n) throw new RangeError(`slot ${slot}: asked to sign seq ${seq} after ${intake.head(slot)}`);
    const decoded: Header = decodeHeader(header);
    intake.advance(decoded, hash);
    out.push({ do: "sign", slot, seq, header, hash, map });
    this.#take(out);
  }

  #onReran(agrees: boolean, out: MinerEffect[]): void {
    const lucky = this.#claims?.onReran(agrees, out);
    if (lucky && !agrees) out.push({ do: "note", level: "error", text: "a lucky iteration does not re-run to the same map: check this machine's memory, it is not claimed", slot: lucky.slot, seq: lucky.seq });
  }

  /** What is proven is reported until the chain has closed the slot. */
  #report(view: TaskView, out: MinerEffect[]): void {
    for (const [slot, p] of this.#proofs) {
      const closed = view.slots.find((s) => s.slot === slot)?.status === SlotStatus.SLOT_CLOSED_FAULT;
      if (closed || this.#flying.has("equivocation") || view.height < p.sentAt + REPORT_AGAIN) continue;
      p.sentAt = view.height;
      this.#transact({ what: "equivocation", ...p.proof }, out);
    }
  }
}
