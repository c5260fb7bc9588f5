/**
 * What an evaluator does next, as a pure machine over all its tasks. It begins to fetch a task's log and sealed test set when
 * it is drawn, not when the key is revealed; scores once models and key are there; and never waits in one task for another.
 * Commits and reveals, which cost stake when they are missed, come before everything else.
 *
 * A call costs O(tasks).
 */
import type { ScoreReveal, SlotScore } from "#proto/gen/pouw/evaluation/v1/types.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { EvaluationStep, Phase, type Task } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role } from "#proto/gen/pouw/v1/types.js";

/** An evaluator's own opinion, on disk before its commitment is sent. */
export interface Opinion {
  readonly salt: Uint8Array;
  readonly scores: readonly SlotScore[];
}

/** Of the chain's view of a task what decides here. */
export interface EvaluatedView {
  readonly task: Pick<Task, "id" | "phase" | "evaluationStep">;
  readonly seats: readonly Pick<Seat, "role" | "worker">[];
  readonly reveals: readonly Pick<ScoreReveal, "evaluator" | "commitment" | "revealed">[];
}

export type Input =
  /** at each block all the tasks in which it has a seat */
  | { readonly kind: "views"; readonly views: readonly EvaluatedView[] }
  /** what the disk has */
  | { readonly kind: "loaded"; readonly task: bigint; readonly opinion: Opinion | undefined }
  | { readonly kind: "fetched"; readonly task: bigint }
  | { readonly kind: "scored"; readonly task: bigint; readonly opinion: Opinion }
  | { readonly kind: "kept"; readonly task: bigint }
  /** a commit or a reveal was sent, whatever became of it */
  | { readonly kind: "sent"; readonly task: bigint }
  /** what was under way for the task did not work out */
  | { readonly kind: "failed"; readonly task: bigint };

export type Effect =
  | { readonly kind: "load" | "fetch" | "score" | "stop" | "drop"; readonly task: bigint }
  | { readonly kind: "keep" | "commit" | "reveal"; readonly task: bigint; readonly opinion: Opinion };

/** Fetches at one time: they share the link. */
const FETCHES = 4;
/** Scorings at one time: each takes a thread and an engine. */
const SCORINGS = 4;

type Work = "load" | "fetch" | "score" | "keep" | "send";
type Due = "nothing" | "fetch" | "commit" | "reveal";

interface TaskState {
  due: Due;
  /** undefined until the disk was asked */
  opinion: { value: Opinion | undefined } | undefined;
  kept: boolean;
  fetched: boolean;
  /** under way */
  work: Work | undefined;
  failures: number;
  /** no second attempt before the next block */
  rests: boolean;
}

export class EvaluatorMachine {
  readonly #tasks = new Map<bigint, TaskState>();

  constructor(private readonly me: string) {}

  step(input: Input): Effect[] {
    const out: Effect[] = [];
    if (input.kind === "views") this.#views(input.views, out);
    else this.#task(input, out);
    this.#begin(out);
    return out;
  }

  #views(views: readonly EvaluatedView[], out: Effect[]): void {
    const due = new Map(views.map((v) => [v.task.id, this.#due(v)]));
    for (const [id, what] of due) {
      if (what === "nothing" || this.#tasks.has(id)) continue;
      this.#tasks.set(id, { due: what, opinion: undefined, kept: false, fetched: false, work: undefined, failures: 0, rests: false });
    }
    for (const [id, task] of this.#tasks) {
      task.due = due.get(id) ?? "nothing";
      task.rests = false;
      const evaluating = task.work === "fetch" || task.work === "score";
      if (evaluating && (task.due === "nothing" || task.due === "reveal")) {
        task.work = undefined;
        out.push({ kind: "stop", task: id });
      }
      if (task.due !== "nothing" || task.work) continue;
      this.#tasks.delete(id);
      out.push({ kind: "drop", task: id });
    }
  }

  #due({ task, seats, reveals }: EvaluatedView): Due {
    if (task.phase !== Phase.PHASE_EVALUATION || !seats.some((s) => s.role === Role.ROLE_EVALUATOR && s.worker === this.me)) return "nothing";
    const mine = reveals.find((r) => r.evaluator === this.me);
    const committed = mine !== undefined && mine.commitment.length > 0;
    switch (task.evaluationStep) {
      case EvaluationStep.EVALUATION_STEP_KEY:
        return "fetch";
      case EvaluationStep.EVALUATION_STEP_COMMIT:
        return committed ? "nothing" : "commit";
      case EvaluationStep.EVALUATION_STEP_REVEAL:
        return committed && !mine.revealed ? "reveal" : "nothing";
      default:
        return "nothing";
    }
  }

  #task(input: Exclude<Input, { kind: "views" }>, out: Effect[]): void {
    const task = this.#tasks.get(input.task);
    if (!task?.work) return; // stopped
    task.work = undefined;
    switch (input.kind) {
      case "loaded":
        task.opinion = { value: input.opinion };
        task.kept = input.opinion !== undefined;
        break;
      case "fetched":
        task.fetched = true;
        task.failures = 0;
        break;
      case "scored":
        task.opinion = { value: input.opinion };
        break;
      case "kept":
        task.kept = true;
        break;
      case "sent":
        task.rests = true;
        break;
      case "failed":
        task.failures++;
        task.rests = true;
    }
    if (task.due !== "nothing" || task.work) return;
    this.#tasks.delete(input.task);
    out.push({ kind: "drop", task: input.task });
  }

  #begin(out: Effect[]): void {
    for (const [id, task] of this.#tasks) {
      if (task.work || task.rests) continue;
      if (!task.opinion) this.#start(task, "load", { kind: "load", task: id }, out);
      else if (task.opinion.value && !task.kept) this.#start(task, "keep", { kind: "keep", task: id, opinion: task.opinion.value }, out);
      else if (task.opinion.value && (task.due === "commit" || task.due === "reveal")) this.#start(task, "send", { kind: task.due, task: id, opinion: task.opinion.value }, out);
    }
    if (this.#count("load") > 0) return; // what must be sent may come to light
    // those that failed stand behind: a task that nobody serves must not keep the others waiting
    const wanting = [...this.#tasks].filter(([, t]) => !t.work && !t.rests && t.opinion && !t.opinion.value && (t.due === "fetch" || t.due === "commit")).toSorted(([, a], [, b]) => a.failures - b.failures);
    for (const [id, task] of wanting) {
      if (!task.fetched && this.#count("fetch") < FETCHES) this.#start(task, "fetch", { kind: "fetch", task: id }, out);
      if (task.fetched && task.due === "commit" && this.#count("score") < SCORINGS) this.#start(task, "score", { kind: "score", task: id }, out);
    }
  }

  #start(task: TaskState, work: Work, effect: Effect, out: Effect[]): void {
    task.work = work;
    out.push(effect);
  }

  #count(work: Work): number {
    return [...this.#tasks.values()].filter((t) => t.work === work).length;
  }
}
