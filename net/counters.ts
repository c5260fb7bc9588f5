/**
 * What happened to callers, as counts of a fixed set of codes: for metrics, and for one line of log a minute. Texts would
 * let a stranger fill a log; a code is counted, whoever is responsible is told the text.
 */
import { type Logger, silentLogger } from "#platform/log.js";
import { systemTimers, type Timers } from "#platform/clock.js";

/** Every code that is counted, and what it says. */
export const OUTCOMES = {
  // a socket, before anything is read from it
  connection: "a connection was taken",
  "connections-address": "a connection beyond those of one address",
  "connections-total": "a connection beyond those of a server",
  "address-shut": "a connection of an address that was cut off a moment ago",
  // a call
  call: "a call was taken",
  "call-failed": "a call ended with an error",
  "calls-open": "a call beyond those that one address may have open",
  "calls-rate": "a call beyond the rate of its method and address",
  "calls-running": "a call beyond those that may wait to be served",
  "waited-too-long": "a call whose turn did not come in time",
  compressed: "a compressed message",
  "too-large": "a message larger than its method takes",
  "no-request": "a call whose request did not come in time",
  "upload-idle": "an upload that stood still",
  "upload-slow": "an upload that did not end in time",
  "reader-stalled": "a reader that did not read",
  "stream-over": "a stream that had lasted as long as one may",
  // the bus
  attached: "a seat attached",
  "attach-late": "a stream that did not attach in time",
  "attach-many": "a stream beyond those that have not attached",
  "attach-refused": "an attach of no seat, or with a wrong signature",
  replaced: "a stream that the seat's newer one replaced",
  "bad-frame": "a frame out of turn",
  "bad-length": "bytes whose length cannot be right",
  "bad-hash": "bytes of another hash",
  "bad-signature": "a message that its slot's key did not sign",
  "bad-message": "a message that cannot be right whatever the state of the log",
  "too-far-ahead": "a message too far ahead to be held",
  "cut-off": "a seat cut off for its faults",
} as const;
export type Outcome = keyof typeof OUTCOMES;

/** Codes that are no fault of anybody: counted, not worth a line. */
const QUIET: ReadonlySet<Outcome> = new Set<Outcome>(["connection", "call", "attached", "replaced"]);
/** Callers that are counted by name between two lines: who comes later is in the sums. */
const MAX_NAMED = 256;
const EVERY_MS = 60_000;

export interface CountersOptions {
  readonly log?: Logger;
  readonly timers?: Timers;
  /** at most one line in so many ms */
  readonly everyMs?: number;
}

export class Counters {
  private readonly sums = new Map<Outcome, number>();
  private readonly since = new Map<Outcome, number>();
  private readonly callers = new Map<string, number>();
  private waiting = false;
  private readonly log: Logger;
  private readonly timers: Timers;
  private readonly everyMs: number;

  constructor(o: CountersOptions = {}) {
    this.log = o.log ?? silentLogger;
    this.timers = o.timers ?? systemTimers;
    this.everyMs = o.everyMs ?? EVERY_MS;
  }

  /** Counts one outcome; `peer` is who is responsible: a worker or an address. */
  count(code: Outcome, peer?: string): void {
    this.sums.set(code, (this.sums.get(code) ?? 0) + 1);
    if (QUIET.has(code) || this.log === silentLogger) return;
    this.since.set(code, (this.since.get(code) ?? 0) + 1);
    if (peer !== undefined && (this.callers.has(peer) || this.callers.size < MAX_NAMED)) this.callers.set(peer, (this.callers.get(peer) ?? 0) + 1);
    if (this.waiting) return;
    this.waiting = true;
    this.timers.after(this.everyMs, () => this.say());
  }

  of(code: Outcome): number {
    return this.sums.get(code) ?? 0;
  }
  /** All sums since the start, by code: what a metrics page shows. */
  read(): ReadonlyMap<Outcome, number> {
    return new Map((Object.keys(OUTCOMES) as Outcome[]).map((c) => [c, this.of(c)]));
  }

  private say(): void {
    const [most] = [...this.callers].toSorted((a, b) => b[1] - a[1]);
    this.log.info("callers were refused or cut off", { ...Object.fromEntries(this.since), ...(most ? { most: most[0], times: most[1] } : {}) });
    this.since.clear();
    this.callers.clear();
    this.waiting = false;
  }
}
