/** What a supervisor serves besides the bus: the log, and evidence that it relays from miners and caches by hash. */
import { equalBytes } from "#kernel/bytes.js";
import { sha256 } from "#kernel/crypto.js";
import { EvidenceService, LogService } from "#proto/gen/pouw.js";
import { invalid, notFound, service, type Service } from "#net/index.js";
import { type ResidualCache } from "./residuals.js";
import { type SupervisedTask } from "./task.js";

const EVIDENCE_TIMEOUT = 15_000;
const MAX_RANGE = 1_000_000n;

export function logService(task: (id: bigint) => SupervisedTask): Service {
  return service(LogService, {
    async *stream({ taskId, clock, follow }, call) {
      const t = task(taskId);
      yield* follow ? t.follow(clock, call.signal) : t.logStore.after(clock, { signal: call.signal });
    },
    async header({ taskId, slot, seq }) {
      const log = task(taskId).logStore;
      const iteration = seq <= (log.clock()[slot] ?? 0n) ? await log.get(slot, seq) : undefined;
      if (!iteration) throw notFound(`task ${taskId} has no message ${slot}/${seq} here`);
      return { iteration };
    },
    async *range({ taskId, slot, first, last }, call) {
      if (first < 1n || last - first > MAX_RANGE) throw invalid(`range ${first} … ${last}: from 1, at most ${MAX_RANGE} messages`);
      const log = task(taskId).logStore;
      const head = log.clock()[slot] ?? 0n;
      for await (const m of log.range(slot, first, last < head ? last : head)) {
        if (call.signal.aborted) return;
        yield m;
      }
    },
  });
}

export function evidenceService(task: (id: bigint) => SupervisedTask, cache: ResidualCache): Service {
  return service(EvidenceService, {
    async residual({ taskId, slot, seq, residualHash }) {
      if (residualHash.length !== 32) throw invalid(`residual_hash has ${residualHash.length} bytes, want 32`);
      const t = task(taskId);
      const held = cache.get(residualHash);
      if (held) return { residual: held };
      for (const peer of t.minerOf(slot)) {
        const parts = await peer.evidence({ residualHash, slot, seq, residual: true, peers: false, iteration: false }, EVIDENCE_TIMEOUT);
        const residual = new Uint8Array(Buffer.concat(parts.map((p) => p.residual)));
        if (!equalBytes(sha256(residual), residualHash)) continue;
        cache.put(residualHash, residual);
        return { residual };
      }
      throw notFound(`the residual after ${slot}/${seq} of task ${taskId} is not here and its miner did not serve it`);
    },
    async *peerMessages({ taskId, slot, seq }) {
      const request = { residualHash: new Uint8Array(0), slot, seq, residual: false, peers: true, iteration: false };
      for (const peer of task(taskId).minerOf(slot)) {
        const parts = await peer.evidence(request, EVIDENCE_TIMEOUT);
        if (parts.some((p) => p.missing)) continue;
        for (const p of parts) yield* p.messages;
        return;
      }
      throw notFound(`the miner of slot ${slot} of task ${taskId} did not serve the messages that ${slot}/${seq} counted`);
    },
  });
}
