/**
 * This node's verdicts: asked of the verifier process, kept on disk, told in vote extensions until they are recorded.
 * Nothing here is waited for by consensus: the extension takes what is in memory, and a commit only notes that there is a
 * newer state; jobs and facts are read from it between blocks.
 */
import { readU64be } from "#kernel/bytes.js";
import { type View } from "#kernel/store.js";
import { Database, levelKey } from "#platform/level.js";
import { type Logger } from "#platform/log.js";
import { fitVerdicts } from "#protocol/verification/extension.js";
import type { VerdictEntry } from "#proto/gen/pouw/v1/block.js";
import { type FactsWanted, type JobJudged, type TaskFacts, VerifyJob } from "#proto/gen/pouw/v1/services.js";
import { VerifierLink } from "./verifier-link.js";

/** As much of a job as is looked at here. */
export interface OpenJob {
  readonly id: bigint;
  readonly taskId: bigint;
  readonly slot: number;
  readonly seq: bigint;
  readonly head: VerifyJob["head"];
  /** of a claim */
  readonly headerHash?: Uint8Array;
  readonly createdHeight: bigint;
  readonly deadline: bigint;
  readonly verdicts: readonly { readonly validator: string }[];
}

export interface VerdictPorts {
  /** undecided jobs, oldest first */
  openJobs(state: View): readonly OpenJob[];
  /** of a task, with what never changes or without; undefined when there is none */
  facts(state: View, wanted: FactsWanted): TaskFacts | undefined;
  /** how long others may take, and how fast their links must be */
  times(state: View): { readonly height: bigint; readonly evidenceTimeoutMs: bigint; readonly linkRate: bigint; readonly blockMs: bigint };
  /** operator address of this validator, undefined when it is none */
  operator(state: View): string | undefined;
}

export class Verdicts {
  private readonly finished = new Map<bigint, VerdictEntry>();
  private readonly link: VerifierLink | undefined;
  /** the newest committed state, as it can be read at any time between blocks */
  private state: (() => View) | undefined;
  private scheduled: NodeJS.Immediate | undefined;

  private constructor(
    private readonly db: Database,
    private readonly ports: VerdictPorts,
    verifier: string,
    private readonly log: Logger,
  ) {
    if (!verifier) return;
    this.link = new VerifierLink({
      endpoint: verifier,
      log,
      facts: (wanted) => (this.state ? this.ports.facts(this.state(), wanted) : undefined),
      judged: (v) => void this.keep(v).catch((e: Error) => this.log.error("a verdict cannot be kept", { job: v.job, error: e })),
    });
  }

  static async open(home: string, verifier: string, ports: VerdictPorts, log: Logger): Promise<Verdicts> {
    const db = await Database.open(home);
    const verdicts = new Verdicts(db, ports, verifier, log);
    for await (const [key, value] of db.range(levelKey("v", 0), levelKey("w"))) {
      const v = new DataView(value.buffer, value.byteOffset, value.byteLength);
      const job = readU64be(key, 1);
      verdicts.finished.set(job, { job, code: v.getUint32(0), reason: v.getUint32(4) });
    }
    return verdicts;
  }

  /** Encoded verdicts on open jobs for which this validator has none recorded, oldest job first. */
  extension(state: View): Uint8Array {
    const me = this.ports.operator(state);
    if (!me) return new Uint8Array(0);
    const entries: VerdictEntry[] = [];
    for (const job of this.ports.openJobs(state)) {
      const verdict = this.finished.get(job.id);
      if (verdict && !job.verdicts.some((v) => v.validator === me)) entries.push(verdict);
    }
    return fitVerdicts(entries);
  }

  /** A block is committed: what is open is handed over once that block's work is done. */
  update(state: () => View): void {
    this.state = state;
    if (this.link) this.scheduled ??= setImmediate(() => {
      this.scheduled = undefined;
      this.handOver(state());
    });
  }

  /** Tells the verifier what is open, and forgets what is not any more. */
  private handOver(state: View): void {
    const me = this.ports.operator(state);
    const jobs = this.ports.openJobs(state);
    const open = new Set(jobs.map((j) => j.id));
    const gone = [...this.finished.keys()].filter((id) => !open.has(id));
    for (const id of gone) this.finished.delete(id);
    if (gone.length > 0) this.db.write(gone.map((id) => ({ key: levelKey("v", id), value: undefined }))).catch((e: Error) => this.log.error("cannot forget verdicts", { error: e }));
    const wanted = me ? jobs.filter((j) => !this.finished.has(j.id) && !j.verdicts.some((v) => v.validator === me)) : [];
    this.link?.tell({ ...this.ports.times(state), open: wanted.map((j) => j.id), all: wanted.map(small) });
  }

  private async keep({ job, code, reason }: JobJudged): Promise<void> {
    const value = new Uint8Array(8);
    const v = new DataView(value.buffer);
    v.setUint32(0, code);
    v.setUint32(4, reason);
    await this.db.write([{ key: levelKey("v", job), value }]);
    this.finished.set(job, { job, code, reason });
  }

  async close(): Promise<void> {
    clearImmediate(this.scheduled);
    await this.link?.close();
    await this.db.close();
  }
}

const small = ({ id, taskId, slot, seq, head, headerHash, createdHeight, deadline }: OpenJob): VerifyJob => VerifyJob.create({ job: id, taskId, slot, seq, head, ...(headerHash ? { headerHash } : {}), height: createdHeight, deadline });
