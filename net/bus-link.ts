/**
 * The caller's side of Bus.Attach: attaches with a signed challenge, sends what the hub lacks and then what is new, takes
 * the hub's log where it subscribed, answers requests for evidence, and attaches again with growing delays after a break.
 */
import { type ClientDuplexStream } from "@grpc/grpc-js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { type BusFrame, BusService, type EvidenceReply, type EvidenceRequest, type PushResidual } from "#proto/gen/pouw/v1/services.js";
import { type Logger, silentLogger } from "#platform/log.js";
import { attachSignBytes } from "./attach.js";
import { drained, MAX_RECEIVE, Remote } from "./dial.js";

export interface BusLinkOptions {
  readonly endpoint: string;
  readonly chainId: string;
  /** address of the supervisor that the endpoint belongs to */
  readonly supervisor: string;
  readonly taskId: bigint;
  readonly role: number;
  readonly index: number;
  readonly allowPrivate?: boolean;
  readonly log?: Logger;
  readonly maxReceive?: number;
  sign(message: Uint8Array): Uint8Array;
  /** what we have: the hub streams what lies beyond */
  clock(): readonly bigint[];
  /** a message of the hub's log; the next is read when this resolves */
  iteration(message: Iteration): Promise<void>;
  /** what to send, given what the hub has, until the signal; a miner follows its own log here */
  outgoing?(hubClock: readonly bigint[], signal: AbortSignal): AsyncIterable<Iteration>;
  attached?(hubClock: readonly bigint[]): void;
  acknowledged?(slot: number, seq: bigint): void;
  /** answers a request; parts are sent in order, the last one marked */
  evidence?(request: EvidenceRequest): AsyncIterable<Pick<Partial<EvidenceReply>, "residual" | "messages">>;
}

/** a frame holds little besides the residual */
const MAX_PUSH = MAX_RECEIVE - 1024;
const FIRST_DELAY = 200;
const LAST_DELAY = 10_000;
/** requests for evidence answered at one time, and how many may wait besides */
const MAX_ANSWERING = 2;
const MAX_WAITING = 8;
const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });

export class BusLink {
  private readonly stop = new AbortController();
  private readonly log: Logger;
  private stream: ClientDuplexStream<Partial<BusFrame>, BusFrame> | undefined;
  private open = false;
  private subscribed: boolean;
  /** how the present stream attached */
  private attachedAs: boolean | undefined;
  /** we broke the stream ourselves, to attach otherwise */
  private turning = false;
  private answering = 0;
  private readonly unanswered: (() => Promise<void>)[] = [];
  private readonly finished: Promise<void>;

  constructor(
    private readonly options: BusLinkOptions,
    subscribe: boolean,
  ) {
    this.log = (options.log ?? silentLogger).child({ hub: options.supervisor });
    this.subscribed = subscribe;
    this.finished = this.run();
  }

  get connected(): boolean {
    return this.open;
  }
  get subscribing(): boolean {
    return this.subscribed;
  }
  get endpoint(): string {
    return this.options.endpoint;
  }
  get supervisor(): string {
    return this.options.supervisor;
  }

  /** Begins or ends reading this hub's log: attaches anew. */
  subscribe(on: boolean): void {
    if (on === this.subscribed) return;
    this.subscribed = on;
    if (this.attachedAs !== undefined && this.attachedAs !== on) {
      this.turning = true;
      this.stream?.cancel();
    }
  }

  /** Gives the hub a residual that a claim will need. False when the link is down or full, or one frame cannot hold it: it is asked for later. */
  pushResidual(push: PushResidual): boolean {
    if (!this.open || !this.stream || this.stream.writableNeedDrain || push.residual.length > MAX_PUSH) return false;
    this.stream.write({ pushResidual: push });
    return true;
  }

  async close(): Promise<void> {
    this.stop.abort();
    this.stream?.cancel();
    await this.finished;
  }

  private async run(): Promise<void> {
    let delay = FIRST_DELAY;
    let said = "";
    while (!this.stop.signal.aborted) {
      this.turning = false;
      try {
        await this.session();
      } catch (e) {
        if (this.stop.signal.aborted) return;
        const text = (e as Error).message;
        if (!this.turning && text !== said) this.log.warn("a bus link broke, attaching again", { error: text });
        said = this.turning ? said : text;
      }
      if (this.wasOpen) delay = FIRST_DELAY;
      if (this.turning) continue;
      await sleep(delay, this.stop.signal);
      delay = Math.min(delay * 2, LAST_DELAY);
    }
  }
  private wasOpen = false;

  private async session(): Promise<void> {
    const o = this.options;
    this.wasOpen = false;
    const over = new AbortController();
    const remote = await Remote.dial(o.endpoint, { allowPrivate: o.allowPrivate ?? false, ...(o.maxReceive ? { maxReceive: o.maxReceive } : {}) });
    try {
      if (this.stop.signal.aborted) return;
      const stream = remote.duplex(BusService.methods.attach);
      this.stream = stream as never;
      stream.on("error", () => over.abort());
      stream.on("end", () => over.abort());
      for await (const frame of stream as AsyncIterable<BusFrame>) {
        if (frame.challenge) {
          if (this.attachedAs !== undefined) throw new Error(`${o.endpoint}: a second challenge on one stream`);
          const attach = { taskId: o.taskId, role: o.role as never, index: o.index };
          const signature = o.sign(attachSignBytes(o.chainId, attach, frame.challenge.nonce, o.supervisor));
          const subscribe = this.subscribed;
          this.attachedAs = subscribe;
          stream.write({ attach: { ...attach, signature, clock: [...o.clock()], subscribe } });
        } else if (frame.attached) {
          // each would begin our whole log anew
          if (this.open || this.attachedAs === undefined) throw new Error(`${o.endpoint}: attached out of turn`);
          this.open = this.wasOpen = true;
          this.log.debug("attached", { subscribe: this.attachedAs });
          o.attached?.(frame.attached.clock);
          this.send(stream as never, frame.attached.clock, over);
        } else if (frame.iteration) await o.iteration(frame.iteration);
        else if (frame.acknowledge) o.acknowledged?.(frame.acknowledge.slot, frame.acknowledge.seq);
        else if (frame.evidenceRequest) this.asked(stream as never, frame.evidenceRequest, over.signal);
      }
    } finally {
      this.open = false;
      this.attachedAs = undefined;
      this.stream = undefined;
      over.abort();
      remote.close();
    }
  }

  private send(stream: ClientDuplexStream<Partial<BusFrame>, BusFrame>, clock: readonly bigint[], over: AbortController): void {
    const source = this.options.outgoing?.(clock, over.signal);
    if (!source) return;
    (async () => {
      for await (const m of source) {
        if (over.signal.aborted) return;
        if (!stream.write({ iteration: m })) await drained(stream);
      }
    })().catch((e: Error) => {
      if (!over.signal.aborted) this.log.warn("sending to a hub failed", { error: e });
      stream.cancel();
    });
  }

  /** Answers a few requests at a time: they share the stream with our iterations. A hub asks for less than what waits here. */
  private asked(stream: ClientDuplexStream<Partial<BusFrame>, BusFrame>, request: EvidenceRequest, over: AbortSignal): void {
    if (this.answering + this.unanswered.length >= MAX_WAITING) {
      this.log.debug("a hub asks for too much at once", { slot: request.slot, seq: request.seq });
      return;
    }
    this.unanswered.push(() => this.answer(stream, request, over));
    this.answerNext();
  }

  private answerNext(): void {
    if (this.answering >= MAX_ANSWERING) return;
    const next = this.unanswered.shift();
    if (!next) return;
    this.answering++;
    void next().finally(() => {
      this.answering--;
      this.answerNext();
    });
  }

  private async answer(stream: ClientDuplexStream<Partial<BusFrame>, BusFrame>, request: EvidenceRequest, over: AbortSignal): Promise<void> {
    if (over.aborted) return;
    const { id } = request;
    const empty = { id, residual: new Uint8Array(0), messages: [], missing: false, last: false };
    try {
      let some = false;
      for await (const part of this.options.evidence?.(request) ?? []) {
        if (over.aborted) return;
        some = true;
        if (!stream.write({ evidenceReply: { ...empty, ...part } })) await drained(stream);
      }
      stream.write({ evidenceReply: { ...empty, missing: !some, last: true } });
    } catch (e) {
      this.log.warn("a request for evidence failed", { slot: request.slot, seq: request.seq, error: e as Error });
      stream.write({ evidenceReply: { ...empty, missing: true, last: true } });
    }
  }
}
