/**
 * A chain of the real modules with one task in Initialisation, its seats drawn as a test wants them, and nobody come yet.
 * Workers and task are made by messages; only the draw, which would depend on beacons, is written into the exported state.
 */
import { nodeCrypto } from "#platform/crypto.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { MsgCreateTask } from "#proto/gen/pouw/tasks/v1/tx.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { MsgRegisterWorker } from "#proto/gen/pouw/workers/v1/tx.js";
import { EXACT_PROFILE } from "#protocol/tasks/profiles.js";
import { coin, type ParamsByModule, TestChain } from "../chain/chain.js";

export const CLIENT = "client";
/** of a worker */
export const STAKE = 1_000_000_000n;
const FEE = 10_000_000n;

/** Blocks pass many times faster here than a second each, so what must happen within some blocks has more of them. */
const params = (target: bigint, stallBlocks = 2000n): ParamsByModule => ({
  tasks: { min_flop: "1", join_blocks: "600", submission_blocks: "60", reveal_key_blocks: "600", seat_unlock_blocks: "200" },
  supervision: { anchor_interval: "2", stall_blocks: `${stallBlocks}`, supervisor_stall_blocks: "2000", audit_request_window: "300" },
  work: { draw_delay: "2", claim_window: "100", verdict_window: "300", audit_ppm: 0, target0: `0x${target.toString(16).padStart(64, "0")}` },
});

export interface DrawnTask {
  readonly id: bigint;
  readonly spec: TaskSpec;
  /** names: who has each slot */
  readonly miners: readonly string[];
  readonly supervisors: readonly string[];
  /** names of others that own something */
  readonly others?: readonly string[];
  /** of the lottery; without it nothing is lucky */
  readonly target?: bigint | undefined;
  /** of the genesis */
  readonly timeMs?: bigint | undefined;
  /** after which a slot is late; default: more than a test has */
  readonly stallBlocks?: bigint | undefined;
}

/** The chain before its first block of the test. */
export function drawnChain({ id, spec, miners, supervisors, others = [], target = 1n, timeMs, stallBlocks }: DrawnTask): TestChain {
  const roles = new Map<string, Role>([...miners.map((n) => [n, Role.ROLE_MINER] as const), ...supervisors.map((n) => [n, Role.ROLE_SUPERVISOR] as const)]);
  const common = { crypto: nodeCrypto, chainId: "daemons-1" };
  const c = new TestChain({ ...common, timeMs, params: params(target, stallBlocks), funds: Object.fromEntries([CLIENT, ...roles.keys(), ...others].map((n) => [n, 2n * STAKE])) });
  c.block(() => {
    for (const [name, role] of roles) {
      const profiles = role === Role.ROLE_MINER && spec.profile !== EXACT_PROFILE ? [EXACT_PROFILE, spec.profile] : [EXACT_PROFILE];
      c.must(MsgRegisterWorker, { worker: c.address(name), roles: [role], profiles, memory: 1n << 30n, maxSeats: miners.length, stake: coin(STAKE) });
    }
    c.must(MsgCreateTask, { client: c.address(CLIENT), spec, fee: coin(FEE), bond: coin(FEE) });
  });
  return new TestChain({ ...common, timeMs: c.timeMs, initialHeight: c.height + 1n, genesis: withDraw(c, id, miners, supervisors) });
}

/** The exported state, as if every seat had been drawn in its last block. */
function withDraw(c: TestChain, id: bigint, miners: readonly string[], supervisors: readonly string[]): Record<string, unknown> {
  const state = c.exported() as any;
  const [task] = state.tasks.tasks;
  const [minerStake, supervisorStake] = task.seat_stakes as [string, string];
  const seat = (role: string, stake: string) => (name: string, index: number) => ({ task_id: `${id}`, role, index, worker: c.address(name), stake, drawn_height: `${c.height}`, held: true });
  const seats = [...miners.map(seat("ROLE_MINER", minerStake)), ...supervisors.map(seat("ROLE_SUPERVISOR", supervisorStake))];
  const workers = state.workers.workers.map((w: any) => {
    const own = seats.filter((s) => s.worker === w.address);
    return { ...w, seats: own.length, locked: `${own.reduce((sum, s) => sum + BigInt(s.stake), 0n)}` };
  });
  return {
    ...state,
    workers: { ...state.workers, workers },
    tasks: { ...state.tasks, next_id: `${id + 1n}`, tasks: [{ ...task, id: `${id}`, phase: "PHASE_INITIALISATION", phase_height: `${c.height}`, deadline: `${c.height + 600n}` }] },
    matching: { ...state.matching, seats },
  };
}
