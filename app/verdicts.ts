/**
 * This node's verdicts: asked of the verifier process, kept on disk, told in vote extensions until they are recorded.
 * Nothing here is waited for by consensus: the extension takes what is in memory.
 */
import { readU64be } from "#kernel/bytes.js";
import { type View } from "#kernel/store.js";
import { Remote } from "#net/index.js";
import { Database, levelKey } from "#platform/level.js";
import { type Logger } from "#platform/log.js";
import { fitVerdicts } from "#protocol/verification/extension.js";
import type { VerdictEntry } from "#proto/gen/pouw/v1/block.js";
import { VerifierService, VerifyRequest } from "#proto/gen/pouw/v1/services.js";

/** As much of a job as is looked at here. */
export interface OpenJob {
  readonly id: bigint;
  readonly taskId: bigint;
  readonly verdicts: readonly { readonly validator: string }[];
}

export interface VerdictPorts {
  /** undecided jobs, oldest first */
  openJobs(state: View): readonly OpenJob[];
  request(state: View, job: OpenJob): VerifyRequest;
  /** operator address of this validator, undefined when it is none */
  operator(state: View): string | undefined;
}

const RETRY_MS = 1000;
const MAX_RUNNING = 64;

export class Verdicts {
  private readonly finished = new Map<bigint, VerdictEntry>();
  private readonly running = new Set<bigint>();
  private remote: Promise<Remote> | undefined;
  private closed = false;

  private constructor(
    private readonly db: Database,
    private readonly ports: VerdictPorts,
    private readonly verifier: string,
    private readonly log: Logger,
  ) {}

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

  /** Hands what is open to the verifier, and forgets what is not any more. */
  update(state: View): void {
    if (!this.verifier) return;
    const me = this.ports.operator(state);
    const jobs = this.ports.openJobs(state);
    const open = new Set(jobs.map((j) => j.id));
    const gone = [...this.finished.keys()].filter((id) => !open.has(id));
    for (const id of gone) this.finished.delete(id);
    if (gone.length > 0) this.db.write(gone.map((id) => ({ key: levelKey("v", id), value: undefined }))).catch((e: Error) => this.log.error("cannot forget verdicts", { error: e }));
    if (!me) return;
    for (const job of jobs) {
      if (this.running.size >= MAX_RUNNING) break;
      if (this.running.has(job.id) || this.finished.has(job.id) || job.verdicts.some((v) => v.validator === me)) continue;
      this.running.add(job.id);
      void this.ask(job.id, this.ports.request(state, job));
    }
  }

  /** Asks once; a verifier that cannot be reached is asked again when the next block is committed. */
  private async ask(id: bigint, request: VerifyRequest): Promise<void> {
    try {
      this.remote ??= Remote.dial(this.verifier, { allowPrivate: true });
      const remote = await this.remote;
      for await (const p of remote.serverStream(VerifierService.methods.verify, request)) {
        if (p.step !== "done") continue;
        const entry = { job: id, code: p.code, reason: p.reason };
        const value = new Uint8Array(8);
        const v = new DataView(value.buffer);
        v.setUint32(0, entry.code);
        v.setUint32(4, entry.reason);
        await this.db.write([{ key: levelKey("v", id), value }]);
        this.finished.set(id, entry);
      }
    } catch (e) {
      if (!this.closed) this.log.warn("the verifier gave no verdict, asking again", { job: id, error: e as Error });
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    } finally {
      this.running.delete(id);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    (await this.remote?.catch(() => undefined))?.close();
    await this.db.close();
  }
}
