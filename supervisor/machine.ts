/**
 * One supervised task as a machine: which messages are logged, what is anchored, which gaps are filled, what is reported.
 * Pure (protocol/machine.ts); task.ts is its driver. One call does the work of one input, and judges at most BATCH messages.
 */
import type { Group } from "#engine/quanta.js";
import type { Crypto } from "#kernel/crypto.js";
import { started, type TaskView } from "#protocol/tasks/task-view.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { type Slot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import type { SlotTip } from "#protocol/log/check.js";
import { type Equivocation, type Gap, Intake, type Offer, type SlotLog } from "#protocol/log/intake.js";
import { LogFrontier } from "#protocol/log/log-root.js";
import type { Outcome } from "#protocol/log/outcomes.js";
import { RoundHistory, type RoundRun } from "#protocol/log/rounds.js";
import type { Machine } from "#protocol/machine.js";
import { anchorContent, type AnchorContent, anchorQuestions } from "./anchors.js";

export interface SupervisorFacts {
  readonly chainId: string;
  /** our address */
  readonly worker: string;
  /** where we serve */
  readonly endpoint: string;
  readonly anchorInterval: bigint;
  readonly parameters: number;
  /** the task's quanta, laid out over the model's tensors */
  readonly groups: readonly Group[];
}

/** Where a slot's log ends on disk. */
export interface OpenedSlot {
  readonly tip: SlotTip;
  /** of the head; empty before the first */
  readonly signature: Uint8Array;
  /** LogFrontier.encode */
  readonly frontier: Uint8Array;
}
export interface HeadHash {
  readonly slot: number;
  readonly seq: bigint;
  readonly hash: Uint8Array;
}

export type SupervisorInput =
  | { readonly kind: "view"; readonly view: TaskView }
  /** the log is open: from here on it can be anchored */
  | { readonly kind: "opened"; readonly slots: readonly OpenedSlot[]; readonly rounds: readonly RoundRun[] }
  /** the manifest is here: from here on messages can be judged */
  | { readonly kind: "manifest"; readonly batchHashes: readonly Uint8Array[] }
  | { readonly kind: "dataComplete" }
  /** a message, whoever sent it; `id` comes back with its outcome */
  | { readonly kind: "message"; readonly id: number; readonly message: Iteration }
  | { readonly kind: "looked"; readonly ticket: number; readonly hash?: Uint8Array | undefined }
  | { readonly kind: "verified"; readonly good: readonly { readonly ticket: number; readonly good: boolean }[] }
  /** goes on with what is ready */
  | { readonly kind: "more" }
  /** on disk up to here */
  | { readonly kind: "stored"; readonly slot: number; readonly seq: bigint; readonly signature: Uint8Array }
  | { readonly kind: "storeFailed" }
  | { readonly kind: "round"; readonly height: bigint; readonly lowest?: bigint | undefined }
  | { readonly kind: "hashes"; readonly found: readonly HeadHash[] }
  /** what became of a transaction */
  | { readonly kind: "sent"; readonly what: Transaction["what"]; readonly slot?: number | undefined; readonly ok: boolean };

export type Transaction =
  | { readonly what: "join" }
  | { readonly what: "confirm" }
  | ({ readonly what: "anchor" } & AnchorContent)
  | ({ readonly what: "equivocation" } & Equivocation);

export type SupervisorEffect =
  /** what became of a message */
  | { readonly do: "settle"; readonly id: number; readonly outcome: Outcome }
  | { readonly do: "lookup"; readonly ticket: number; readonly slot: number; readonly seq: bigint }
  | { readonly do: "verify"; readonly ticket: number; readonly key: Uint8Array; readonly message: Uint8Array; readonly signature: Uint8Array }
  | { readonly do: "append"; readonly slot: number; readonly seq: bigint; readonly message: Iteration; readonly hash: Uint8Array }
  | { readonly do: "more" }
  /** to the slot's miner: it is on disk */
  | { readonly do: "acknowledge"; readonly worker: string; readonly slot: number; readonly seq: bigint }
  | { readonly do: "open"; readonly slots: number; readonly startHeight: bigint }
  | { readonly do: "fetchManifest"; readonly endpoints: readonly string[] }
  /** messages are taken from now on */
  | { readonly do: "ready" }
  /** read the logs of these supervisors */
  | { readonly do: "follow"; readonly index: number; readonly supervisors: readonly { readonly worker: string; readonly endpoint: string }[] }
  | { readonly do: "fill"; readonly gaps: readonly FillGap[] }
  | { readonly do: "askRound"; readonly height: bigint }
  | { readonly do: "keepRound"; readonly run: RoundRun }
  | { readonly do: "findHashes"; readonly wanted: readonly { readonly slot: number; readonly seq: bigint }[] }
  | { readonly do: "transact"; readonly tx: Transaction }
  | { readonly do: "note"; readonly level: "warn" | "error"; readonly text: string; readonly slot?: number | undefined; readonly seq?: bigint | undefined; readonly why?: string | undefined };

export interface FillGap {
  readonly slot: number;
  readonly from: bigint;
  readonly to: bigint;
  /** absent where the chain named it */
  readonly namedBy?: number | undefined;
}

/** Messages that are judged in one call. */
const BATCH = 64;
/** Rounds of blocks that are asked for at one time. */
const MAX_ROUNDS_ASKED = 8;
/** Blocks between two attempts to report one equivocation. */
const REPORT_AGAIN = 3n;

export class SupervisorMachine implements Machine<SupervisorInput, SupervisorEffect> {
  #view: TaskView | undefined;
  #opened: Extract<SupervisorInput, { kind: "opened" }> | undefined;
  #intake: Intake | undefined;
  #rounds = new RoundHistory();
  #batchHashes: readonly Uint8Array[] | undefined;
  #dataComplete = false;
  #opening = false;
  /** by slot, what is synced: seq and the signature of that message */
  #synced: { seq: bigint; signature: Uint8Array; hash: Uint8Array }[] = [];
  /** logged and not synced, by slot: hashes by seq */
  readonly #hashes = new Map<number, Map<bigint, Uint8Array>>();
  #attestedUpTo: bigint[] = [];
  #lastAnchor: bigint | undefined;
  #storeFailed = false;
  readonly #flying = new Set<Transaction["what"]>();
  readonly #askedRounds = new Set<bigint>();
  /** by slot: proof of its equivocation, and when it was last sent */
  readonly #proofs = new Map<number, { readonly proof: Equivocation; sentAt: bigint }>();

  constructor(
    private readonly crypto: Crypto,
    private readonly facts: SupervisorFacts,
  ) {}

  step(input: SupervisorInput, _now: number): SupervisorEffect[] {
    const out: SupervisorEffect[] = [];
    switch (input.kind) {
      case "view":
        this.#onView(input.view, out);
        break;
      case "opened":
        this.#onOpened(input, out);
        break;
      case "manifest":
        this.#batchHashes = input.batchHashes;
        this.#begin(out);
        break;
      case "dataComplete":
        this.#dataComplete = true;
        this.#confirm(out);
        break;
      case "message":
        this.#onMessage(input.id, input.message, out);
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
      case "stored":
        this.#onStored(input, out);
        break;
      case "storeFailed":
        if (!this.#storeFailed) out.push({ do: "note", level: "error", text: "the log cannot be written: stop, free the disk, start again" });
        this.#storeFailed = true; // what is anchored must be on disk, so nothing is
        break;
      case "round":
        this.#onRound(input.height, input.lowest, out);
        break;
      case "hashes":
        this.#anchor(input.found, out);
        break;
      case "sent":
        this.#onSent(input);
    }
    return out;
  }

  // ---- what the driver asks ----

  /** What is here of every slot, held-back messages included; undefined before messages can be judged. */
  clock(): bigint[] | undefined {
    return this.#intake?.clock();
  }
  newestHeld(slot: number): Iteration | undefined {
    return this.#intake?.newestHeld(slot);
  }

  // ---- the chain ----

  #mine(): readonly Seat[] {
    return this.#view?.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.worker === this.facts.worker) ?? [];
  }

  #onView(view: TaskView, out: SupervisorEffect[]): void {
    this.#view = view;
    const run = this.#rounds.note(view.height, view.lowestRound);
    if (run) out.push({ do: "keepRound", run });
    if (view.task.phase === Phase.PHASE_INITIALISATION) {
      const seat = this.#mine().find((s) => !s.joined || s.endpoint !== this.facts.endpoint);
      if (seat) this.#transact({ what: "join" }, out);
      this.#confirm(out);
    }
    const task = started(view.task);
    if (!task || view.task.phase < Phase.PHASE_TRAINING) return;
    if (!this.#opened) {
      if (!this.#opening) out.push({ do: "open", slots: task.spec.slots, startHeight: task.startHeight });
      this.#opening = true;
      return;
    }
    if (!this.#intake) {
      const others = view.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.joined && s.worker !== this.facts.worker);
      if (!this.#batchHashes) out.push({ do: "fetchManifest", endpoints: others.map((s) => s.endpoint) });
    } else this.#attend(view, out);
    this.#prepareAnchor(out);
    this.#report(out);
  }

  /** At each block: closures, links, gaps. */
  #attend(view: TaskView, out: SupervisorEffect[]): void {
    const sessionKeys = new Map(view.seats.filter((s) => s.role === Role.ROLE_MINER && s.joined).map((s) => [s.index, s.sessionKey]));
    this.#intake?.setView({ height: view.height, slots: view.slots, sessionKeys });
    this.#take(out);
    const [seat] = this.#mine();
    if (seat) {
      const supervisors = view.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.joined && !s.dropped && s.worker !== seat.worker).map((s) => ({ worker: s.worker, endpoint: s.endpoint }));
      out.push({ do: "follow", index: seat.index, supervisors });
    }
    this.#fill(view.slots, out);
  }

  /** What held messages name and the chain anchored, but this log lacks. */
  #fill(slots: readonly Slot[], out: SupervisorEffect[]): void {
    const intake = this.#intake as Intake;
    const gaps = new Map<number, FillGap>(intake.gaps().map((g: Gap) => [g.slot, g]));
    for (const { slot, head } of slots) {
      const from = intake.head(slot) + 1n;
      const to = intake.needed(slot, head?.seq ?? 0n);
      const known = gaps.get(slot);
      if (to >= from && (known?.to ?? 0n) < to) gaps.set(slot, { slot, from, to, ...(known ? { namedBy: known.namedBy } : {}) });
    }
    if (gaps.size > 0) out.push({ do: "fill", gaps: [...gaps.values()] });
  }

  #confirm(out: SupervisorEffect[]): void {
    if (!this.#dataComplete || this.#view?.task.phase !== Phase.PHASE_INITIALISATION) return;
    if (this.#mine().some((s) => s.joined && !s.confirmed)) this.#transact({ what: "confirm" }, out);
  }

  /** One of each kind at a time; those of one task wait for each other in the sender's queue anyway. */
  #transact(tx: Transaction, out: SupervisorEffect[]): void {
    if (this.#flying.has(tx.what)) return;
    this.#flying.add(tx.what);
    out.push({ do: "transact", tx });
  }

  #onSent({ what, slot, ok }: Extract<SupervisorInput, { kind: "sent" }>): void {
    this.#flying.delete(what);
    if (what === "anchor" && ok) this.#attestedUpTo = this.#sending;
    if (what === "equivocation" && slot !== undefined && !ok && this.#view) {
      const p = this.#proofs.get(slot);
      if (p) p.sentAt = this.#view.height;
    }
  }
  #sending: bigint[] = [];

  // ---- anchors ----

  #prepareAnchor(out: SupervisorEffect[]): void {
    const view = this.#view as TaskView;
    if (view.task.phase > Phase.PHASE_SETTLING || this.#flying.has("anchor") || this.#storeFailed) return;
    const seats = this.#mine();
    if (seats.length === 0 || seats.every((s) => s.dropped)) return;
    if (this.#lastAnchor !== undefined && view.height < this.#lastAnchor + this.facts.anchorInterval) return;
    this.#lastAnchor = view.height;
    this.#flying.add("anchor");
    const mine = new Set(seats.map((s) => s.index));
    out.push({ do: "findHashes", wanted: anchorQuestions(this.#synced, view.slots, view.attested, mine) });
  }

  #anchor(found: readonly HeadHash[], out: SupervisorEffect[]): void {
    const view = this.#view as TaskView;
    const content = anchorContent(this.#synced, found, view.slots, view.attested, new Set(this.#mine().map((s) => s.index)), this.#attestedUpTo);
    this.#sending = this.#synced.map(({ seq }) => seq);
    out.push({ do: "transact", tx: { what: "anchor", ...content } });
  }

  // ---- messages ----

  #onOpened(input: Extract<SupervisorInput, { kind: "opened" }>, out: SupervisorEffect[]): void {
    this.#opened = input;
    this.#synced = input.slots.map(({ tip, signature }) => ({ seq: tip.seq, signature, hash: tip.headerHash }));
    this.#attestedUpTo = input.slots.map(() => 0n);
    const noted = this.#rounds.runs;
    this.#rounds = new RoundHistory(input.rounds);
    for (const r of noted) for (let h = r.from; h <= r.to; h++) this.#rounds.note(h, r.lowest);
    this.#begin(out);
    if (this.#view) {
      if (this.#intake) this.#attend(this.#view, out);
      this.#prepareAnchor(out);
    }
  }

  /** Log and manifest are here. */
  #begin(out: SupervisorEffect[]): void {
    const task = this.#view && started(this.#view.task);
    if (this.#intake || !this.#opened || !this.#batchHashes || !task) return;
    const { chainId, parameters, groups } = this.facts;
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
    out.push({ do: "ready" });
    this.#attend(this.#view as TaskView, out);
  }

  #onMessage(id: number, message: Iteration, out: SupervisorEffect[]): void {
    // the driver brings none before "ready"
    if (!this.#intake) out.push({ do: "settle", id, outcome: "full" });
    else this.#offered(id, this.#intake.offer(message), out);
  }

  /** by ticket: the message's id */
  readonly #ids = new Map<number, number>();
  #settling(ticket: number): number {
    const id = this.#ids.get(ticket);
    if (id === undefined) throw new RangeError(`supervisor: no message waits for ticket ${ticket}`);
    this.#ids.delete(ticket);
    return id;
  }

  #offered(id: number, offer: Offer, out: SupervisorEffect[]): void {
    if ("outcome" in offer) return void out.push({ do: "settle", id, outcome: offer.outcome });
    this.#ids.set(offer.ticket, id);
    if ("lookup" in offer) out.push({ do: "lookup", ticket: offer.ticket, ...offer.lookup });
    else out.push({ do: "verify", ticket: offer.ticket, ...offer.verify });
  }

  #onVerified(ticket: number, good: boolean, out: SupervisorEffect[]): void {
    const { outcome, equivocation } = (this.#intake as Intake).verified(ticket, good);
    out.push({ do: "settle", id: this.#settling(ticket), outcome });
    if (!equivocation || this.#proofs.has(equivocation.slot)) return;
    out.push({ do: "note", level: "warn", text: "a miner signed two heads at one seq: reporting it", slot: equivocation.slot, seq: equivocation.second.seq });
    this.#proofs.set(equivocation.slot, { proof: equivocation, sentAt: -REPORT_AGAIN });
    this.#report(out);
  }

  #take(out: SupervisorEffect[]): void {
    const intake = this.#intake;
    if (!intake) return;
    for (const t of intake.take(BATCH)) {
      if ("refused" in t) {
        out.push({ do: "note", level: "warn", text: "a message breaks a rule and is not logged", slot: t.refused.slot, seq: t.refused.seq, why: t.why });
        continue;
      }
      const { slot, seq, message, hash } = t.accepted;
      const hashes = this.#hashes.get(slot) ?? new Map<bigint, Uint8Array>();
      this.#hashes.set(slot, hashes.set(seq, hash));
      out.push({ do: "append", slot, seq, message, hash });
    }
    for (const height of intake.wantedRounds()) {
      if (this.#askedRounds.size >= MAX_ROUNDS_ASKED) break;
      if (this.#askedRounds.has(height)) continue;
      this.#askedRounds.add(height);
      out.push({ do: "askRound", height });
    }
    if (intake.isReady) out.push({ do: "more" });
  }

  #onRound(height: bigint, lowest: bigint | undefined, out: SupervisorEffect[]): void {
    this.#askedRounds.delete(height);
    const run = lowest === undefined ? undefined : this.#rounds.note(height, lowest);
    if (run) out.push({ do: "keepRound", run });
    this.#intake?.roundKnown(height);
    this.#take(out);
  }

  #onStored({ slot, seq, signature }: Extract<SupervisorInput, { kind: "stored" }>, out: SupervisorEffect[]): void {
    const hashes = this.#hashes.get(slot);
    const hash = hashes?.get(seq);
    hashes?.delete(seq);
    const before = this.#synced[slot];
    if (hash && before && seq > before.seq) this.#synced[slot] = { seq, signature, hash };
    const seat = this.#view?.seats.find((s) => s.role === Role.ROLE_MINER && s.index === slot);
    if (seat) out.push({ do: "acknowledge", worker: seat.worker, slot, seq });
  }

  /** What is proven is reported until the chain has closed the slot. */
  #report(out: SupervisorEffect[]): void {
    const view = this.#view as TaskView;
    for (const [slot, p] of this.#proofs) {
      const closed = view.slots.find((s) => s.slot === slot)?.status === SlotStatus.SLOT_CLOSED_FAULT;
      if (closed || view.task.phase > Phase.PHASE_SETTLING || this.#flying.has("equivocation") || view.height < p.sentAt + REPORT_AGAIN) continue;
      p.sentAt = view.height;
      this.#transact({ what: "equivocation", ...p.proof }, out);
    }
  }
}
