/** What this node's verdicts need of the state: open jobs, and what a verifier must know of a task. */
import { consensusAddress } from "#kernel/address.js";
import { nodeCrypto } from "#platform/crypto.js";
import { EMPTY } from "#kernel/bytes.js";
import type { Seat } from "#proto/gen/pouw/matching/v1/types.js";
import { TaskFacts } from "#proto/gen/pouw/v1/services.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { type Assembly } from "./assemble.js";
import { type VerdictPorts } from "./verdicts.js";

/** A verifier that asks several supervisors in turn over real links cannot be asked to be done sooner, however short blocks are. */
const LEAST_EVIDENCE_MS = 5_000n;

/** `blockMs` tells how long blocks take now, for time-outs that the protocol counts in blocks. */
export function verdictPorts(modules: Assembly, consensusKey: Uint8Array, chainId: () => string, height: () => bigint, blockMs: () => number): VerdictPorts {
  const address = consensusAddress(nodeCrypto, Uint8Array.from(consensusKey));
  return {
    operator: (state) => modules.keepers.staking.byConsensusAddress(state, address)?.operator,
    openJobs: (state) => modules.keepers.work.openJobs(state),
    times: (state) => {
      const { evidenceTimeout, linkRate } = modules.keepers.work.params(state);
      return { height: height(), evidenceTimeoutMs: evidenceTimeoutMs(evidenceTimeout, blockMs()), linkRate, blockMs: BigInt(Math.ceil(blockMs())) };
    },
    facts(state, { taskId, whole }) {
      const { tasks, matching, supervision } = modules.keepers;
      if (!tasks.get(state, taskId)) return undefined;
      const seats = matching.wireSeats(state, taskId);
      const supervisors = seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.endpoint !== "");
      const fixed = whole ? { task: tasks.wire(state, taskId), sessionKeys: sessionKeys(seats) } : {};
      return TaskFacts.create({ taskId, height: height(), chainId: chainId(), ...fixed, endpoints: inTurn(supervisors.filter((s) => !s.dropped), address).concat(supervisors.filter((s) => s.dropped)).map((s) => s.endpoint), slots: supervision.wire(state, taskId) });
    },
  };
}

/** Each validator begins with another one, so that not all of them fetch over one link. */
function inTurn<T>(list: readonly T[], address: Uint8Array): T[] {
  const at = list.length > 0 ? (address[0] as number) % list.length : 0;
  return [...list.slice(at), ...list.slice(0, at)];
}

/** By slot. */
function sessionKeys(seats: readonly Seat[]): Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (const s of seats) if (s.role === Role.ROLE_MINER) keys[s.index] = s.sessionKey;
  return Array.from(keys, (k) => k ?? EMPTY);
}

export function evidenceTimeoutMs(blocks: bigint, blockMs: number): bigint {
  const ms = blocks * BigInt(Math.ceil(blockMs));
  return ms > LEAST_EVIDENCE_MS ? ms : LEAST_EVIDENCE_MS;
}
