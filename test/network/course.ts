/** A training task on a network of real processes: submitted by the command line, followed to its end, and what everyone has afterwards. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Chain } from "#client/chain/types.js";
import { repositoryRoot } from "#platform/entry.js";
import type { QueryTaskResultResponse } from "#proto/gen/pouw/evaluation/v1/query.js";
import type { QueryTaskStateResponse } from "#proto/gen/pouw/tasks/v1/query.js";
import { Outcome, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { type Running, runPouwd } from "#testnet/command.js";
import { appHashAt, heightOf, until } from "#testnet/rpc.js";
import { connect, supplyOf, taskResult, tasks, taskState, workers } from "#testnet/state.js";
import { type TestNetwork } from "./network.js";

export interface CourseOptions {
  readonly slots?: number;
  readonly supervisors?: number;
  readonly epochs?: number;
  readonly lag?: number;
}

const PATIENCE_MS = 8 * 60_000;

/** The digits task of the examples, smaller; written beside the network so that each test has its own. */
function digitsTask(dir: string, o: CourseOptions): string {
  const example = readFileSync(join(repositoryRoot, "examples", "digits.yaml"), "utf8");
  const set = (text: string, field: string, value: number | undefined) => {
    if (value === undefined) return text;
    const changed = text.replace(new RegExp(`^${field}: .*$`, "m"), `${field}: ${value}`);
    if (!changed.includes(`\n${field}: ${value}\n`)) throw new Error(`examples/digits.yaml has no line ${field}`);
    return changed;
  };
  let text = example.replace("../data/digits.csv", join(repositoryRoot, "data", "digits.csv"));
  for (const field of ["slots", "supervisors", "epochs", "lag"] as const) text = set(text, field, o[field]);
  const path = join(dir, "task.yaml");
  writeFileSync(path, text);
  return path;
}

export interface Ended {
  readonly result: QueryTaskResultResponse;
  /** what each worker's stake lost, by its name; whoever lost nothing is not in it */
  readonly lost: Readonly<Record<string, bigint>>;
  /** names of those who were paid as miners */
  readonly paidMiners: readonly string[];
  readonly supply: { readonly before: bigint; readonly after: bigint; readonly expected: bigint };
  /** app hashes of all validators at one height */
  readonly appHashes: readonly string[];
}

export class Course {
  private constructor(
    readonly network: TestNetwork,
    readonly chain: Chain,
    readonly id: bigint,
    private readonly submit: Running,
    private readonly supplyBefore: bigint,
    private readonly stakes: ReadonlyMap<string, bigint>,
  ) {}

  static async begin(network: TestNetwork, o: CourseOptions = {}): Promise<Course> {
    const chain = await connect(network.rpc);
    const supply = await supplyOf(chain, network.facts().denom);
    const stakes = new Map((await workers(chain)).map((w) => [w.address, w.stake]));
    const submit = runPouwd(network.dir, network.rpc, "submit", ["task", "submit", digitsTask(network.dir, o), "--from", "client"]);
    const id = await until("the task to be created", 60_000, async () => {
      if (submit.failed) throw new Error(submit.failed);
      return (await tasks(chain))[0]?.id;
    });
    return new Course(network, chain, id, submit, supply, stakes);
  }

  state(): Promise<QueryTaskStateResponse> {
    return taskState(this.chain, this.id);
  }

  /** Waits until the condition holds for the task's state; a task that ends before is an error. */
  async when(what: string, holds: (s: QueryTaskStateResponse) => boolean): Promise<QueryTaskStateResponse> {
    return until(what, PATIENCE_MS, async () => {
      const s = await this.state();
      if (holds(s)) return s;
      if (s.task && s.task.outcome !== Outcome.OUTCOME_UNSPECIFIED) throw new Error(`the task ended (outcome ${s.task.outcome}) before ${what}`);
      return undefined;
    });
  }

  training(anchored = 1n): Promise<QueryTaskStateResponse> {
    return this.when(`${anchored} anchored iterations`, (s) => s.task?.phase === Phase.PHASE_TRAINING && s.slots.reduce((n, x) => n + (x.head?.seq ?? 0n), 0n) >= anchored);
  }

  nameOf(address: string): string {
    return this.network.facts().accounts.find((a) => a.address === address)?.name ?? address;
  }

  /** Waits for the payout and sums up. */
  async end(): Promise<Ended> {
    const rpc = () => this.network.rpc;
    await until("the payout", PATIENCE_MS, async () => {
      const { task } = await this.state();
      return task && task.outcome !== Outcome.OUTCOME_UNSPECIFIED ? true : undefined;
    });
    await this.submit.done;
    const result = await taskResult(this.chain, this.id);
    const { task } = result;
    if (!task) throw new Error("the chain answered no task");
    const height = (await heightOf(rpc())) - 1;
    const lost = Object.fromEntries(
      (await workers(this.chain)).map((w) => [this.nameOf(w.address), (this.stakes.get(w.address) ?? 0n) - w.stake] as const).filter(([, v]) => v !== 0n),
    );
    const { validators } = this.network.facts();
    return {
      result,
      lost,
      paidMiners: result.payouts.filter((p) => p.what === "miner" && p.amount > 0n).map((p) => this.nameOf(p.address)).sort(),
      supply: {
        before: this.supplyBefore,
        expected: this.supplyBefore + task.minted - task.burned - task.slashedBurned,
        after: await supplyOf(this.chain, this.network.facts().denom),
      },
      appHashes: await Promise.all(validators.map((v) => until(`${v.name} to reach block ${height}`, 60_000, async () => ((await heightOf(v.rpc)) >= height ? appHashAt(v.rpc, height) : undefined)))),
    };
  }
}
