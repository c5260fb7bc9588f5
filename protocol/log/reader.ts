/**
 * What the machines of all who read a task's log share: the intake, the messages that wait for an answer, the anchored rounds,
 * proofs of equivocation. A miner applies what it takes and a supervisor logs it; there is no other difference.
 */
import type { Group } from "#engine/quanta.js";
import type { Crypto } from "#kernel/crypto.js";
import { SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import type { StartedTask, TaskView } from "../tasks/task-view.js";
import type { SlotTip } from "./check.js";
import { type Accepted, type Equivocation, Intake, type Offer, type Verified } from "./intake.js";
import { LogFrontier } from "./log-root.js";
import type { Outcome } from "./outcomes.js";
import { RoundHistory, type RoundRun, type SeenRound } from "./rounds.js";

/** What a reader is given besides the chain. */
export type ReaderInput =
  /** a message, whoever sent it; `id` comes back with its outcome */
  | { readonly kind: "message"; readonly id: number; readonly message: Iteration }
  | { readonly kind: "looked"; readonly ticket: number; readonly hash?: Uint8Array | undefined }
  | { readonly kind: "verified"; readonly good: readonly { readonly ticket: number; readonly good: boolean }[] }
  /** goes on with what is ready */
  | { readonly kind: "more" }
  /** A at a block that was not seen; without it where nobody knows it any more */
  | { readonly kind: "round"; readonly height: bigint; readonly lowest?: bigint | undefined };

/** What a reader wants done. */
export type ReaderEffect =
  /** what became of a message */
  | { readonly do: "settle"; readonly id: number; readonly outcome: Outcome }
  | { readonly do: "lookup"; readonly ticket: number; readonly slot: number; readonly seq: bigint }
  | { readonly do: "verify"; readonly ticket: number; readonly key: Uint8Array; readonly message: Uint8Array; readonly signature: Uint8Array }
  | { readonly do: "more" }
  | { readonly do: "askRound"; readonly height: bigint }
  | { readonly do: "keepRound"; readonly run: RoundRun };

export interface Note {
  readonly do: "note";
  readonly level: "warn" | "error";
  readonly text: string;
  readonly slot?: number | undefined;
  readonly seq?: bigint | undefined;
  readonly why?: string | undefined;
}

/** Where a slot's log ends on disk. */
export interface OpenedSlot {
  readonly tip: SlotTip;
  /** LogFrontier.encode */
  readonly frontier: Uint8Array;
}

export interface ReaderOptions {
  readonly crypto: Crypto;
  readonly chainId: string;
  readonly parameters: number;
  /** the task's quanta, laid out over the model's tensors */
  readonly groups: readonly Group[];
  /** what a message is when it is taken: "logged", "applied" */
  readonly taken: string;
  accept(message: Accepted, out: Effects): void;
}

/** Messages that are judged in one call. */
const BATCH = 64;
/** Rounds of blocks that are asked for at one time. */
const MAX_ROUNDS_ASKED = 8;
/** Blocks between two attempts to report one equivocation. */
const REPORT_AGAIN = 3n;

/** Where effects go: an array of the host's own. */
export interface Effects<E = never> {
  push(effect: ReaderEffect | Note | E): unknown;
}

export class LogReader {
  #intake: Intake | undefined;
  #opened: readonly OpenedSlot[] | undefined;
  #rounds = new RoundHistory();
  readonly #askedRounds = new Set<bigint>();
  /** by ticket: the message's id */
  readonly #ids = new Map<number, number>();
  /** by slot: proof of its equivocation, and when it was last sent */
  readonly #proofs = new Map<number, { readonly proof: Equivocation; sentAt: bigint }>();

  constructor(private readonly o: ReaderOptions) {}

  /** Undefined before messages can be judged. */
  get intake(): Intake | undefined {
    return this.#intake;
  }
  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  /** What is here of every slot, held-back messages included: whoever sends to us begins behind it. */
  clock(): bigint[] {
    return this.#intake?.clock() ?? this.#opened?.map(({ tip }) => tip.seq) ?? [];
  }

  // ---- from the start to the first message ----

  /** The log is open; rounds that were noted before it are kept. */
  opened(slots: readonly OpenedSlot[], rounds: readonly RoundRun[]): void {
    this.#opened = slots;
    const noted = this.#rounds.runs;
    this.#rounds = new RoundHistory(rounds);
    for (const r of noted) for (let h = r.from; h <= r.to; h++) this.#rounds.note(h, r.lowest);
  }

  /** From here on messages can be judged. */
  begin(task: StartedTask, batchHashes: readonly Uint8Array[]): void {
    if (!this.#opened) throw new Error("the log is not open");
    const { crypto, chainId, parameters, groups } = this.o;
    this.#intake = new Intake({
      crypto,
      chainId,
      taskId: task.id,
      spec: task.spec,
      parameters,
      startHeight: task.startHeight,
      startBeacon: task.startBeacon,
      batchHashes,
      groups,
      logs: this.#opened.map(({ tip, frontier }) => ({ tip, tree: LogFrontier.decode(crypto, frontier) })),
      lowestRound: (height) => this.#rounds.lowestRound(height),
    });
  }

  // ---- the chain ----

  /** A at the block of a view. */
  note(view: TaskView, out: Effects): void {
    const run = this.#rounds.note(view.height, view.lowestRound);
    if (run) out.push({ do: "keepRound", run });
  }

  /** The newest block up to this one whose A is known. */
  seenRound(upTo: bigint): SeenRound | undefined {
    return this.#rounds.newest(upTo);
  }

  /** At each block: closures and keys. */
  setView(view: TaskView): void {
    const sessionKeys = new Map(view.seats.filter((s) => s.role === Role.ROLE_MINER && s.joined).map((s) => [s.index, s.sessionKey]));
    this.#intake?.setView({ height: view.height, slots: view.slots, sessionKeys });
  }

  // ---- messages ----

  /** Whether the input was a reader's. Equivocations of the slots in `own` are nobody's to report here. */
  step(input: ReaderInput | { readonly kind: string }, out: Effects, own: readonly number[] = []): input is ReaderInput {
    const i = input as ReaderInput;
    switch (i.kind) {
      case "message":
        // drivers bring none before it can be judged
        if (!this.#intake) out.push({ do: "settle", id: i.id, outcome: "full" });
        else this.#offered(i.id, this.#intake.offer(i.message), out);
        return true;
      case "looked":
        this.#offered(this.#settling(i.ticket), (this.#intake as Intake).looked(i.ticket, i.hash), out);
        return true;
      case "verified":
        for (const v of i.good) this.#verified(v.ticket, (this.#intake as Intake).verified(v.ticket, v.good), own, out);
        this.take(out);
        return true;
      case "more":
        this.take(out);
        return true;
      case "round":
        this.#round(i.height, i.lowest, out);
        return true;
      default:
        return false;
    }
  }

  /** What may be taken now. */
  take(out: Effects): void {
    const intake = this.#intake;
    if (!intake) return;
    for (const t of intake.take(BATCH)) {
      if ("accepted" in t) this.o.accept(t.accepted, out);
      else out.push({ do: "note", level: "warn", text: `a message breaks a rule and is not ${this.o.taken}`, slot: t.refused.slot, seq: t.refused.seq, why: t.why });
    }
    for (const height of intake.wantedRounds()) {
      if (this.#askedRounds.size >= MAX_ROUNDS_ASKED) break;
      if (this.#askedRounds.has(height)) continue;
      this.#askedRounds.add(height);
      out.push({ do: "askRound", height });
    }
    if (intake.isReady) out.push({ do: "more" });
  }

  // ---- proofs ----

  /** An equivocation to be reported at this block: what is proven is reported until the chain has closed the slot. */
  toReport(view: TaskView): Equivocation | undefined {
    for (const [slot, p] of this.#proofs) {
      const closed = view.slots.find((s) => s.slot === slot)?.status === SlotStatus.SLOT_CLOSED_FAULT;
      if (closed || view.height < p.sentAt + REPORT_AGAIN) continue;
      p.sentAt = view.height;
      return p.proof;
    }
    return undefined;
  }

  /** A report failed at this block. */
  notReported(slot: number, height: bigint): void {
    const p = this.#proofs.get(slot);
    if (p) p.sentAt = height;
  }

  // ---- inside ----

  #settling(ticket: number): number {
    const id = this.#ids.get(ticket);
    if (id === undefined) throw new RangeError(`log reader: no message waits for ticket ${ticket}`);
    this.#ids.delete(ticket);
    return id;
  }

  #offered(id: number, offer: Offer, out: Effects): void {
    if ("outcome" in offer) return void out.push({ do: "settle", id, outcome: offer.outcome });
    this.#ids.set(offer.ticket, id);
    if ("lookup" in offer) out.push({ do: "lookup", ticket: offer.ticket, ...offer.lookup });
    else if ("verify" in offer) out.push({ do: "verify", ticket: offer.ticket, ...offer.verify });
  }

  #verified(ticket: number, { outcome, equivocation, again }: Verified, own: readonly number[], out: Effects): void {
    out.push({ do: "settle", id: this.#settling(ticket), outcome });
    for (const a of again) this.#offered(this.#settling(a.ticket), a.offer, out);
    if (!equivocation || this.#proofs.has(equivocation.slot) || own.includes(equivocation.slot)) return;
    out.push({ do: "note", level: "warn", text: "a miner signed two heads at one seq: reporting it", slot: equivocation.slot, seq: equivocation.second.seq });
    this.#proofs.set(equivocation.slot, { proof: equivocation, sentAt: -REPORT_AGAIN });
  }

  #round(height: bigint, lowest: bigint | undefined, out: Effects): void {
    this.#askedRounds.delete(height);
    const run = lowest === undefined ? undefined : this.#rounds.note(height, lowest);
    if (run) out.push({ do: "keepRound", run });
    this.#intake?.roundKnown(height);
    this.take(out);
  }
}
