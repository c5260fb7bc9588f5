/** What an implementation of the bus brings: one stream of frames, with back-pressure and a reason at its end. */
import type { CallError } from "#net/errors.js";
import type { BusFrame } from "#proto/gen/pouw/v1/services.js";
import type { StoredMessage } from "../types.js";

/** A frame to send; a stored message goes as the iteration that its bytes are. */
export type Outgoing = Partial<BusFrame> | { readonly stored: StoredMessage };

export interface FrameStream {
  /** what comes, one at a time: the next is read when the one before is done with; throws what the other side ended with */
  readonly frames: AsyncIterable<BusFrame>;
  /** aborted when the stream is over, whoever ended it */
  readonly signal: AbortSignal;
  /** False when the other side does not keep up: wait for `drained` before more is written. */
  write(frame: Outgoing): boolean;
  drained(): Promise<void>;
  /** Ends the stream; with a reason that the other side is told. */
  end(why?: CallError): void;
}

/** What a hub needs besides. */
export interface CallerStream extends FrameStream {
  /** who counts as one caller before a seat is known */
  readonly caller: string;
  /** the largest frame taken from here on, bytes */
  limit(bytes: number): void;
}

/** bytes of a frame that say nothing of its content: tags, lengths, a signature */
export const FRAME_OVERHEAD = 4096;
/** the largest part of evidence that a miner sends at one time, bytes */
export const EVIDENCE_PART = 1 << 20;

/** What a stored message is to whoever counts bytes. */
export const bytesOf = (f: Outgoing): number => ("stored" in f ? f.stored.bytes.length : (f.evidenceReply?.residual.length ?? 0) + (f.pushResidual?.residual.length ?? 0)) + 64;
