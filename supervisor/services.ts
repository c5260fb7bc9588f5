/** What a supervisor serves besides the bus: the log, and the evidence that it relays from miners. */
import { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { EvidenceService, LogService } from "#proto/gen/pouw/v1/services.js";
import { invalid, notFound, service, type Service } from "#net/index.js";
import { gate, gated } from "#net/gate.js";
import { PAGE_BYTES } from "#net/descent.js";
import { type EvidenceRelay } from "./evidence.js";
import { type SupervisedTask } from "./task.js";

const MAX_RANGE = 1_000_000n;

/** Reads at one time for those who read a log without a seat: half of libuv's threads are for signatures and for what is synced. */
const READS = 2;

export function logService(task: (id: bigint) => SupervisedTask): Service {
  const reads = gate(READS);
  return service(LogService, {
    async *stream({ taskId, clock, follow }, call) {
      const t = task(taskId);
      for await (const m of follow ? t.follow(clock, call.signal, reads) : t.logStore.after(clock, { signal: call.signal, gate: reads })) yield Iteration.decode(m.bytes);
    },
    async header({ taskId, slot, seq }) {
      // no message has seq 0: it asks for the newest that is here, held-back ones included
      if (seq === 0n) return { iteration: await task(taskId).newest(slot) };
      const log = task(taskId).logStore;
      const iteration = seq <= (log.clock()[slot] ?? 0n) ? await log.get(slot, seq) : undefined;
      if (!iteration) throw notFound(`task ${taskId} has no message ${slot}/${seq} here`);
      return { iteration };
    },
    async *range({ taskId, slot, first, last }, call) {
      if (first < 1n || last - first > MAX_RANGE) throw invalid(`range ${first} … ${last}: from 1, at most ${MAX_RANGE} messages`);
      const log = task(taskId).logStore;
      const head = log.clock()[slot] ?? 0n;
      for await (const m of gated(reads, log.range(slot, first, last < head ? last : head))) {
        if (call.signal.aborted) return;
        yield Iteration.decode(m.bytes);
      }
    },
    async *descend({ taskId, slot, last, first, bytes }, call) {
      if (first < 1n) throw invalid(`messages ${last} down to ${first}: from 1`);
      const log = task(taskId).logStore;
      if (last > (log.clock()[slot] ?? 0n)) throw notFound(`task ${taskId} has no message ${slot}/${last} here`);
      for await (const m of gated(reads, log.descend(slot, last, first, Math.min(Number(bytes), PAGE_BYTES)))) {
        if (call.signal.aborted) return;
        yield Iteration.decode(m.bytes);
      }
    },
  });
}

export function evidenceService(task: (id: bigint) => SupervisedTask, relay: EvidenceRelay): Service {
  return service(
    EvidenceService,
    {
      async *residual({ taskId, slot, seq, residualHash, offset }) {
        if (residualHash.length !== 32) throw invalid(`residual_hash has ${residualHash.length} bytes, want 32`);
        yield* relay.residual(task(taskId), slot, seq, residualHash, Number(offset));
      },
      peerMessages: ({ taskId, slot, seq }) => relay.peerMessages(task(taskId), slot, seq),
    },
    // each answer may be hundreds of MiB in memory, and a verifier asks for a few
    { residual: { running: 4, runningTotal: 8, perSecond: 20 }, peerMessages: { running: 8, runningTotal: 16, perSecond: 20 } },
  );
}
