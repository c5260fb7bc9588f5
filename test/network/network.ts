/**
 * A network of real processes for a test: in a temporary folder, on ports of its own, gone when the test ends.
 * POUWD_KEEP_TESTS=1 leaves the folder, for a look at its logs.
 */
import "#platform/install.js";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask } from "#testnet/control.js";
import { type Facts } from "#testnet/facts.js";
import { bringUp } from "#testnet/launch.js";
import { DEFAULTS, mergeParams, type NetworkOptions, type NetworkPlan } from "#testnet/plan.js";

export interface TestNetwork {
  readonly dir: string;
  readonly facts: () => Facts;
  readonly rpc: string;
  down(): Promise<void>;
}

/**
 * Where ports begin, apart by process, so that test files that run at one time do not meet: all below 32,768, where the
 * system takes the ports of outgoing connections from. Those of another network are passed over.
 */
const BLOCKS = 39;
const offsetOf = (attempt: number): number => 300 + ((process.pid + attempt) % BLOCKS) * 100;

async function onFreePorts(up: (portOffset: number) => Promise<NetworkPlan>): Promise<NetworkPlan> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await up(offsetOf(attempt));
    } catch (e) {
      if (attempt >= BLOCKS || !/^Port \d+ .* is used/.test((e as Error).message)) throw e;
    }
  }
}

/**
 * Deadlines that honest daemons keep on a machine that is busy with other tests; phases end early when all is in, so they
 * cost nothing.
 */
const PATIENT = {
  tasks: { join_blocks: "120", commit_blocks: "120", reveal_scores_blocks: "120" },
  work: { evidence_timeout: "40", verdict_window: "80" },
};

export async function testNetwork(options: Partial<Omit<NetworkOptions, "dir">>, env: Record<string, string> = {}): Promise<TestNetwork> {
  const dir = mkdtempSync(join(tmpdir(), "pouwd-"));
  const down = async () => {
    await ask(dir, { command: "shutdown" });
    if (process.env.POUWD_KEEP_TESTS) return console.error(`kept: ${dir}`);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const up = (portOffset: number) => bringUp({ ...DEFAULTS, ...options, params: mergeParams(PATIENT, options.params ?? {}), portOffset, dir }, { env, say: () => {} });
    const plan = options.portOffset === undefined ? await onFreePorts(up) : await up(options.portOffset);
    return {
      dir,
      facts: () => JSON.parse(readFileSync(join(dir, "testnet.json"), "utf8")) as Facts,
      rpc: `http://127.0.0.1:${plan.validators[0]?.rpcPort}`,
      down,
    };
  } catch (e) {
    await down();
    throw e;
  }
}
