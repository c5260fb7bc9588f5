/**
 * The bus as a port: a miner or supervisor attached to a supervisor (protocol section 6). `bus/grpc` is it over sockets,
 * `bus/memory.ts` in one process; `bus/compliance.ts` is what both must do.
 *
 * A stream opens with a signed challenge. The hub streams its log from the caller's clock, takes the caller's messages one
 * at a time (so that a flood waits at its sender), acknowledges what is on disk, and asks for evidence. A link attaches again,
 * with growing delays, for as long as it is open.
 */
import type { Crypto } from "#kernel/crypto.js";
import type { Counters, Outcome } from "#net/counters.js";
import type { CallError } from "#net/errors.js";
import type { Timers } from "#platform/clock.js";
import type { Logger } from "#platform/log.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import type { EvidenceReply, EvidenceRequest, PushResidual } from "#proto/gen/pouw/v1/services.js";

/** A message as it lies on disk: `bytes` is the encoded Iteration, sent on without being decoded. */
export interface StoredMessage {
  readonly slot: number;
  readonly seq: bigint;
  readonly bytes: Uint8Array;
}

export interface BusSeat {
  readonly worker: string;
  readonly sessionKey: Uint8Array;
}

/** What a frame of a task can be, bytes. */
export interface FrameSizes {
  /** a residual has exactly so many */
  readonly residual: number;
  /** an Iteration has at most so many */
  readonly message: number;
}

export interface AskOptions {
  /** how long it may say nothing, ms */
  readonly silence: number;
  /** how long it may take in all, ms */
  readonly total: number;
  /** of a slow link that is good enough: what came so lengthens the whole time */
  readonly bytesPerMs?: number | undefined;
}

/** One attached stream at the hub. */
export interface HubPeer {
  readonly taskId: bigint;
  readonly role: number;
  readonly index: number;
  readonly worker: string;
  /** aborted when the stream is over */
  readonly signal: AbortSignal;
  /** Never waits: while the peer does not read, later acknowledgements take the place of earlier ones. */
  acknowledge(slot: number, seq: bigint): void;
  /**
   * Asks the peer over its own stream and hands each part to `take`, whose throw ends the matter. True when the peer
   * served it to the end, false when it says that it has not got it.
   */
  ask(request: Omit<EvidenceRequest, "id">, take: (part: EvidenceReply) => void, options: AskOptions): Promise<boolean>;
  /** Something that an honest peer never sends. Who does it more often than its budget allows is cut off, and kept out for a while. */
  fault(code: Outcome): void;
  /** Ends the stream and says why. */
  cut(why: CallError): void;
}

/** What bounds a peer; each bound is stated where it is kept, in bus/core. */
export interface HubLimits {
  /** streams of one address that have not attached, and of all */
  readonly pendingPerAddress: number;
  readonly pendingTotal: number;
  /** how long a stream may take to attach, ms */
  readonly attachMs: number;
  /** wrong signatures of one address that are checked, and ms until it is given another */
  readonly badAttaches: number;
  readonly badAttachMs: number;
  /** how long a peer may leave what is written to it unread, ms, besides the time that its bytes take at `link_rate` */
  readonly stallMs: number;
  /** faults that a worker has free in a task, and ms until it is given one back */
  readonly faults: number;
  readonly faultMs: number;
}

export interface HubOptions {
  readonly chainId: string;
  /** this supervisor's own address, part of what callers sign */
  readonly address: string;
  readonly crypto: Pick<Crypto, "sha256" | "verifyEd25519">;
  readonly timers: Timers;
  readonly random: (bytes: number) => Uint8Array;
  readonly log?: Logger;
  readonly counters?: Counters;
  readonly limits?: Partial<HubLimits>;
  /** the seat that attaches, or undefined when there is none that has joined */
  seat(taskId: bigint, role: number, index: number): Promise<BusSeat | undefined>;
  sizes(taskId: bigint): FrameSizes;
  /** what the hub has of a task without a gap, held-back messages included; resolves when its log is open */
  clock(taskId: bigint): Promise<readonly bigint[]>;
  /** resolves when the next message may be read */
  iteration(peer: HubPeer, message: Iteration): Promise<void>;
  /** a residual of the right length */
  residual(peer: HubPeer, push: PushResidual): Promise<void>;
  /** the log beyond a clock in causal order, then live, until the signal */
  follow(taskId: bigint, clock: readonly bigint[], signal: AbortSignal): AsyncIterable<StoredMessage>;
}

export interface Hub {
  /** Streams of a worker in a task: whatever seat they attached as. */
  ofWorker(taskId: bigint, worker: string): HubPeer[];
  ofTask(taskId: bigint): HubPeer[];
  close(): void;
}

export interface LinkOptions {
  readonly endpoint: string;
  readonly chainId: string;
  /** address of the supervisor that the endpoint belongs to */
  readonly supervisor: string;
  readonly taskId: bigint;
  readonly role: number;
  readonly index: number;
  readonly crypto: Pick<Crypto, "sha256">;
  readonly timers: Timers;
  readonly log?: Logger;
  /** largest frame that the hub may send, bytes */
  readonly maxReceive?: number;
  sign(message: Uint8Array): Uint8Array;
  /** what we have: the hub streams what lies beyond */
  clock(): readonly bigint[];
  /** a message of the hub's log; the next is read when this resolves. "fault": the hub is to blame for it */
  iteration(message: Iteration): Promise<"fault" | void>;
  /** what to send, given what the hub has, until the signal; a miner follows its own log here */
  outgoing?(hubClock: readonly bigint[], signal: AbortSignal): AsyncIterable<StoredMessage>;
  attached?(hubClock: readonly bigint[]): void;
  acknowledged?(slot: number, seq: bigint): void;
  /** the stream broke, with what the hub said if it said something; the link attaches again */
  broken?(why: Error): void;
  /** answers a request; parts are sent in order, the last one marked */
  evidence?(request: EvidenceRequest): AsyncIterable<Pick<Partial<EvidenceReply>, "residual" | "messages">>;
}

export interface Link {
  readonly connected: boolean;
  readonly subscribing: boolean;
  readonly endpoint: string;
  readonly supervisor: string;
  /** Begins or ends reading this hub's log: attaches anew. */
  subscribe(on: boolean): void;
  /** Gives the hub a residual that a claim will need. False when the link is down or full, or one frame cannot hold it: it is asked for later. */
  pushResidual(push: PushResidual): boolean;
  close(): Promise<void>;
}

export interface ServedHub {
  readonly hub: Hub;
  /** what links dial */
  readonly endpoint: string;
  close(): Promise<void>;
}

export interface Bus {
  /** A hub that listens; what `listen` may be is the implementation's. */
  serve(options: HubOptions, listen: string): Promise<ServedHub>;
  link(options: LinkOptions, subscribe: boolean): Link;
}
