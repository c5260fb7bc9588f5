/**
 * The supervisor's side of Bus.Attach. The hub authenticates a seat, streams the log to it from its clock with
 * back-pressure, hands over what it sends one message at a time (so a flood waits in TCP, not in memory), and asks it for evidence.
 */
import { randomBytes } from "node:crypto";
import { type ServerDuplexStream } from "@grpc/grpc-js";
import { nodeCrypto } from "#platform/crypto.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type Attach, type BusFrame, BusService, type PushResidual } from "#proto/gen/pouw/v1/services.js";
import { type Logger, silentLogger } from "#platform/log.js";
import { attachSignBytes } from "./attach.js";
import { BusPeer } from "./bus-peer.js";
import { MAX_RECEIVE } from "./dial.js";
import { asServiceError, invalid, refused, unavailable } from "./errors.js";
import { PendingStreams } from "./pending-streams.js";
import { setReceiveLimit } from "./receive-limit.js";
import { type Call, service, type Service, SMALL_REQUEST } from "./server.js";

export interface BusSeat {
  readonly worker: string;
  readonly sessionKey: Uint8Array;
}
export interface BusHubOptions {
  readonly chainId: string;
  /** this supervisor's own address, part of what callers sign */
  readonly address: string;
  readonly log?: Logger;
  /** largest frame of a peer that has attached, bytes */
  readonly maxReceive?: number;
  /** the seat that attaches, or undefined when there is none that has joined */
  seat(taskId: bigint, role: number, index: number): Promise<BusSeat | undefined>;
  /** what the hub has of a task without a gap, held-back messages included; resolves when its log is open */
  clock(taskId: bigint): Promise<readonly bigint[]>;
  /** resolves when the next message may be read */
  iteration(peer: BusPeer, message: Iteration): Promise<void>;
  residual(peer: BusPeer, push: PushResidual): Promise<void>;
  /** the log beyond a clock in causal order, then live, until the signal */
  follow(taskId: bigint, clock: readonly bigint[], signal: AbortSignal): AsyncIterable<Iteration>;
}

export class BusHub {
  private readonly peers = new Map<string, BusPeer>();
  private readonly pending = new PendingStreams();
  private readonly log: Logger;
  constructor(private readonly options: BusHubOptions) {
    this.log = options.log ?? silentLogger;
  }

  service(): Service {
    return service(BusService, { attach: (stream, call) => void this.attach(stream as never, call) }, { attach: SMALL_REQUEST });
  }

  /** Streams of a worker in a task: whatever seat they attached as. */
  ofWorker(taskId: bigint, worker: string): BusPeer[] {
    return [...this.peers.values()].filter((p) => p.taskId === taskId && p.worker === worker);
  }
  ofTask(taskId: bigint): BusPeer[] {
    return [...this.peers.values()].filter((p) => p.taskId === taskId);
  }

  private async attach(stream: ServerDuplexStream<BusFrame, Partial<BusFrame>>, call: Call): Promise<void> {
    const gone = new AbortController();
    const over = (): void => gone.abort();
    for (const e of ["close", "end", "error", "cancelled"]) stream.on(e, over);
    call.signal.addEventListener("abort", over, { once: true });
    let peer: BusPeer | undefined;
    const known = this.pending.add(call.peer, (why) => stream.emit("error", asServiceError(why)));
    try {
      const nonce = new Uint8Array(randomBytes(32));
      stream.write({ challenge: { nonce } });
      // destroyOnReturn false: a destroyed stream would never send its status
      for await (const frame of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<BusFrame>) {
        if (!peer) {
          if (!frame.attach) throw invalid("the first frame must be Attach");
          peer = await this.open(stream, frame.attach, nonce, gone.signal, known);
          this.stream(peer, frame.attach);
          continue;
        }
        if (frame.iteration) await this.options.iteration(peer, frame.iteration);
        else if (frame.evidenceReply) peer.reply(frame.evidenceReply);
        else if (frame.pushResidual) await this.options.residual(peer, frame.pushResidual);
        else throw invalid("a frame that only a hub sends");
      }
      stream.end();
    } catch (e) {
      if (!gone.signal.aborted) {
        this.log.debug("a bus stream ended", { worker: peer?.worker, error: e as Error });
        stream.emit("error", asServiceError(e));
      }
    } finally {
      known();
      over();
      if (peer) {
        peer.gone();
        const key = `${peer.taskId}/${peer.role}/${peer.index}`;
        if (this.peers.get(key) === peer) this.peers.delete(key);
      }
    }
  }

  private async open(stream: ServerDuplexStream<BusFrame, Partial<BusFrame>>, a: Attach, nonce: Uint8Array, signal: AbortSignal, known: () => void): Promise<BusPeer> {
    const seat = await this.options.seat(a.taskId, a.role, a.index);
    if (!seat) throw refused(`task ${a.taskId} has no joined seat ${a.role}/${a.index} here`);
    if (!nodeCrypto.verifyEd25519(seat.sessionKey, attachSignBytes(this.options.chainId, a, nonce, this.options.address), a.signature)) {
      throw refused(`the signature is not of the session key of seat ${a.role}/${a.index} of task ${a.taskId}`);
    }
    known();
    const clock = await Promise.race([this.options.clock(a.taskId), aborted(signal)]);
    setReceiveLimit(stream, this.options.maxReceive ?? MAX_RECEIVE);
    const peer = new BusPeer(a.taskId, a.role, a.index, seat.worker, stream, signal);
    const key = `${a.taskId}/${a.role}/${a.index}`;
    this.peers.get(key)?.close(); // the seat's newest stream replaces the one before
    this.peers.set(key, peer);
    await peer.send({ attached: { clock: [...clock] } });
    this.log.info("attached", { task: a.taskId, role: a.role, index: a.index, worker: seat.worker, subscribe: a.subscribe });
    return peer;
  }

  private stream(peer: BusPeer, a: Attach): void {
    if (!a.subscribe) return;
    (async () => {
      for await (const m of this.options.follow(a.taskId, a.clock, peer.signal)) {
        if (peer.signal.aborted) return;
        await peer.send({ iteration: m });
      }
    })().catch((e: Error) => {
      if (!peer.signal.aborted) this.log.warn("streaming the log failed", { task: a.taskId, worker: peer.worker, error: e });
      peer.close();
    });
  }

  close(): void {
    for (const p of this.peers.values()) p.close();
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const over = (): void => reject(unavailable("the stream is over"));
    if (signal.aborted) over();
    signal.addEventListener("abort", over, { once: true });
  });
