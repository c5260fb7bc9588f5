/**
 * The supervisor's side of Bus.Attach. The hub authenticates a seat, streams the log to it from its clock with
 * back-pressure, hands over what it sends one message at a time (so a flood waits in TCP, not in memory), and asks it for evidence.
 */
import { randomBytes } from "node:crypto";
import { type ServerDuplexStream } from "@grpc/grpc-js";
import { crypto } from "#kernel/crypto.js";
import { type Attach, BusFrame, BusService, type EvidenceReply, type EvidenceRequest, type Iteration, type PushResidual } from "#proto/gen/pouw.js";
import { type Logger, silentLogger } from "#platform/log.js";
import { attachSignBytes } from "./attach.js";
import { asServiceError, exhausted, invalid, refused, unavailable } from "./errors.js";
import { drained } from "./dial.js";
import { type Call, service, type Service } from "./server.js";

export interface BusSeat {
  readonly worker: string;
  readonly sessionKey: Uint8Array;
}
export interface BusHubOptions {
  readonly chainId: string;
  /** this supervisor's own address, part of what callers sign */
  readonly address: string;
  readonly log?: Logger;
  /** the seat that attaches, or undefined when there is none that has joined */
  seat(taskId: bigint, role: number, index: number): Promise<BusSeat | undefined>;
  /** what the hub has of a task, held-back messages included */
  clock(taskId: bigint): readonly bigint[];
  /** resolves when the next message may be read */
  iteration(peer: BusPeer, message: Iteration): Promise<void>;
  residual(peer: BusPeer, push: PushResidual): Promise<void>;
  /** the log beyond a clock in causal order, then live, until the signal */
  follow(taskId: bigint, clock: readonly bigint[], signal: AbortSignal): AsyncIterable<Iteration>;
}

const ATTACH_TIMEOUT = 10_000;
const MAX_PENDING = 256;

export class BusPeer {
  private readonly requests = new Map<bigint, { push: (r: EvidenceReply) => void; fail: (e: Error) => void }>();
  private nextId = 1n;
  constructor(
    readonly taskId: bigint,
    readonly role: number,
    readonly index: number,
    readonly worker: string,
    private readonly stream: ServerDuplexStream<BusFrame, Partial<BusFrame>>,
    readonly signal: AbortSignal,
  ) {}

  async send(frame: Partial<BusFrame>): Promise<void> {
    if (this.signal.aborted) return;
    if (!this.stream.write(frame)) await drained(this.stream);
  }

  acknowledge(slot: number, seq: bigint): void {
    if (!this.signal.aborted) this.stream.write({ acknowledge: { slot, seq } });
  }

  /** Asks the peer over its own stream; answers all parts up to `last`. */
  evidence(request: Omit<EvidenceRequest, "id">, timeout: number): Promise<EvidenceReply[]> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const parts: EvidenceReply[] = [];
      const over = (): void => {
        clearTimeout(timer);
        this.requests.delete(id);
      };
      const timer = setTimeout(() => {
        over();
        reject(unavailable(`${this.worker} did not answer in ${timeout} ms`));
      }, timeout);
      this.requests.set(id, {
        push: (r) => {
          parts.push(r);
          if (!r.last && !r.missing) return;
          over();
          resolve(parts);
        },
        fail: (e) => {
          over();
          reject(e);
        },
      });
      void this.send({ evidenceRequest: { ...request, id } });
    });
  }

  /** @internal */
  reply(r: EvidenceReply): void {
    this.requests.get(r.id)?.push(r);
  }
  /** @internal */
  gone(): void {
    for (const r of this.requests.values()) r.fail(unavailable(`${this.worker} is gone`));
  }
  close(): void {
    this.stream.end();
  }
}

export class BusHub {
  private readonly peers = new Map<string, BusPeer>();
  private pending = 0;
  private readonly log: Logger;
  constructor(private readonly options: BusHubOptions) {
    this.log = options.log ?? silentLogger;
  }

  service(): Service {
    return service(BusService, { attach: (stream, call) => void this.attach(stream as never, call) });
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
    let opened = false;
    const timer = setTimeout(() => !opened && stream.emit("error", asServiceError(refused(`no Attach in ${ATTACH_TIMEOUT} ms`))), ATTACH_TIMEOUT);
    this.pending++;
    const settled = (): void => {
      if (opened) return;
      opened = true;
      this.pending--;
      clearTimeout(timer);
    };
    try {
      if (this.pending > MAX_PENDING) throw exhausted("too many streams that have not attached: try again");
      const nonce = new Uint8Array(randomBytes(32));
      stream.write({ challenge: { nonce } });
      // destroyOnReturn false: a destroyed stream would never send its status
      for await (const frame of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<BusFrame>) {
        if (!peer) {
          if (!frame.attach) throw invalid("the first frame must be Attach");
          peer = await this.open(stream, frame.attach, nonce, gone.signal);
          settled();
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
      settled();
      over();
      if (peer) {
        peer.gone();
        const key = `${peer.taskId}/${peer.role}/${peer.index}`;
        if (this.peers.get(key) === peer) this.peers.delete(key);
      }
    }
  }

  private async open(stream: ServerDuplexStream<BusFrame, Partial<BusFrame>>, a: Attach, nonce: Uint8Array, signal: AbortSignal): Promise<BusPeer> {
    const seat = await this.options.seat(a.taskId, a.role, a.index);
    if (!seat) throw refused(`task ${a.taskId} has no joined seat ${a.role}/${a.index} here`);
    if (!crypto().verifyEd25519(seat.sessionKey, attachSignBytes(this.options.chainId, a, nonce, this.options.address), a.signature)) {
      throw refused(`the signature is not of the session key of seat ${a.role}/${a.index} of task ${a.taskId}`);
    }
    const peer = new BusPeer(a.taskId, a.role, a.index, seat.worker, stream, signal);
    const key = `${a.taskId}/${a.role}/${a.index}`;
    this.peers.get(key)?.close(); // the seat's newest stream replaces the one before
    this.peers.set(key, peer);
    await peer.send({ attached: { clock: [...this.options.clock(a.taskId)] } });
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
