/**
 * A slot's log, downloaded from whichever supervisor serves it and checked by hashes alone: every header links to the
 * one before, every map is the one its header names, and the last header is the anchored one. So nothing that a
 * supervisor sends needs to be trusted.
 */
import { equalBytes, toHex } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { Header, type Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { decodeCanonical } from "#proto/wire.js";
import { type CallOptions } from "./dial.js";
import { type LogClient } from "./log-client.js";

export interface LogEntry {
  readonly header: Header;
  readonly headerBytes: Uint8Array;
  readonly headerHash: Uint8Array;
  readonly map: Uint8Array;
  readonly signature: Uint8Array;
}

/** Where a part of a log begins and what it must end in. */
export interface LogSpan {
  readonly taskId: bigint;
  readonly slot: number;
  /** seq of the first message wanted, from 1 */
  readonly first: bigint;
  /** hash of the header before it; 32 zeros before seq 1 */
  readonly previous: Uint8Array;
  /** seq and header hash of the last; without a hash only the links are checked */
  readonly last: bigint;
  readonly hash?: Uint8Array;
}

/** Reads one message and checks what it says of itself. Throws with a line that names slot and seq. */
export function readEntry(message: Iteration, taskId: bigint, slot: number, seq: bigint): LogEntry {
  const header = decodeCanonical(Header, message.header);
  if (header.taskId !== taskId || header.slot !== slot || header.seq !== seq) {
    throw new Error(`message ${slot}/${seq} of task ${taskId}: got ${header.slot}/${header.seq} of task ${header.taskId}`);
  }
  if (!equalBytes(nodeCrypto.sha256(message.map), header.mapHash)) throw new Error(`message ${slot}/${seq}: the map has another hash than its header says`);
  return { header, headerBytes: message.header, headerHash: nodeCrypto.sha256(message.header), map: message.map, signature: message.signature };
}

/** Checks the messages of a span, in order. Throws at the first that does not fit. */
export function readSpan(messages: readonly Iteration[], span: LogSpan): LogEntry[] {
  let previous = span.previous;
  const out = messages.map((m, i) => {
    const entry = readEntry(m, span.taskId, span.slot, span.first + BigInt(i));
    if (!equalBytes(entry.header.prev, previous)) throw new Error(`message ${span.slot}/${entry.header.seq}: it does not follow ${toHex(previous)}`);
    previous = entry.headerHash;
    return entry;
  });
  if (span.hash && !equalBytes(previous, span.hash)) {
    throw new Error(`message ${span.slot}/${span.last}: header hash ${toHex(previous)}, anchored ${toHex(span.hash)}`);
  }
  return out;
}

/** The span from the first supervisor that serves it whole and right. Throws CallError when none does. */
export async function fetchSpan(log: LogClient, span: LogSpan, options: CallOptions = {}): Promise<LogEntry[]> {
  let entries: LogEntry[] = [];
  await log.range(
    span.taskId,
    span.slot,
    span.first,
    span.last,
    (messages) => {
      entries = readSpan(messages, span);
    },
    options,
  );
  return entries;
}
