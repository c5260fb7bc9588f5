/**
 * The hub over streams of frames, whatever carries them: authenticates a seat, streams the log to it from its clock with
 * back-pressure, and hands over what it sends one message at a time, so that a flood waits at its sender.
 */
import { Counters } from "#net/counters.js";
import { asCallError, CallError, invalid, refused, Status, unavailable } from "#net/errors.js";
import { type Logger, silentLogger } from "#platform/log.js";
import type { Attach, BusFrame, PushResidual } from "#proto/gen/pouw/v1/services.js";
import type { BusSeat, Hub, HubLimits, HubOptions, HubPeer } from "../types.js";
import { attachSignBytes } from "./attach.js";
import { FaultBudget } from "./faults.js";
import { Peer } from "./peer.js";
import { PendingStreams } from "./pending-streams.js";
import { type CallerStream, EVIDENCE_PART, FRAME_OVERHEAD } from "./stream.js";

/** What a hub grants without being told otherwise: see HubLimits. */
export const HUB_LIMITS: HubLimits = { pendingPerAddress: 64, pendingTotal: 512, attachMs: 2_000, badAttaches: 64, badAttachMs: 1_000, stallMs: 30_000, faults: 16, faultMs: 30_000 };
const NONCE = 32;

export class FrameHub implements Hub {
  private readonly peers = new Map<string, Peer>();
  private readonly pending: PendingStreams;
  private readonly log: Logger;
  private readonly counters: Counters;
  private readonly limits: HubLimits;
  private readonly budget: FaultBudget;
  /** by address: signatures that were checked in vain */
  private readonly forged: FaultBudget;

  constructor(protected readonly options: HubOptions) {
    const limits = (this.limits = { ...HUB_LIMITS, ...options.limits });
    this.log = options.log ?? silentLogger;
    this.counters = options.counters ?? new Counters({ log: this.log, timers: options.timers });
    this.budget = new FaultBudget(options.timers, limits);
    this.forged = new FaultBudget(options.timers, { faults: limits.badAttaches, faultMs: limits.badAttachMs });
    this.pending = new PendingStreams(options.timers, { perAddress: limits.pendingPerAddress, total: limits.pendingTotal, lifetimeMs: limits.attachMs }, this.counters);
  }

  ofWorker(taskId: bigint, worker: string): HubPeer[] {
    return [...this.peers.values()].filter((p) => p.taskId === taskId && p.worker === worker);
  }
  ofTask(taskId: bigint): HubPeer[] {
    return [...this.peers.values()].filter((p) => p.taskId === taskId);
  }

  /** Serves one stream until it is over. Never throws. */
  async serve(stream: CallerStream): Promise<void> {
    let peer: Peer | undefined;
    const known = this.pending.add(stream.caller, (why) => stream.end(why));
    try {
      const nonce = this.options.random(NONCE);
      stream.write({ challenge: { nonce } });
      for await (const frame of stream.frames) {
        if (peer) await this.take(peer, frame);
        else {
          if (!frame.attach) throw invalid("the first frame must be Attach");
          peer = await this.open(stream, frame.attach, nonce, known);
          this.stream(peer, frame.attach);
        }
      }
      stream.end();
    } catch (e) {
      if (!stream.signal.aborted) {
        this.log.debug("a bus stream ended", { worker: peer?.worker, error: e as Error });
        stream.end(asCallError(e));
      }
    } finally {
      known();
      if (peer) {
        peer.gone();
        const key = `${peer.taskId}/${peer.role}/${peer.index}`;
        if (this.peers.get(key) === peer) this.peers.delete(key);
      }
    }
  }

  private async take(peer: Peer, frame: BusFrame): Promise<void> {
    if (frame.iteration) await this.options.iteration(peer, frame.iteration);
    else if (frame.evidenceReply) peer.reply(frame.evidenceReply);
    else if (frame.pushResidual) await this.residual(peer, frame.pushResidual);
    else {
      this.counters.count("bad-frame", peer.worker);
      throw invalid("a frame that only a hub sends");
    }
  }

  /** A length that cannot be right is refused before anything is hashed. */
  private async residual(peer: Peer, push: PushResidual): Promise<void> {
    if (push.residual.length === this.options.sizes(peer.taskId).residual) await this.options.residual(peer, push);
    else peer.fault("bad-length");
  }

  private async seat(a: Attach, nonce: Uint8Array, caller: string): Promise<BusSeat> {
    const { crypto, chainId, address } = this.options;
    const seat = await this.options.seat(a.taskId, a.role, a.index);
    if (!seat) throw this.refuse(caller, `task ${a.taskId} has no joined seat ${a.role}/${a.index} here`);
    // Checked on this thread: who signs for seats that are not its own has so many checks, and is refused without one from then on.
    if (this.forged.isSpent(caller)) throw this.refuse(caller, `this address signed for ${this.limits.badAttaches} seats that are not its own: it has one try every ${this.limits.badAttachMs} ms`);
    if (crypto.verifyEd25519(seat.sessionKey, attachSignBytes(crypto, chainId, a, nonce, address), a.signature)) return seat;
    this.forged.spend(caller);
    throw this.refuse(caller, `the signature is not of the session key of seat ${a.role}/${a.index} of task ${a.taskId}`);
  }

  private refuse(caller: string, why: string): CallError {
    this.counters.count("attach-refused", caller);
    return refused(why);
  }

  private async open(stream: CallerStream, a: Attach, nonce: Uint8Array, known: () => void): Promise<Peer> {
    const { worker } = await this.seat(a, nonce, stream.caller);
    if (this.budget.isSpent(`${a.taskId}/${worker}`)) throw refused(`${worker} was cut off for its faults in task ${a.taskId}: it is let in again after ${this.limits.faultMs} ms`);
    known();
    const clock = await Promise.race([this.options.clock(a.taskId), aborted(stream.signal)]);
    const { residual, message } = this.options.sizes(a.taskId);
    stream.limit(Math.max(residual, message, EVIDENCE_PART) + FRAME_OVERHEAD);
    const peer = new Peer({ ...a, worker }, stream, { ...this.options, counters: this.counters, budget: this.budget, stallMs: this.limits.stallMs });
    const key = `${a.taskId}/${a.role}/${a.index}`;
    const before = this.peers.get(key);
    this.peers.set(key, peer);
    if (before) {
      this.counters.count("replaced", worker);
      before.cut(new CallError(Status.ABORTED, "the seat attached again: its newest stream replaces this one"));
    }
    await peer.send({ attached: { clock: [...clock] } });
    this.counters.count("attached", worker);
    this.log.info("attached", { task: a.taskId, role: a.role, index: a.index, worker, subscribe: a.subscribe });
    return peer;
  }

  private stream(peer: Peer, a: Attach): void {
    if (!a.subscribe) return;
    (async () => {
      for await (const stored of this.options.follow(a.taskId, a.clock, peer.signal)) {
        if (peer.signal.aborted) return;
        await peer.send({ stored });
      }
    })().catch((e: Error) => {
      if (!peer.signal.aborted) this.log.warn("streaming the log failed", { task: a.taskId, worker: peer.worker, error: e });
      peer.cut(asCallError(e));
    });
  }

  close(): void {
    for (const p of this.peers.values()) p.cut(unavailable("the hub is closing"));
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const over = (): void => reject(unavailable("the stream is over"));
    if (signal.aborted) over();
    signal.addEventListener("abort", over, { once: true });
  });
