/** What a job fetches before and between its re-runs, step by step as its machine asks for it. */
import { CallError } from "#net/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import { decodeHeader, verifyHead } from "#protocol/log/header.js";
import { residualSeqBefore } from "#protocol/state/iterate.js";
import { slotPositions } from "#protocol/log/positions.js";
import type { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type RunInput } from "./compute.js";
import { type JobRef } from "./job.js";
import { PeerAnswers } from "./peer-answers.js";
import { type Fetcher, type TaskWork } from "./task.js";
import { Unserved } from "./unserved.js";

export type Work = Pick<TaskWork, "spec" | "plan" | "facts" | "header" | "ensure" | "batch" | "residual" | "peersFrom" | "run">;
export type Batches = Pick<RunInput, "batches" | "batchHashes">;

const SLOTS_AT_ONCE = 8;
/** between two questions to a supervisor that did not relay the peers' messages, ms */
const PEERS_AGAIN_MS = 1_000;
/** of peers' messages from one supervisor: a branch is as long as what is not anchored yet, or as a fork that most supervisors attested */
const MAX_PEERS_BYTES = 64 << 20;

/** The first seq that is re-run. */
const firstRerun = (work: Work, seq: bigint): bigint => residualSeqBefore(work.plan.parameters, work.spec.profile, seq) + 1n;

/** The slot's own messages up to the job's anchored head, and of every peer what the re-run headers' clocks name. Throws Unserved. */
export async function fetchLog(work: Work, { slot, seq, head }: JobRef, f: Fetcher): Promise<void> {
  await work.ensure(slot, seq, head, f);
  const most = new Map<number, bigint>();
  for (let s = firstRerun(work, seq); s <= seq; s++) {
    for (const [peer, count] of clockOf(work, slot, s).entries()) {
      // what the task does not have is the re-run's to judge
      if (peer !== slot && peer < work.spec.slots && count <= slotPositions(work.spec, peer) && count > (most.get(peer) ?? 0n)) most.set(peer, count);
    }
  }
  const open = [...most];
  let unanchored: Unserved | undefined;
  const one = async (): Promise<void> => {
    for (let next = open.shift(); next; next = open.shift()) {
      await work.ensure(next[0], next[1], undefined, f).catch((e: unknown) => {
        if (!(e instanceof Unserved) || e.anchored) throw e;
        unanchored = e;
      });
    }
  };
  const begun = Array.from({ length: SLOTS_AT_ONCE }, () => one().catch((e: unknown) => (open.splice(0), Promise.reject(e as Error))));
  for (const r of await Promise.allSettled(begun)) if (r.status === "rejected") throw r.reason;
  if (unanchored) throw unanchored;
}

/** All batches of the re-run, copied for this job. Throws Unserved. */
export async function fetchBatches(work: Work, { slot, seq }: JobRef, f: Fetcher): Promise<Batches> {
  const batches = new Map<number, NonNullable<ReturnType<RunInput["batches"]["get"]>>>();
  const batchHashes = new Map<number, Uint8Array>();
  for (let s = firstRerun(work, seq); s <= seq; s++) {
    const { number, hash, batch } = await work.batch(slot, s, f);
    batches.set(number, batch);
    batchHashes.set(number, hash);
  }
  return { batches, batchHashes };
}

/**
 * What the miner shows of its peers. Every supervisor is asked again and again until each has answered or the job gives up,
 * and only then is a state that agrees with nothing the miner's fault. `found` hears of each set that is worth a re-run.
 */
export async function fetchPeers(work: Work, { slot, seq }: JobRef, f: Fetcher, found: (answers: PeerAnswers, sets: (readonly Iteration[])[]) => void): Promise<void> {
  const most = clockOf(work, slot, seq).reduce((sum, count) => sum + count, 0n);
  const endpoints = [...new Set(work.facts.endpoints)];
  const answers = new PeerAnswers(endpoints.length);
  found(answers, []);
  const keyOf = (peer: number): Uint8Array | undefined => work.facts.keys[peer];
  const ask = async (endpoint: string): Promise<void> => {
    for (;;) {
      let bytes = 0;
      const got = (m: Iteration): void => {
        bytes += m.header.length + m.map.length;
        if (bytes > MAX_PEERS_BYTES) throw new CallError(8, `${endpoint}: sent more than ${MAX_PEERS_BYTES} bytes of peers' messages`);
        if (isSigned(work, keyOf, m)) f.arrived(m.header.length + m.map.length);
      };
      try {
        return found(answers, answers.add(await work.peersFrom(endpoint, slot, seq, most, f.signal, got)));
      } catch (e) {
        if (!(e instanceof CallError)) throw e;
      }
      await new Promise((resolve) => setTimeout(resolve, PEERS_AGAIN_MS));
      f.signal.throwIfAborted();
    }
  };
  await Promise.all(endpoints.map(ask));
}

/** Whether one of the task's miners signed it: what anybody can make up is no progress. */
function isSigned(work: Work, keyOf: (slot: number) => Uint8Array | undefined, { header, signature }: Iteration): boolean {
  try {
    const { slot, seq } = decodeHeader(header);
    const { chainId, task } = work.facts;
    return verifyHead(nodeCrypto, keyOf(slot) as Uint8Array, { chainId, taskId: task.id, slot, seq, headerHash: nodeCrypto.sha256(header) }, signature);
  } catch {
    return false;
  }
}

function clockOf(work: Work, slot: number, seq: bigint): readonly bigint[] {
  let header: Header;
  try {
    header = decodeHeader(work.header(slot, seq) as Uint8Array);
  } catch {
    return []; // INVALID by the re-run
  }
  return header.clock;
}
