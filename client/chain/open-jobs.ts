/** The open verification jobs of a task, as the chain has them now: asked at most once a second. */
import { type Chain } from "./types.js";
import { WorkQuery } from "#proto/gen/pouw/work/v1/query.js";
import type { Job } from "#proto/gen/pouw/work/v1/types.js";

const FRESH_MS = 1_000;
const PAGE = 100;

export class OpenJobs {
  private readonly known = new Map<bigint, { at: number; jobs: Promise<readonly Job[]> }>();

  constructor(
    private readonly chain: Chain,
    private readonly now: () => number = Date.now,
  ) {}

  of(taskId: bigint): Promise<readonly Job[]> {
    const have = this.known.get(taskId);
    if (have && this.now() - have.at < FRESH_MS) return have.jobs;
    const jobs = this.ask(taskId);
    this.known.set(taskId, { at: this.now(), jobs });
    jobs.catch(() => this.known.delete(taskId));
    return jobs;
  }

  private async ask(taskId: bigint): Promise<readonly Job[]> {
    const out: Job[] = [];
    for (;;) {
      const startAfter = out.at(-1)?.id ?? 0n;
      const { jobs } = (await this.chain.query(WorkQuery.methods.jobs, { taskId, openOnly: true, startAfter, limit: PAGE })).value;
      out.push(...jobs);
      if (jobs.length < PAGE) return out;
    }
  }
}
