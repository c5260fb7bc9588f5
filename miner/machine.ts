/**
 * One mined task as a machine: which messages are applied, which supervisors are read, what is signed, claimed and reported.
 * Pure (protocol/machine.ts); task.ts is its driver. Iterations are made by the compute thread, itself a machine
 * (compute.ts). One call does the work of one input, and judges at most a batch of messages.
 */
import type { Group } from "#engine/quanta.js";
import type { Crypto } from "#kernel/crypto.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { type AnchoredHead, type Slot, SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { decodeHeader } from "#protocol/log/header.js";
import type { Accepted, Equivocation, Gap, Intake } from "#protocol/log/intake.js";
import { type Effects, LogReader, type Note, type OpenedSlot, type ReaderEffect, type ReaderInput } from "#protocol/log/reader.js";
import type { RoundRun, SeenRound } from "#protocol/log/rounds.js";
import type { Machine } from "#protocol/machine.js";
import { started, type TaskView } from "#protocol/tasks/task-view.js";
import { type ClaimEffect, Claims, type Drawn, type Lucky } from "./claims.js";
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

export type MinerInput =
  | { readonly kind: "view"; readonly view: TaskView }
  /** the log is open: its own part is sent from here on */
  | { readonly kind: "opened"; readonly slots: readonly OpenedSlot[]; readonly rounds: readonly RoundRun[] }
  /** the data is here: from here on messages can be judged */
  | { readonly kind: "data"; readonly batchHashes: readonly Uint8Array[] }
  | ReaderInput
  /** an own iteration that the compute thread made */
  | { readonly kind: "iterated"; readonly slot: number; readonly seq: bigint; readonly header: Uint8Array; readonly hash: Uint8Array; readonly map: Uint8Array }
  | { readonly kind: "anchors"; readonly slot: number; readonly heads?: readonly AnchoredHead[] | undefined }
  | { readonly kind: "draw"; readonly drawn?: Drawn | undefined }
  | { readonly kind: "reran"; readonly agrees: boolean }
  /** what became of a claim: codespace and code of its refusal */
  | { readonly kind: "claimed"; readonly lucky: Lucky; readonly refused?: string | undefined }
  | { readonly kind: "sent"; readonly what: Transaction["what"]; readonly slot?: number | undefined; readonly ok: boolean };

export type Transaction =
  | { readonly what: "join" }
  | { readonly what: "submit"; readonly slots: readonly number[]; readonly clock: readonly bigint[] }
  | ({ readonly what: "equivocation" } & Equivocation);

export type MinerEffect =
  | ReaderEffect
  /** logs the message and gives it to the compute thread, both in this order; `own` was signed by another run of ours */
  | { readonly do: "apply"; readonly slot: number; readonly seq: bigint; readonly message: Iteration; readonly hash: Uint8Array; readonly mapHash: Uint8Array; readonly own: boolean }
  /** signs and logs an own iteration; it is sent when it is on disk */
  | { readonly do: "sign"; readonly slot: number; readonly seq: bigint; readonly header: Uint8Array; readonly hash: Uint8Array; readonly map: Uint8Array }
  | { readonly do: "open"; readonly slots: readonly number[] }
  /** to the compute thread; `named` is the block that the next headers name */
  | { readonly do: "view"; readonly height: bigint; readonly named: SeenRound | undefined; readonly slots: readonly Slot[] }
  /** links to these supervisors; the logs of those named in `read` are read */
  | { readonly do: "connect"; readonly supervisors: readonly { readonly worker: string; readonly endpoint: string; readonly index: number }[]; readonly read: readonly string[] }
  | { readonly do: "fill"; readonly gaps: readonly { readonly slot: number; readonly from: bigint; readonly to: bigint }[] }
  | { readonly do: "transact"; readonly tx: Transaction }
  | ClaimEffect
  | Note;

/** A header names a block that is this many below the last one applied (protocol section 4), or the newest before it that was seen. */
const HEIGHT_LAG = 2n;

export class MinerMachine implements Machine<MinerInput, MinerEffect> {
  #view: TaskView | undefined;
  #own: readonly number[] = [];
  #opening = false;
  #declined = false;
  #batchHashes: readonly Uint8Array[] | undefined;
  readonly #reader: LogReader;
  #claims: Claims | undefined;
  readonly #hubs = new HubChoice();
  readonly #flying = new Set<Transaction["what"]>();

  constructor(
    private readonly crypto: Crypto,
    private readonly facts: MinerFacts,
  ) {
    const { chainId, parameters, groups } = facts;
    this.#reader = new LogReader({ crypto, chainId, parameters, groups, taken: "applied", accept: (m, out) => this.#apply(m, out) });
  }

  step(input: MinerInput, _now: number): MinerEffect[] {
    const out: MinerEffect[] = [];
    if (this.#reader.step(input, out, this.#own)) {
      if (input.kind === "verified" && this.#view) this.#report(this.#view, out);
      return out;
    }
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
      case "claimed":
        this.#claims?.onClaimed(input.lucky, input.refused);
        break;
      case "sent":
        this.#flying.delete(input.what);
    }
    return out;
  }

  /** What is here of every slot, held-back messages included: whoever sends to us begins behind it. */
  clock(): bigint[] {
    return this.#reader.clock();
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
    this.#reader.note(view, out);
    this.#hubs.note(view);
    if (phase === Phase.PHASE_INITIALISATION && this.#mine().some((s) => !s.joined)) this.#transact({ what: "join" }, out);
    this.#submit(view, out);
    if (!started(view.task) || phase < Phase.PHASE_TRAINING || phase > Phase.PHASE_SETTLING) return;
    if (!this.#reader.isOpen) {
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
    this.#reader.setView(view);
    out.push({ do: "view", height: view.height, named: this.#reader.seenRound(view.height - HEIGHT_LAG), slots: view.slots });
    const supervisors = this.#supervisors();
    // nothing is read before it can be judged; what is sent needs no data
    const read = this.#reader.intake ? this.#hubs.choose(view.height, supervisors, this.#own[0] ?? 0, this.clock(), this.#reader.intake) : [];
    out.push({ do: "connect", supervisors: supervisors.map(({ worker, endpoint, index }) => ({ worker, endpoint, index })), read });
    this.#reader.take(out);
    this.#fill(view, out);
    this.#report(view, out);
    this.#claims?.onView(view, out);
  }

  /** What held messages name, or was attested two blocks ago, and no hub has sent: asked of all supervisors. */
  #fill(view: TaskView, out: MinerEffect[]): void {
    const { intake } = this.#reader;
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

  #onOpened({ slots, rounds }: Extract<MinerInput, { kind: "opened" }>, out: MinerEffect[]): void {
    this.#reader.opened(slots, rounds);
    if (this.#view) this.#attend(this.#view, out);
    this.#begin(out);
  }

  /** Log and data are here. */
  #begin(out: MinerEffect[]): void {
    const view = this.#view;
    const task = view && started(view.task);
    if (this.#reader.intake || !this.#reader.isOpen || !this.#batchHashes || !task) return;
    this.#reader.begin(task, this.#batchHashes);
    const { drawDelay, claimWindow } = this.facts;
    this.#claims = new Claims(this.crypto, { taskId: task.id, flop: task.flop, slots: this.#own, drawDelay, claimWindow });
    this.#attend(view, out);
  }

  #apply({ slot, seq, message, hash, header }: Accepted, out: Effects<MinerEffect>): void {
    out.push({ do: "apply", slot, seq, message, hash, mapHash: header.mapHash, own: this.#own.includes(slot) });
  }

  /** An own seq is signed once: the compute thread and the log count it together. */
  #onIterated({ slot, seq, header, hash, map }: Extract<MinerInput, { kind: "iterated" }>, out: MinerEffect[]): void {
    const intake = this.#reader.intake as Intake;
    if (seq !== intake.head(slot) + 1n) throw new RangeError(`slot ${slot}: asked to sign seq ${seq} after ${intake.head(slot)}`);
    const decoded: Header = decodeHeader(header);
    intake.advance(decoded, hash);
    out.push({ do: "sign", slot, seq, header, hash, map });
    this.#reader.take(out);
  }

  #onReran(agrees: boolean, out: MinerEffect[]): void {
    const lucky = this.#claims?.onReran(agrees, out);
    if (lucky && !agrees) out.push({ do: "note", level: "error", text: "a lucky iteration does not re-run to the same map: check this machine's memory, it is not claimed", slot: lucky.slot, seq: lucky.seq });
  }

  #report(view: TaskView, out: MinerEffect[]): void {
    const proof = this.#flying.has("equivocation") ? undefined : this.#reader.toReport(view);
    if (proof) this.#transact({ what: "equivocation", ...proof }, out);
  }
}
