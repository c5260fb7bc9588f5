/**
 * Evidence that only a miner has, fetched over its own stream and kept for all who ask.
 *
 * A miner uploads on the stream that carries its iterations, so it is asked only for what an open job on chain needs, once
 * for everybody; what comes is handed on as it comes, and goes on when whoever asked gives up: the next attempt joins it. Of
 * peers' messages the miner sends what may differ from the anchored log, whose hashes it is told, and only those are held
 * that this supervisor's own log has otherwise.
 */
import { equalBytes, toHex } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import type { EvidenceReply, ResidualPart, SlotLog } from "#proto/gen/pouw/v1/services.js";
import type { Job } from "#proto/gen/pouw/work/v1/types.js";
import { residualSeqBefore } from "#protocol/state/iterate.js";
import { isTolerant } from "#protocol/tasks/profiles.js";
import { type AskOptions, type HubPeer } from "#bus/index.js";
import { exhausted, notFound, refused } from "#net/index.js";
import { LINK_BYTES_PER_MS } from "#net/race.js";
import { type LogStore } from "#net/log-store.js";
import { Flight } from "./flight.js";
import { type ResidualCache } from "./residuals.js";

export interface EvidenceTask {
  readonly id: bigint;
  readonly parameters: number;
  /** bytes of a residual, with what stands behind it */
  readonly residualBytes: number;
  readonly profile: string;
  readonly logStore: Pick<LogStore, "get" | "hashAt" | "hashes">;
  /** seq of the slot's anchored head, as far as it is seen here; 0 where this log has another fork */
  anchoredSeq(slot: number): Promise<bigint>;
  minerOf(slot: number): readonly Pick<HubPeer, "ask" | "worker">[];
}

/** ms that a miner may be silent, and take in all beside what its bytes need over a link: a flight outlives its callers */
const ASK: AskOptions = { silence: 15_000, total: 120_000, bytesPerMs: LINK_BYTES_PER_MS };
/** bytes of messages that differ from the log */
const MAX_DIFFERING = 64 << 20;
/** how long peers' messages are kept after the last part, ms */
const KEPT_MS = 60_000;
const KEPT = 8;

/** A message of the own log, or one that it has otherwise. */
type Kept = { readonly slot: number; readonly seq: bigint } | Iteration;

export class EvidenceRelay {
  private readonly residuals = new Map<string, Flight<Uint8Array>>();
  private readonly messages = new Map<string, Flight<Kept>>();

  constructor(
    private readonly jobs: (taskId: bigint) => Promise<readonly Job[]>,
    private readonly cache: ResidualCache,
    private readonly times: AskOptions = ASK,
  ) {}

  /** From an offset on. */
  async *residual(task: EvidenceTask, slot: number, seq: bigint, residualHash: Uint8Array, offset = 0): AsyncGenerator<ResidualPart> {
    const jobs = await this.jobs(task.id);
    const asksFor = (job: bigint): boolean => residualSeqBefore(task.parameters, task.profile, job) === seq || (isTolerant(task.profile) && job === seq);
    if (!jobs.some((j) => j.slot === slot && asksFor(j.seq))) {
      throw refused(`no open job of task ${task.id} needs the residual after ${slot}/${seq}: ask when the chain has one`);
    }
    const held = this.cache.get(residualHash);
    if (!held) {
      const logged = await task.logStore.get(slot, seq);
      if (!logged || !equalBytes(Header.decode(logged.header).residualHash, residualHash)) throw notFound(`message ${slot}/${seq} of task ${task.id} is not here, or names another residual`);
    }
    let at = 0;
    for await (const part of held ? slices(held) : this.flight(this.residuals, toHex(residualHash), (push) => this.fetchResidual(task, slot, seq, residualHash, push)).parts()) {
      const from = Math.max(at, offset);
      at += part.length;
      if (at > from) yield { offset: BigInt(from), residual: part.subarray(part.length - (at - from)) };
    }
  }

  async *peerMessages(task: EvidenceTask, slot: number, seq: bigint): AsyncGenerator<Iteration> {
    const jobs = await this.jobs(task.id);
    if (!jobs.some((j) => j.slot === slot && j.seq === seq)) throw refused(`no open job of task ${task.id} is for ${slot}/${seq}: ask when the chain has one`);
    const flight = this.flight(this.messages, `${task.id}/${slot}/${seq}`, (push) => this.fetchMessages(task, slot, seq, push), KEPT_MS);
    for await (const k of flight.parts()) {
      const m = "header" in k ? k : await task.logStore.get(k.slot, k.seq);
      if (m) yield m;
    }
  }

  /** One flight for all who ask at one time; a failed one is forgotten. */
  private flight<T>(flights: Map<string, Flight<T>>, key: string, fly: (push: (part: T) => void) => Promise<void>, keptMs = 0): Flight<T> {
    let flight = flights.get(key);
    if (!flight) {
      const begun = (flight = new Flight(fly));
      flights.set(key, begun);
      const forget = (): void => void (flights.get(key) === begun && flights.delete(key));
      void begun.over.then(() => (begun.failed ? forget() : setTimeout(forget, keptMs).unref()));
      if (keptMs > 0 && flights.size > KEPT) flights.delete(flights.keys().next().value as string);
    }
    return flight;
  }

  private async fetchResidual(task: EvidenceTask, slot: number, seq: bigint, residualHash: Uint8Array, push: (part: Uint8Array) => void): Promise<void> {
    const most = task.residualBytes;
    const parts: Uint8Array[] = [];
    let length = 0;
    for (const peer of task.minerOf(slot)) {
      const take = ({ residual }: EvidenceReply): void => {
        length += residual.length;
        if (length > most) throw exhausted(`${peer.worker} sends a residual of more than ${most} bytes`);
        parts.push(residual);
        push(residual);
      };
      const served = await peer.ask({ residualHash, slot, seq, residual: true, peers: false, iteration: false, anchored: [] }, take, this.times);
      if (served || length > 0) break; // what was handed on is not taken back
    }
    const residual = new Uint8Array(Buffer.concat(parts));
    if (!equalBytes(nodeCrypto.sha256(residual), residualHash)) throw notFound(`the residual after ${slot}/${seq} of task ${task.id} is not here and its miner did not serve it`);
    this.cache.put(residualHash, residual);
  }

  private async fetchMessages(task: EvidenceTask, slot: number, seq: bigint, push: (part: Kept) => void): Promise<void> {
    const own = await task.logStore.get(slot, seq);
    if (!own) throw notFound(`message ${slot}/${seq} of task ${task.id} is not here`);
    const { clock } = Header.decode(own.header);
    const most = clock.reduce((a, b) => a + b, 0n);
    // what the miner sends is compared as it comes: 32 bytes a message, for as long as it is asked
    const hashes = await Promise.all(clock.map((seq, s) => task.logStore.hashes(s, 1n, seq)));
    const peers = clock.flatMap((counted, peer) => (peer === slot || counted === 0n ? [] : [{ peer, counted }]));
    const anchored = await Promise.all(peers.map(({ peer, counted }) => anchoredLog(task, peer, counted)));
    for (const peer of task.minerOf(slot)) {
      let [count, differing] = [0n, 0];
      const take = ({ messages }: EvidenceReply): void => {
        for (const m of messages) {
          if (++count > most) throw exhausted(`${peer.worker} sends more than the ${most} messages that ${slot}/${seq} counted`);
          const h = Header.decode(m.header);
          const at = 32 * Number(h.seq - 1n);
          const logged = hashes[h.slot]?.subarray(at, at + 32);
          if (logged?.length === 32 && equalBytes(logged, nodeCrypto.sha256(m.header))) {
            push({ slot: h.slot, seq: h.seq });
            continue;
          }
          differing += m.header.length + m.map.length;
          if (differing > MAX_DIFFERING) throw exhausted(`${peer.worker} sends more than ${MAX_DIFFERING} bytes of messages that the log has otherwise`);
          push(m);
        }
      };
      if (await peer.ask({ residualHash: new Uint8Array(0), slot, seq, residual: false, peers: true, iteration: false, anchored }, take, this.times)) return;
    }
    throw notFound(`the miner of slot ${slot} of task ${task.id} did not serve the messages that ${slot}/${seq} counted`);
  }
}

const PART = 1 << 20;

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PART) yield bytes.subarray(at, at + PART);
}

/** Hashes of a peer's anchored log from `count` or the anchored head downwards, each twice as far back as the one before. */
async function anchoredLog(task: EvidenceTask, slot: number, count: bigint): Promise<SlotLog> {
  const head = await task.anchoredSeq(slot);
  const top = count < head ? count : head;
  const seqs: bigint[] = [];
  const hashes: Uint8Array[] = [];
  for (let back = 0n; back < top; back = 2n * back + 1n) {
    const hash = await task.logStore.hashAt(slot, top - back);
    if (!hash) continue;
    seqs.push(top - back);
    hashes.push(hash);
  }
  return { slot, seqs, hashes };
}
