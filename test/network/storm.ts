/** A task during which a process of every kind dies by SIGKILL again and again, at random moments. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ExecutionContext } from "ava";
import { LogClient } from "#net/log-client.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Outcome, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Header } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { toHex } from "#kernel/bytes.js";
import { Drbg } from "#protocol/draws/drbg.js";
import { heightOf, rpc, sleep } from "#testnet/rpc.js";
import { workerLog } from "#testnet/units.js";
import { Course } from "./course.js";
import { killAndRestart } from "./kills.js";
import { type TestNetwork, testNetwork } from "./network.js";
import { Transfers } from "./transfers.js";

/** Validator 0 is the test's eye on the chain, and is left alone. */
const VALIDATORS = ["validator1", "validator2", "validator3"];
const INSTANCES = {
  node: VALIDATORS.map((v) => `${v}.node`),
  engine: VALIDATORS.map((v) => `${v}.engine`),
  verifier: VALIDATORS.map((v) => `${v}.verifier`),
  miner: ["miner0", "miner1", "miner2"],
  supervisor: ["supervisor0", "supervisor1", "supervisor2"],
  evaluator: ["evaluator0", "evaluator1", "evaluator2"],
} as const;
type Kind = keyof typeof INSTANCES;
const OF_A_VALIDATOR: readonly Kind[] = ["node", "engine", "verifier"];
const OF_A_WORKER: readonly Kind[] = ["miner", "supervisor", "evaluator"];

/** Between two moments, ms. */
const PAUSE = { least: 300, most: 4_000 };
/** Minutes, as on a chain whose blocks take seconds: something is dead here at most times, and a slot may well rest for twenty seconds. */
const STALL_BLOCKS = "240";
const SAID = /signed two heads/;

export interface StormOptions {
  /** of each kind */
  readonly kills: number;
  readonly epochs: number;
  readonly seed: number;
}

export async function storm(t: ExecutionContext, { kills, epochs, seed }: StormOptions): Promise<void> {
  const random = new Drbg(nodeCrypto, Uint8Array.of(seed));
  const below = (n: number): number => Number(random.below(BigInt(n)));
  const network = await testNetwork({ maxSeats: 1, blockTime: 500, params: { tasks: { seat_unlock_blocks: "10" }, supervision: { stall_blocks: STALL_BLOCKS, supervisor_stall_blocks: STALL_BLOCKS } } });
  const transfers = new Transfers(network);
  try {
    const course = await Course.begin(network, { epochs });
    const served = new Served(network, course);
    await course.training(60n);
    const killed: Record<Kind, number> = { node: 0, engine: 0, verifier: 0, miner: 0, supervisor: 0, evaluator: 0 };
    const next = (kinds: readonly Kind[]): Kind | undefined => {
      const due = kinds.filter((k) => killed[k] < kills);
      return due[below(due.length || 1)];
    };
    for (let validator = next(OF_A_VALIDATOR), worker = next(OF_A_WORKER); validator || worker; validator = next(OF_A_VALIDATOR), worker = next(OF_A_WORKER)) {
      await sleep(PAUSE.least + below(PAUSE.most - PAUSE.least));
      const { task } = await course.state();
      if (task?.phase !== Phase.PHASE_TRAINING) break;
      const victims = [validator, worker].flatMap((kind) => (kind ? [{ kind, name: INSTANCES[kind][below(3)] as string }] : []));
      for (const { kind, name } of victims) if (kind === "supervisor") await served.note(name);
      await Promise.all(victims.map(({ name }) => killAndRestart(network, name)));
      for (const { kind } of victims) killed[kind]++;
    }
    t.log(`seed ${seed}, killed during training: ${Object.entries(killed).map(([k, n]) => `${k} ${n}`).join(", ")}`);
    for (const [kind, n] of Object.entries(killed)) t.is(n, kills, `training was over before ${kind} had died ${kills} times: give it more epochs`);
    await course.when("the end of training", (s) => (s.task?.phase ?? 0) > Phase.PHASE_TRAINING);
    const { messages, differing } = await served.compare();
    t.deepEqual(differing, [], "what a supervisor served before it died is what all serve at the end");
    t.true(messages > kills, `${messages} messages were compared`);
    const { result, lost, paidMiners, supply, appHashes } = await course.end();
    const { committed, missing, short } = await transfers.audit();
    t.is(result.task?.outcome, Outcome.OUTCOME_PAID);
    t.deepEqual(lost, {}, "nobody is slashed");
    t.deepEqual(paidMiners, [...INSTANCES.miner]);
    for (const s of result.slots) t.is(s.finalSeq, s.positions, `slot ${s.slot} did all its positions`);
    t.is(supply.after, supply.expected);
    t.is(new Set(appHashes).size, 1, "the validators agree");
    t.true(committed > 20, `${committed} transfers were committed meanwhile`);
    t.deepEqual({ missing, short }, { missing: [], short: 0n }, "no committed transaction is lost");
    t.deepEqual(await twiceSigned(network), [], "nobody signed twice");
    t.log(`${committed} transfers, ${messages} messages served before a death, block ${await heightOf(network.rpc)}, ${result.totals?.verdictsValid} verdicts VALID`);
  } finally {
    await transfers.stop();
    await network.down();
  }
}

/** What supervisors served before they were killed: header hashes at their heads. */
class Served {
  private readonly heads: { readonly by: string; readonly slot: number; readonly seq: bigint; readonly hash: string }[] = [];

  constructor(
    private readonly network: TestNetwork,
    private readonly course: Course,
  ) {}

  async note(name: string): Promise<void> {
    const [endpoint] = await this.endpoints(name);
    const { slots } = await this.course.state();
    for (const { slot } of slots) {
      const head = await this.head(endpoint as string, slot);
      if (head) this.heads.push({ by: name, slot, ...head });
    }
  }

  async compare(): Promise<{ messages: number; differing: string[] }> {
    const differing: string[] = [];
    for (const endpoint of await this.endpoints()) {
      const log = new LogClient({ endpoints: [endpoint], allowPrivate: true });
      for (const { by, slot, seq, hash } of this.heads) {
        const got = await log.header(this.course.id, slot, seq);
        if (toHex(nodeCrypto.sha256(got.header)) !== hash) differing.push(`${slot}/${seq} of ${by}, at ${endpoint}`);
      }
      log.close();
    }
    return { messages: this.heads.length, differing };
  }

  private async endpoints(name?: string): Promise<string[]> {
    const { seats } = await this.course.state();
    return seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && (!name || this.course.nameOf(s.worker) === name)).map((s) => s.endpoint);
  }

  /** The newest message that a supervisor has in its log; undefined where it does not answer. */
  private async head(endpoint: string, slot: number): Promise<{ seq: bigint; hash: string } | undefined> {
    const log = new LogClient({ endpoints: [endpoint], allowPrivate: true });
    try {
      const newest = await log.newest(endpoint, this.course.id, slot); // perhaps held back
      if (!newest) return undefined;
      const { seq } = Header.decode(newest.header);
      const logged = await log.header(this.course.id, slot, seq);
      return { seq, hash: toHex(nodeCrypto.sha256(logged.header)) };
    } catch {
      return undefined;
    } finally {
      log.close();
    }
  }
}

/** Evidence of validators in any block, and lines of daemons that saw two signed heads. */
async function twiceSigned(network: TestNetwork): Promise<string[]> {
  const out: string[] = [];
  const height = await heightOf(network.rpc);
  for (let h = 1; h <= height; h++) {
    const { block } = await rpc<{ block: { evidence: { evidence: readonly unknown[] | null } } }>(network.rpc, `/block?height=${h}`);
    if ((block.evidence.evidence ?? []).length > 0) out.push(`evidence in block ${h}`);
  }
  for (const kind of ["miner", "supervisor"] as const)
    for (const name of INSTANCES[kind]) if (SAID.test(readFileSync(workerLog(join(network.dir, name), kind), "utf8"))) out.push(`${name} saw two heads`);
  return out;
}
