/**
 * The caller's side over streams of frames: attaches with a signed challenge, sends what the hub lacks and then what is new,
 * takes the hub's log where it subscribed, answers requests for evidence, and attaches again with growing delays after a break.
 */
import { CallError, late, Status } from "#net/errors.js";
import { pause } from "#platform/clock.js";
import { type Logger, silentLogger } from "#platform/log.js";
import type { PushResidual } from "#proto/gen/pouw/v1/services.js";
import type { Link, LinkOptions } from "../types.js";
import { Answers } from "./answers.js";
import { attachSignBytes } from "./attach.js";
import type { FrameStream } from "./stream.js";

export interface DialledStream extends FrameStream {
  /** largest frame that the other side takes, bytes */
  readonly maxSend: number;
  /** gives up the connection too */
  hangUp(): void;
}

const FIRST_DELAY = 200;
const LAST_DELAY = 10_000;
/** How long a hub may take from the first byte to `attached`, ms: it may be reading its log. One that says nothing is left. */
const ATTACH_MS = 60_000;
/** Messages that its hub is to blame for, before a stream is left; and what is tried again then waits as after a failure. */
const HUB_FAULTS = 16;
/** what a residual's frame holds besides */
const PUSH_OVERHEAD = 1024;

export class FrameLink implements Link {
  private readonly stop = new AbortController();
  private readonly log: Logger;
  private stream: DialledStream | undefined;
  private open = false;
  private wasOpen = false;
  private full = false;
  private subscribed: boolean;
  /** how the present stream attached */
  private attachedAs: boolean | undefined;
  /** we broke the stream ourselves, to attach otherwise */
  private turning = false;
  private readonly finished: Promise<void>;

  constructor(
    private readonly options: LinkOptions,
    subscribe: boolean,
    private readonly dial: () => Promise<DialledStream>,
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

  subscribe(on: boolean): void {
    if (on === this.subscribed) return;
    this.subscribed = on;
    if (this.attachedAs !== undefined && this.attachedAs !== on) {
      this.turning = true;
      this.stream?.end(new CallError(Status.CANCELLED, "attaching anew"));
    }
  }

  pushResidual(push: PushResidual): boolean {
    const { stream } = this;
    if (!this.open || !stream || this.full || push.residual.length > stream.maxSend - PUSH_OVERHEAD) return false;
    this.write(stream, { pushResidual: push });
    return true;
  }

  async close(): Promise<void> {
    this.stop.abort();
    this.stream?.end(new CallError(Status.CANCELLED, "closing"));
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
        if (!this.turning) this.options.broken?.(e as Error);
        if (!this.turning && text !== said) this.log.warn("a bus link broke, attaching again", { error: text });
        said = this.turning ? said : text;
      }
      if (this.wasOpen) delay = FIRST_DELAY;
      if (this.turning) continue;
      await pause(this.options.timers, delay, this.stop.signal);
      delay = Math.min(delay * 2, LAST_DELAY);
    }
  }

  private async session(): Promise<void> {
    const o = this.options;
    this.wasOpen = false;
    const stream = await this.dial();
    const silent = o.timers.after(ATTACH_MS, () => !this.open && stream.end(late(`${o.endpoint} did not attach us in ${ATTACH_MS} ms`)));
    try {
      if (this.stop.signal.aborted) return;
      this.stream = stream;
      const answers = new Answers(stream, o.evidence, o.timers, this.log);
      let faults = 0;
      for await (const frame of stream.frames) {
        if (frame.challenge) this.attach(stream, frame.challenge.nonce);
        else if (frame.attached) this.begin(stream, frame.attached.clock);
        else if (frame.iteration) {
          if ((await o.iteration(frame.iteration)) === "fault" && ++faults >= HUB_FAULTS) {
            this.wasOpen = false;
            throw new Error(`${o.endpoint} sent ${faults} messages that are malformed or not signed`);
          }
        }
        else if (frame.acknowledge) o.acknowledged?.(frame.acknowledge.slot, frame.acknowledge.seq);
        else if (frame.evidenceRequest) answers.asked(frame.evidenceRequest);
      }
    } finally {
      silent();
      this.open = this.full = false;
      this.attachedAs = undefined;
      this.stream = undefined;
      stream.hangUp();
    }
  }

  private attach(stream: DialledStream, nonce: Uint8Array): void {
    const o = this.options;
    if (this.attachedAs !== undefined) throw new Error(`${o.endpoint}: a second challenge on one stream`);
    const seat = { taskId: o.taskId, role: o.role as never, index: o.index };
    const signature = o.sign(attachSignBytes(o.crypto, o.chainId, seat, nonce, o.supervisor));
    const subscribe = (this.attachedAs = this.subscribed);
    stream.write({ attach: { ...seat, signature, clock: [...o.clock()], subscribe } });
  }

  private begin(stream: DialledStream, clock: readonly bigint[]): void {
    // each would begin our whole log anew
    if (this.open || this.attachedAs === undefined) throw new Error(`${this.options.endpoint}: attached out of turn`);
    this.open = this.wasOpen = true;
    this.log.debug("attached", { subscribe: this.attachedAs });
    this.options.attached?.(clock);
    this.send(stream, clock);
  }

  private send(stream: DialledStream, clock: readonly bigint[]): void {
    const source = this.options.outgoing?.(clock, stream.signal);
    if (!source) return;
    (async () => {
      for await (const stored of source) {
        if (stream.signal.aborted) return;
        if (!this.write(stream, { stored })) await stream.drained();
      }
    })().catch((e: Error) => {
      if (!stream.signal.aborted) this.log.warn("sending to a hub failed", { error: e });
      stream.end(new CallError(Status.CANCELLED, "our own log failed"));
    });
  }

  /** Writes, and remembers whether the hub keeps up. */
  private write(stream: DialledStream, frame: Parameters<FrameStream["write"]>[0]): boolean {
    if (stream.write(frame)) return true;
    this.full = true;
    void stream.drained().then(() => this.stream === stream && (this.full = false));
    return false;
  }
}
