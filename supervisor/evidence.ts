/**
 * Evidence that only a miner has, fetched over its own stream and kept for all who ask.
 *
 * A miner uploads on the stream that carries its iterations, so it is asked only for what an open job on chain needs, once
 * for everybody, and what has begun goes on when whoever asked gives up: the next attempt joins it. Of peers' messages
 * only those are held that this supervisor's own log has otherwise; of the others it notes that the miner has the same.
 */
import { equalBytes, toHex } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import type { EvidenceReply } from "#proto/gen/pouw/v1/services.js";
import type { Job } from "#proto/gen/pouw/work/v1/types.js";
import { residualSeqBefore } from "#protocol/state/iterate.js";
import { isTolerant } from "#protocol/tasks/profiles.js";
import type { HubPeer } from "#bus/index.js";
import { exhausted, notFound, refused } from "#net/index.js";
import { type LogStore } from "#net/log-store.js";
import { type ResidualCache } from "./residuals.js";

export interface EvidenceTask {
  readonly id: bigint;
  readonly parameters: number;
  /** bytes of a residual, with what stands behind it */
  readonly residualBytes: number;
  readonly profile: string;
  readonly logStore: Pick<LogStore, "get" | "hashes">;
  minerOf(slot: number): readonly Pick<HubPeer, "ask" | "worker">[];
}

/** ms that a miner may be silent, and take in all: the chain grants 20 blocks, and a flight outlives its callers */
const ASK = { silence: 15_000, total: 120_000 };
/** bytes of messages that differ from the log */
const MAX_DIFFERING = 64 << 20;
/** how long peers' messages are kept after the last part, ms */
const KEPT_MS = 60_000;
const KEPT = 8;

/** A message of the own log, or one that it has otherwise. */
type Kept = { readonly slot: number; readonly seq: bigint } | Iteration;

export class EvidenceRelay {
  private readonly residuals = new Map<string, Promise<Uint8Array>>();
  private readonly messages = new Map<string, Promise<readonly Kept[]>>();

  constructor(
    private readonly jobs: (taskId: bigint) => Promise<readonly Job[]>,
    private readonly cache: ResidualCache,
    private readonly times: { readonly silence: number; readonly total: number } = ASK,
  ) {}

  async residual(task: EvidenceTask, slot: number, seq: bigint, residualHash: Uint8Array): Promise<Uint8Array> {
    const jobs = await this.jobs(task.id);
    const asksFor = (job: bigint): boolean => residualSeqBefore(task.parameters, task.profile, job) === seq || (isTolerant(task.profile) && job === seq);
    if (!jobs.some((j) => j.slot === slot && asksFor(j.seq))) {
      throw refused(`no open job of task ${task.id} needs the residual after ${slot}/${seq}: ask when the chain has one`);
    }
    const held = this.cache.get(residualHash);
    if (held) return held;
    const logged = await task.logStore.get(slot, seq);
    if (!logged || !equalBytes(Header.decode(logged.header).residualHash, residualHash)) throw notFound(`message ${slot}/${seq} of task ${task.id} is not here, or names another residual`);
    return this.once(this.residuals, toHex(residualHash), async () => {
      const residual = await this.fetchResidual(task, slot, seq, residualHash);
      this.cache.put(residualHash, residual);
      return residual;
    });
  }

  async *peerMessages(task: EvidenceTask, slot: number, seq: bigint): AsyncGenerator<Iteration> {
    const jobs = await this.jobs(task.id);
    if (!jobs.some((j) => j.slot === slot && j.seq === seq)) throw refused(`no open job of task ${task.id} is for ${slot}/${seq}: ask when the chain has one`);
    const kept = await this.once(this.messages, `${task.id}/${slot}/${seq}`, () => this.fetchMessages(task, slot, seq), KEPT_MS);
    for (const k of kept) {
      const m = "header" in k ? k : await task.logStore.get(k.slot, k.seq);
      if (m) yield m;
    }
  }

  /** One flight for all who ask at one time; a failed one is forgotten. */
  private once<T>(flights: Map<string, Promise<T>>, key: string, fly: () => Promise<T>, keptMs = 0): Promise<T> {
    let flight = flights.get(key);
    if (!flight) {
      flight = fly();
      flights.set(key, flight);
      const over = (): boolean => flights.delete(key);
      flight.then(() => void setTimeout(over, keptMs).unref(), over);
      if (keptMs > 0 && flights.size > KEPT) flights.delete(flights.keys().next().value as string);
    }
    return flight;
  }

  private async fetchResidual(task: EvidenceTask, slot: number, seq: bigint, residualHash: Uint8Array): Promise<Uint8Array> {
    const most = task.residualBytes;
    for (const peer of task.minerOf(slot)) {
      const parts: Uint8Array[] = [];
      let length = 0;
      const take = ({ residual }: EvidenceReply): void => {
        length += residual.length;
        if (length > most) throw exhausted(`${peer.worker} sends a residual of more than ${most} bytes`);
        parts.push(residual);
      };
      const served = await peer.ask({ residualHash, slot, seq, residual: true, peers: false, iteration: false }, take, this.times);
      const residual = new Uint8Array(Buffer.concat(parts));
      if (served && equalBytes(nodeCrypto.sha256(residual), residualHash)) return residual;
    }
    throw notFound(`the residual after ${slot}/${seq} of task ${task.id} is not here and its miner did not serve it`);
  }

  private async fetchMessages(task: EvidenceTask, slot: number, seq: bigint): Promise<readonly Kept[]> {
    const own = await task.logStore.get(slot, seq);
    if (!own) throw notFound(`message ${slot}/${seq} of task ${task.id} is not here`);
    const { clock } = Header.decode(own.header);
    const most = clock.reduce((a, b) => a + b, 0n);
    // what the miner sends is compared as it comes: 32 bytes a message, for as long as it is asked
    const hashes = await Promise.all(clock.map((seq, s) => task.logStore.hashes(s, 1n, seq)));
    for (const peer of task.minerOf(slot)) {
      const kept: Kept[] = [];
      let differing = 0;
      const take = ({ messages }: EvidenceReply): void => {
        for (const m of messages) {
          if (BigInt(kept.length) >= most) throw exhausted(`${peer.worker} sends more than the ${most} messages that ${slot}/${seq} counted`);
          const h = Header.decode(m.header);
          const at = 32 * Number(h.seq - 1n);
          const logged = hashes[h.slot]?.subarray(at, at + 32);
          if (logged?.length === 32 && equalBytes(logged, nodeCrypto.sha256(m.header))) {
            kept.push({ slot: h.slot, seq: h.seq });
            continue;
          }
          differing += m.header.length + m.map.length;
          if (differing > MAX_DIFFERING) throw exhausted(`${peer.worker} sends more than ${MAX_DIFFERING} bytes of messages that the log has otherwise`);
          kept.push(m);
        }
      };
      if (await peer.ask({ residualHash: new Uint8Array(0), slot, seq, residual: false, peers: true, iteration: false }, take, this.times)) return kept;
    }
    throw notFound(`the miner of slot ${slot} of task ${task.id} did not serve the messages that ${slot}/${seq} counted`);
  }
}
