/**
 * One supervised task as a machine: which messages are logged, what is anchored, which gaps are filled, what is reported.
 * Pure (protocol/machine.ts); task.ts is its driver. One call does the work of one input, and judges at most a batch of messages.
 */
import type { Group } from "#engine/quanta.js";
import type { Crypto } from "#kernel/crypto.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import type { Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import type { Accepted, Equivocation, Gap, Intake } from "#protocol/log/intake.js";
import { type Effects, LogReader, type Note, type OpenedSlot, type ReaderEffect, type ReaderInput } from "#protocol/log/reader.js";
import type { RoundRun } from "#protocol/log/rounds.js";
import type { Machine } from "#protocol/machine.js";
import { started, type TaskView } from "#protocol/tasks/task-view.js";
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
export interface SignedSlot extends OpenedSlot {
  /** of the head; empty before the first */
  readonly signature: Uint8Array;
}
export interface HeadHash {
  readonly slot: number;
  readonly seq: bigint;
  readonly hash: Uint8Array;
}

export type SupervisorInput =
  | { readonly kind: "view"; readonly view: TaskView }
  /** the log is open: from here on it can be anchored */
  | { readonly kind: "opened"; readonly slots: readonly SignedSlot[]; readonly rounds: readonly RoundRun[] }
  /** the manifest is here: from here on messages can be judged */
  | { readonly kind: "manifest"; readonly batchHashes: readonly Uint8Array[] }
  | { readonly kind: "dataComplete" }
  | ReaderInput
  /** on disk up to here */
  | { readonly kind: "stored"; readonly slot: number; readonly seq: bigint; readonly signature: Uint8Array }
  | { readonly kind: "storeFailed" }
  | { readonly kind: "hashes"; readonly found: readonly HeadHash[] }
  /** what became of a transaction */
  | { readonly kind: "sent"; readonly what: Transaction["what"]; readonly slot?: number | undefined; readonly ok: boolean };

export type Transaction =
  | { readonly what: "join" }
  | { readonly what: "confirm" }
  | ({ readonly what: "anchor" } & AnchorContent)
  | ({ readonly what: "equivocation" } & Equivocation);

export type SupervisorEffect =
  | ReaderEffect
  | { readonly do: "append"; readonly slot: number; readonly seq: bigint; readonly message: Iteration; readonly hash: Uint8Array }
  /** to the slot's miner: it is on disk */
  | { readonly do: "acknowledge"; readonly worker: string; readonly slot: number; readonly seq: bigint }
  | { readonly do: "open"; readonly slots: number; readonly startHeight: bigint }
  | { readonly do: "fetchManifest"; readonly endpoints: readonly string[] }
  /** messages are taken from now on */
  | { readonly do: "ready" }
  /** read the logs of these supervisors */
  | { readonly do: "follow"; readonly index: number; readonly supervisors: readonly { readonly worker: string; readonly endpoint: string }[] }
  | { readonly do: "fill"; readonly gaps: readonly FillGap[] }
  | { readonly do: "findHashes"; readonly wanted: readonly { readonly slot: number; readonly seq: bigint }[] }
  | { readonly do: "transact"; readonly tx: Transaction }
  | Note;

export interface FillGap {
  readonly slot: number;
  readonly from: bigint;
  readonly to: bigint;
  /** slots whose messages wait for it; none where the chain alone named it */
  readonly namedBy: readonly number[];
}

export class SupervisorMachine implements Machine<SupervisorInput, SupervisorEffect> {
  #view: TaskView | undefined;
  readonly #reader: LogReader;
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

  constructor(
    crypto: Crypto,
    private readonly facts: SupervisorFacts,
  ) {
    const { chainId, parameters, groups } = facts;
    this.#reader = new LogReader({ crypto, chainId, parameters, groups, taken: "logged", accept: (m, out) => this.#append(m, out) });
  }

  step(input: SupervisorInput, _now: number): SupervisorEffect[] {
    const out: SupervisorEffect[] = [];
    if (this.#reader.step(input, out)) {
      if (input.kind === "verified") this.#report(out);
      return out;
    }
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
      case "stored":
        this.#onStored(input, out);
        break;
      case "storeFailed":
        if (!this.#storeFailed) out.push({ do: "note", level: "error", text: "the log cannot be written: stop, free the disk, start again" });
        this.#storeFailed = true; // what is anchored must be on disk, so nothing is
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
    return this.#reader.intake?.clock();
  }
  newestHeld(slot: number): Iteration | undefined {
    return this.#reader.intake?.newestHeld(slot);
  }

  // ---- the chain ----

  #mine(): readonly Seat[] {
    return this.#view?.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.worker === this.facts.worker) ?? [];
  }

  #onView(view: TaskView, out: SupervisorEffect[]): void {
    this.#view = view;
    this.#reader.note(view, out);
    if (view.task.phase === Phase.PHASE_INITIALISATION) {
      const seat = this.#mine().find((s) => !s.joined || s.endpoint !== this.facts.endpoint);
      if (seat) this.#transact({ what: "join" }, out);
      this.#confirm(out);
    }
    const task = started(view.task);
    if (!task || view.task.phase < Phase.PHASE_TRAINING) return;
    if (!this.#reader.isOpen) {
      if (!this.#opening) out.push({ do: "open", slots: task.spec.slots, startHeight: task.startHeight });
      this.#opening = true;
      return;
    }
    if (!this.#reader.intake) {
      const others = view.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.joined && s.worker !== this.facts.worker);
      if (!this.#batchHashes) out.push({ do: "fetchManifest", endpoints: others.map((s) => s.endpoint) });
    } else this.#attend(view, out);
    this.#prepareAnchor(out);
    this.#report(out);
  }

  /** At each block: closures, links, gaps. */
  #attend(view: TaskView, out: SupervisorEffect[]): void {
    this.#reader.setView(view);
    this.#reader.take(out);
    const [seat] = this.#mine();
    if (seat) {
      const supervisors = view.seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.joined && !s.dropped && s.worker !== seat.worker).map((s) => ({ worker: s.worker, endpoint: s.endpoint }));
      out.push({ do: "follow", index: seat.index, supervisors });
    }
    this.#fill(view.slots, out);
  }

  /** What held messages name and the chain anchored, but this log lacks. */
  #fill(slots: readonly Slot[], out: SupervisorEffect[]): void {
    const intake = this.#reader.intake as Intake;
    const gaps = new Map<number, FillGap>(intake.gaps().map((g: Gap) => [g.slot, g]));
    for (const { slot, head } of slots) {
      const from = intake.head(slot) + 1n;
      const to = intake.needed(slot, head?.seq ?? 0n);
      const known = gaps.get(slot);
      if (to >= from && (known?.to ?? 0n) < to) gaps.set(slot, { slot, from, to, namedBy: known?.namedBy ?? [] });
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
    if (what === "equivocation" && slot !== undefined && !ok && this.#view) this.#reader.notReported(slot, this.#view.height);
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
    this.#reader.opened(input.slots, input.rounds);
    this.#synced = input.slots.map(({ tip, signature }) => ({ seq: tip.seq, signature, hash: tip.headerHash }));
    this.#attestedUpTo = input.slots.map(() => 0n);
    this.#begin(out);
    if (this.#view) {
      if (this.#reader.intake) this.#attend(this.#view, out);
      this.#prepareAnchor(out);
    }
  }

  /** Log and manifest are here. */
  #begin(out: SupervisorEffect[]): void {
    const task = this.#view && started(this.#view.task);
    if (this.#reader.intake || !this.#reader.isOpen || !this.#batchHashes || !task) return;
    this.#reader.begin(task, this.#batchHashes);
    out.push({ do: "ready" });
    this.#attend(this.#view as TaskView, out);
  }

  #append({ slot, seq, message, hash }: Accepted, out: Effects<SupervisorEffect>): void {
    const hashes = this.#hashes.get(slot) ?? new Map<bigint, Uint8Array>();
    this.#hashes.set(slot, hashes.set(seq, hash));
    out.push({ do: "append", slot, seq, message, hash });
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

  #report(out: SupervisorEffect[]): void {
    const view = this.#view as TaskView;
    const proof = view.task.phase > Phase.PHASE_SETTLING || this.#flying.has("equivocation") ? undefined : this.#reader.toReport(view);
    if (proof) this.#transact({ what: "equivocation", ...proof }, out);
  }
}
