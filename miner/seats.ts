/** How many seats a machine can hold: pure arithmetic on what was measured. */
import { FLOP_PER_SECOND } from "#protocol/tasks/task-spec.js";

/** What `run_ahead` and `iteration_blocks` take a slot to compute in a second when a task does not say otherwise. */
export const SEAT_GIGAFLOP_PER_SECOND = Number(FLOP_PER_SECOND) / 1e9;

export interface Machine {
  readonly cores: number;
  /** what the miner offers to the chain */
  readonly memoryBytes: number;
}

export interface Seats {
  /** at 10 GFLOP/s a seat, on every core but the one that the network, the log and peers' signatures take */
  readonly byCompute: number;
  /** when every seat is in a task of its own, which is when they share nothing */
  readonly byMemory: number;
  /** the lower of both */
  readonly seats: number;
}

/** Half of the machine's memory, by whole MiB: the rest is the network's and the system's. */
export const offeredMemory = (totalBytes: number): bigint => BigInt(Math.floor(totalBytes / 2 ** 21)) << 20n;

export const computeThreads = (cores: number): number => Math.max(1, cores - 1);

export function seatsOf(machine: Machine, { gigaflopPerSecond, peakBytes }: { readonly gigaflopPerSecond: number; readonly peakBytes: number }): Seats {
  const byCompute = Math.floor((computeThreads(machine.cores) * gigaflopPerSecond) / SEAT_GIGAFLOP_PER_SECOND);
  const byMemory = Math.floor(machine.memoryBytes / peakBytes);
  return { byCompute, byMemory, seats: Math.min(byCompute, byMemory) };
}
