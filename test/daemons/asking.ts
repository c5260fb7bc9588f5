/** A node as a verifier's session sees it: it hands over jobs, answers for the facts of their tasks, and takes verdicts. */
import { silentLogger } from "#platform/log.js";
import type { JobJudged, TaskFacts, VerifyAnswer, VerifyJob } from "#proto/gen/pouw/v1/services.js";
import { Session, type SessionOptions } from "#verifier/session.js";

export interface AskingOptions extends Partial<SessionOptions> {
  readonly evidenceTimeoutMs?: number;
  /** bytes a second */
  readonly linkRate?: number;
}

export class Asking {
  readonly session: Session;
  /** all that the session said */
  readonly said: VerifyAnswer[] = [];
  readonly #facts = new Map<bigint, TaskFacts>();
  readonly #open = new Map<bigint, (j: JobJudged) => void>();
  #next = 1n;

  constructor(private readonly options: AskingOptions = {}) {
    this.session = new Session({ allowPrivate: true, headStartMs: 200, retryMs: 50, log: silentLogger, send: (a) => this.#hear(a), ...options });
  }

  /** The facts of its task from now on. */
  knows(facts: TaskFacts): void {
    this.#facts.set(facts.taskId, facts);
  }

  /** The verdict on a job. */
  ask(job: (id: bigint) => VerifyJob): Promise<JobJudged> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#open.set(id, resolve);
      this.#tell([job(id)]);
    });
  }

  /** These jobs are over on chain. */
  closed(which: (id: bigint) => boolean): void {
    for (const id of this.#open.keys()) if (which(id)) this.#open.delete(id);
    this.#tell([]);
  }

  #tell(added: VerifyJob[]): void {
    const { evidenceTimeoutMs = 4_000, linkRate = 262_144 } = this.options;
    this.session.receive({ jobs: { height: 200n, added, open: [...this.#open.keys()], evidenceTimeoutMs: BigInt(evidenceTimeoutMs), linkRate: BigInt(linkRate), blockMs: 1_000n } });
  }

  #hear(answer: VerifyAnswer): void {
    this.said.push(answer);
    const { factsWanted, judged } = answer;
    if (factsWanted) {
      const facts = this.#facts.get(factsWanted.taskId);
      if (facts) setImmediate(() => this.session.receive({ facts: { ...facts, task: factsWanted.whole ? facts.task : undefined } }));
    }
    if (judged) {
      this.#open.get(judged.job)?.(judged);
      this.#open.delete(judged.job);
    }
  }

  close(): Promise<void> {
    return this.session.close();
  }
}
