/**
 * One job from its start to its verdict, as a pure machine: what is fetched and re-run next, what is tried again, and when
 * silence has become a verdict. It holds no data: what was fetched lies with the driver under the job's number.
 */
import { verdict, type Verdict } from "#protocol/verification/reasons.js";
import { type Equivocation, type VerifyOutcome } from "#protocol/verification/verify.js";
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { Silence } from "./silence.js";

/** As the node handed it over. */
export interface JobRef {
  readonly id: bigint;
  readonly taskId: bigint;
  readonly slot: number;
  readonly seq: bigint;
  /** the first anchored head at or above seq */
  readonly head: { readonly seq: bigint; readonly hash: Uint8Array };
  /** of a claim's header */
  readonly claimed: Uint8Array | undefined;
  /** block that queued it: facts of that block or of a later one will do */
  readonly height: bigint;
  /** last block of its verdict window */
  readonly deadline: bigint;
}

export type Wanted =
  | { readonly step: "log" }
  | { readonly step: "batches" }
  | { readonly step: "residual"; readonly seq: bigint; readonly hash: Uint8Array }
  | { readonly step: "peers" };

/** What a re-run is given beside log and batches. */
export interface Given {
  /** by seq: fetched, or served by nobody in time */
  readonly residuals: ReadonlyMap<bigint, "fetched" | "none">;
  /** one of the sets of peers' messages that the driver announced, or all that is believed, with which the matter ends */
  readonly peers: number | "believed" | undefined;
}

export type JobInput =
  /** What is fetched now will have so many bytes more; `anchored`: supervisors have to serve it. */
  | { readonly kind: "expects"; readonly bytes: number; readonly what: string; readonly anchored: boolean }
  /** What was expected by this name is whole. */
  | { readonly kind: "got"; readonly what: string }
  /** So many bytes came, and are what was asked for. */
  | { readonly kind: "arrived"; readonly bytes: number }
  /** It waits for a turn behind another job, or not any more: such time is nobody's silence. */
  | { readonly kind: "queued"; readonly queued: boolean }
  /** So many sets of peers' messages are worth a re-run now. */
  | { readonly kind: "answers"; readonly sets: number }
  | { readonly kind: "fetched" }
  /** Nobody serves it now. */
  | { readonly kind: "unserved"; readonly why: string; readonly anchored: boolean }
  | { readonly kind: "computed"; readonly outcome: VerifyOutcome }
  /** This process itself failed. */
  | { readonly kind: "broken"; readonly why: string }
  | { readonly kind: "facts" }
  | { readonly kind: "tick" };

export type JobEffect =
  | { readonly kind: "fetch"; readonly job: bigint; readonly what: Wanted }
  | { readonly kind: "rerun"; readonly job: bigint; readonly given: Given }
  /** Whatever is being fetched for it is not wanted any more. */
  | { readonly kind: "stop"; readonly job: bigint }
  /** Newer facts of its task: an input `facts` follows. */
  | { readonly kind: "refresh"; readonly job: bigint }
  | ({ readonly kind: "verdict"; readonly job: bigint; readonly equivocation: Equivocation | undefined } & Verdict)
  /** No verdict, by no fault of others: it begins anew later. */
  | { readonly kind: "again"; readonly job: bigint; readonly why: string };

export interface JobTimes {
  readonly evidenceTimeoutMs: number;
  readonly bytesPerMs: number;
  /** between two attempts at what nobody served */
  readonly retryMs: number;
}

/** Attempts after which the task's facts are asked for anew: endpoints change. */
const REFRESH_AFTER = 4;

export class JobMachine {
  readonly #silence: Silence;
  #step: Wanted | undefined;
  #retryAt: number | undefined;
  #attempts = 0;
  /** what is being fetched, and whether supervisors have to serve it */
  readonly #outstanding = new Map<string, boolean>();
  /** what nobody served the last time */
  #missing = { anchored: false, why: "" };
  readonly #expected = new Set<string>();
  readonly #residuals = new Map<bigint, "fetched" | "none">();
  #computing = false;
  /** sets of peers' messages announced, and tried */
  #sets = 0;
  #tried = 0;
  #peers: "no" | "refreshing" | "refreshed" | "asking" | "answered" = "no";
  #final = false;

  constructor(
    readonly ref: JobRef,
    private readonly times: JobTimes,
  ) {
    this.#silence = new Silence(times.evidenceTimeoutMs, times.bytesPerMs);
  }

  start(now: number): JobEffect[] {
    return this.#fetch({ step: "log" }, now);
  }

  on(input: JobInput, now: number): JobEffect[] {
    switch (input.kind) {
      case "expects":
        this.#outstanding.set(input.what, input.anchored);
        // once, however often it is tried
        if (!this.#expected.has(input.what)) this.#silence.allow(input.bytes);
        this.#expected.add(input.what);
        return [];
      case "got":
        this.#outstanding.delete(input.what);
        return [];
      case "arrived":
        this.#silence.allow(input.bytes);
        return [];
      case "queued":
        if (input.queued) this.#silence.end(now);
        else if (this.#step) this.#silence.begin(now);
        return [];
      case "answers":
        this.#sets = input.sets;
        return this.#computing ? [] : this.#nextSet(now);
      case "fetched":
        return this.#fetched(now);
      case "unserved":
        this.#outstanding.clear();
        this.#missing = { anchored: input.anchored, why: input.why };
        this.#retryAt = now + this.times.retryMs;
        return this.tick(now);
      case "computed":
        this.#computing = false;
        return this.#computed(input.outcome, now);
      case "broken":
        return [{ kind: "again", job: this.ref.id, why: input.why }];
      case "facts":
        if (this.#peers !== "refreshing") return [];
        this.#peers = "refreshed";
        return this.#fetch({ step: "log" }, now);
      case "tick":
        return this.tick(now);
    }
  }

  tick(now: number): JobEffect[] {
    if (!this.#step || this.#computing) return [];
    if (this.#silence.over(now)) return [{ kind: "stop", job: this.ref.id }, ...this.#gaveUp(this.#step, now)];
    if (this.#retryAt === undefined || now < this.#retryAt) return [];
    this.#retryAt = undefined;
    const refresh: JobEffect[] = ++this.#attempts % REFRESH_AFTER === 0 ? [{ kind: "refresh", job: this.ref.id }] : [];
    this.#outstanding.clear();
    return [...refresh, { kind: "fetch", job: this.ref.id, what: this.#step }];
  }

  #fetch(what: Wanted, now: number): JobEffect[] {
    this.#step = what;
    this.#retryAt = undefined;
    this.#outstanding.clear();
    this.#silence.begin(now);
    return [{ kind: "fetch", job: this.ref.id, what }];
  }

  #fetched(now: number): JobEffect[] {
    const step = this.#step;
    this.#step = undefined;
    this.#silence.end(now);
    switch (step?.step) {
      case "log":
        if (this.#peers === "refreshed") return this.#rerun();
        this.#silence.next();
        return this.#fetch({ step: "batches" }, now);
      case "batches":
        return this.#rerun();
      case "residual":
        this.#residuals.set(step.seq, "fetched");
        return this.#rerun();
      case "peers":
        this.#peers = "answered";
        return this.#computing ? [] : this.#nextSet(now);
      case undefined:
        return [];
    }
  }

  /** Nobody served it in time. */
  #gaveUp(step: Wanted, now: number): JobEffect[] {
    this.#step = undefined;
    this.#retryAt = undefined;
    this.#silence.end(now);
    // of what did not come now the worst; what was refused before, where another attempt had not begun
    const [what] = [...this.#outstanding].find(([, must]) => must) ?? [...this.#outstanding][0] ?? [];
    const anchored = what === undefined ? this.#missing.anchored : [...this.#outstanding.values()].some((must) => must);
    const text = what === undefined ? this.#missing.why : `${what} is served by no supervisor in time. ${this.#missing.why}`.trimEnd();
    this.#outstanding.clear();
    switch (step.step) {
      case "log":
        if (anchored) return this.#judged(verdict(VerdictCode.VERDICT_UNSERVED, "no_header", text));
        // the miner may still show that its peer signed what nobody has anchored
        this.#silence.next();
        return this.#peers === "refreshed" ? this.#rerun() : this.#fetch({ step: "batches" }, now);
      case "batches":
        return this.#judged(verdict(VerdictCode.VERDICT_UNSERVED, "no_batch", text));
      case "residual":
        this.#residuals.set(step.seq, "none");
        return this.#rerun();
      case "peers":
        this.#peers = "answered";
        return this.#nextSet(now);
    }
  }

  #rerun(peers?: Given["peers"]): JobEffect[] {
    this.#computing = true;
    return [{ kind: "rerun", job: this.ref.id, given: { residuals: new Map(this.#residuals), peers } }];
  }

  #computed(outcome: VerifyOutcome, now: number): JobEffect[] {
    const again = (why: string): JobEffect[] => [{ kind: "stop", job: this.ref.id }, { kind: "again", job: this.ref.id, why }];
    switch (outcome.needs) {
      case "residual":
        if (this.#residuals.has(outcome.seq)) return again("the re-run asks for a residual that it was given");
        this.#silence.next();
        return this.#fetch({ step: "residual", seq: outcome.seq, hash: outcome.hash }, now);
      case "batch":
        return again("the re-run asks for a batch that it was given");
      case "peers":
        if (this.#final) return again("the re-run asks for peers' messages where there are no more");
        if (this.#peers === "no") {
          // what is anchored by now may show that the log above the anchored heads was another fork's
          this.#peers = "refreshing";
          return [{ kind: "refresh", job: this.ref.id }];
        }
        if (this.#peers === "refreshed") {
          this.#peers = "asking";
          this.#silence.next();
          return this.#fetch({ step: "peers" }, now);
        }
        return this.#nextSet(now);
      case undefined:
        // All was fetched before: a re-run that misses something of it has no verdict against those who served it.
        if (outcome.code === VerdictCode.VERDICT_UNSERVED) return again(`the re-run missed what had been fetched: ${outcome.detail}`);
        return [{ kind: "stop", job: this.ref.id }, ...this.#judged(outcome, outcome.equivocation)];
    }
  }

  /** The next set of peers' messages, and when all were tried and no more will come, all together. */
  #nextSet(now: number): JobEffect[] {
    if (this.#tried < this.#sets) {
      this.#silence.end(now);
      return this.#rerun(this.#tried++);
    }
    if (this.#peers !== "answered") {
      if (this.#step) this.#silence.begin(now);
      return [];
    }
    this.#final = true;
    return this.#rerun("believed");
  }

  #judged({ code, reason, detail }: Verdict, equivocation?: Equivocation): JobEffect[] {
    return [{ kind: "verdict", job: this.ref.id, code, reason, detail, equivocation }];
  }
}
