/** What this node's verdicts need of the state: open jobs, and all that a verifier must know of one. */
import { consensusAddress } from "#kernel/address.js";
import { nodeCrypto } from "#platform/crypto.js";
import { VerifyRequest } from "#proto/gen/pouw/v1/services.js";
import { type Assembly } from "./assemble.js";
import { type VerdictPorts } from "./verdicts.js";

/** A verifier that asks several supervisors in turn over real links cannot be asked to be done sooner, however short blocks are. */
const LEAST_EVIDENCE_MS = 5_000n;

/** `blockMs` tells how long blocks take now, for time-outs that the protocol counts in blocks. */
export function verdictPorts(modules: Assembly, consensusKey: Uint8Array, chainId: () => string, height: () => bigint, blockMs: () => number): VerdictPorts {
  const address = consensusAddress(nodeCrypto, Uint8Array.from(consensusKey));
  return {
    operator: (state) => modules.keepers.validators.byConsensusAddress(state, address)?.operator,
    openJobs: (state) => modules.keepers.work.openJobs(state),
    request(state, job) {
      const { work, tasks, matching, supervision } = modules.keepers;
      const slots = supervision.wire(state, job.taskId);
      return VerifyRequest.create({
        chainId: chainId(),
        job: work.wireJob(state, job.id),
        task: tasks.wire(state, job.taskId),
        seats: matching.wireSeats(state, job.taskId),
        slots,
        height: height(),
        anchors: slots.map((s) => ({ slot: s.slot, heads: anchorsOf(supervision.anchors(state, job.taskId, s.slot), s.head) })),
        evidenceTimeoutMs: evidenceTimeoutMs(work.params(state).evidenceTimeout, blockMs()),
      });
    },
  };
}

export function evidenceTimeoutMs(blocks: bigint, blockMs: number): bigint {
  const ms = blocks * BigInt(Math.ceil(blockMs));
  return ms > LEAST_EVIDENCE_MS ? ms : LEAST_EVIDENCE_MS;
}

/** Kept advances, and the slot's last head, which is kept for good. */
function anchorsOf<T extends { readonly seq: bigint }>(kept: readonly T[], head: T | undefined): T[] {
  if (!head || kept.some((h) => h.seq >= head.seq)) return [...kept];
  return [...kept, head];
}
