/** What this node's verdicts need of the state: open jobs, and all that a verifier must know of one. */
import { consensusAddress } from "#kernel/address.js";
import { nodeCrypto } from "#platform/crypto.js";
import { VerifyRequest } from "#proto/gen/pouw.js";
import { type Assembly } from "./modules.js";
import { type VerdictPorts } from "./verdicts.js";

/** A verifier that asks several supervisors in turn over real links cannot be asked to be done sooner, however short blocks are. */
const LEAST_EVIDENCE_MS = 5_000n;

/** `blockMs` tells how long blocks take now, for time-outs that the protocol counts in blocks. */
export function verdictPorts(modules: Assembly, consensusKey: Uint8Array, chainId: () => string, height: () => bigint, blockMs: () => number): VerdictPorts {
  const address = consensusAddress(nodeCrypto, Uint8Array.from(consensusKey));
  const { validators, work, tasks, seats, slots, params } = modules.keepers;
  return {
    operator: (state) => validators.byConsensusAddress(state, address)?.operator,
    openJobs: (state) => work.openJobs(state),
    request(state, job) {
      const list = slots.slots(state, job.taskId);
      return VerifyRequest.create({
        chainId: chainId(),
        job,
        task: tasks.whole(state, job.taskId),
        seats: seats.seats(state, job.taskId),
        slots: list,
        height: height(),
        anchors: list.map((s) => ({ slot: s.slot, heads: anchorsOf(slots.anchors(state, job.taskId, s.slot), s.head) })),
        evidenceTimeoutMs: evidenceTimeoutMs(params.get(state).evidenceTimeout, blockMs()),
      });
    },
  };
}

export function evidenceTimeoutMs(blocks: bigint, blockMs: number): bigint {
  const ms = blocks * BigInt(Math.ceil(blockMs));
  return ms > LEAST_EVIDENCE_MS ? ms : LEAST_EVIDENCE_MS;
}

/** Kept advances, and the slot's last head, which is kept for good. */
function anchorsOf<T extends { seq: bigint }>(kept: readonly T[], head: T | undefined): T[] {
  if (!head || head.seq === 0n || kept.some((h) => h.seq >= head.seq)) return [...kept];
  return [...kept, head];
}
