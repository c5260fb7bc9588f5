/**
 * Who is served, when: a rate a method and address, a number of calls at one time, a queue that is cut off. Callers with a seat
 * pass by: the bus bounds them by seat.
 */
import { type Timers } from "#platform/clock.js";
import { type Counters, type Outcome } from "./counters.js";
import { type CallError, exhausted } from "./errors.js";
import { type MethodBudget } from "./service.js";

/** Calls of one address that may be open at one time, of any method and kind: what a connection's streams cost before anything is read. */
const MAX_OPEN = 512;
/** Calls of one address, and of all, that wait to be served, by method. */
const MAX_WAITING = 64;
const MAX_WAITING_TOTAL = 512;
/** how long one waits, ms */
const WAIT_MS = 15_000;
/** A burst is so many seconds of the rate. */
const BURST_S = 10;
/** Calls refused of one address within so many ms, before its connections are ended. */
const MAX_REFUSED = 500;
const REFUSED_MS = 10_000;
/** Addresses that are remembered; beyond that the one that was quiet longest is forgotten. */
const MAX_ADDRESSES = 4096;

interface Address {
  open: number;
  refused: number;
  /** since when `refused` counts */
  since: number;
  readonly rates: Map<string, { tokens: number; at: number }>;
}
interface Line {
  running: number;
  readonly by: Map<string, number>;
  waiting: { readonly caller: string; readonly go: () => void }[];
}

export class Admission {
  private readonly addresses = new Map<string, Address>();
  private readonly lines = new Map<string, Line>();

  constructor(
    private readonly timers: Timers,
    private readonly counters: Counters,
  ) {}

  /** A stream was opened. False when its address has too many; else `closed` is to be called. */
  opened(caller: string): boolean {
    const a = this.address(caller);
    if (a.open >= MAX_OPEN) {
      this.refuse("calls-open", caller);
      return false;
    }
    a.open++;
    return true;
  }
  closed(caller: string): void {
    this.address(caller).open--;
  }
  readonly tooManyOpen = exhausted(`more than ${MAX_OPEN} calls of this address are open: end some`);

  /** Whether an address was refused so often that its connections are ended. */
  isFlooding(caller: string): boolean {
    const a = this.address(caller);
    return a.refused >= MAX_REFUSED && this.timers.now() - a.since < REFUSED_MS;
  }

  /** Resolves when a call may be served, with what is to be called when it is over. Throws when it may not. */
  async enter(method: string, budget: MethodBudget, caller: string, signal: AbortSignal): Promise<() => void> {
    if (!this.take(method, budget, caller)) throw this.refuse("calls-rate", caller, `more than ${budget.perSecond} calls of ${method} a second from this address: slow down`);
    this.counters.count("call", caller);
    let line = this.lines.get(method);
    if (!line) this.lines.set(method, (line = { running: 0, by: new Map(), waiting: [] }));
    if (!this.hasRoom(line, budget, caller)) await this.wait(line, method, caller, signal);
    line.running++;
    line.by.set(caller, (line.by.get(caller) ?? 0) + 1);
    return this.leaver(line, budget, caller);
  }

  private leaver(line: Line, budget: MethodBudget, caller: string): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      line.running--;
      const n = (line.by.get(caller) ?? 1) - 1;
      if (n > 0) line.by.set(caller, n);
      else line.by.delete(caller);
      const at = line.waiting.findIndex((w) => this.hasRoom(line, budget, w.caller));
      if (at >= 0) line.waiting.splice(at, 1)[0]?.go();
    };
  }

  private hasRoom(line: Line, { running, runningTotal }: MethodBudget, caller: string): boolean {
    return line.running < runningTotal && (line.by.get(caller) ?? 0) < running;
  }

  private wait(line: Line, method: string, caller: string, signal: AbortSignal): Promise<void> {
    const mine = line.waiting.filter((w) => w.caller === caller).length;
    if (mine >= MAX_WAITING || line.waiting.length >= MAX_WAITING_TOTAL) throw this.refuse("calls-running", caller, `too many calls of ${method} wait here: try again later`);
    return new Promise((resolve, reject) => {
      const over = (): void => {
        cancel();
        signal.removeEventListener("abort", gone);
        line.waiting = line.waiting.filter((w) => w !== me);
      };
      const gone = (): void => {
        over();
        reject(exhausted("the caller is gone"));
      };
      const me = {
        caller,
        go: () => {
          over();
          resolve();
        },
      };
      const cancel = this.timers.after(WAIT_MS, () => {
        over();
        reject(this.refuse("waited-too-long", caller, `no turn for ${method} in ${WAIT_MS} ms: try again later`));
      });
      signal.addEventListener("abort", gone, { once: true });
      line.waiting.push(me);
    });
  }

  private take(method: string, { perSecond }: MethodBudget, caller: string): boolean {
    const { rates } = this.address(caller);
    const now = this.timers.now();
    let r = rates.get(method);
    if (!r) rates.set(method, (r = { tokens: perSecond * BURST_S, at: now }));
    r.tokens = Math.min(perSecond * BURST_S, r.tokens + ((now - r.at) / 1000) * perSecond);
    r.at = now;
    if (r.tokens < 1) return false;
    r.tokens--;
    return true;
  }

  private refuse(code: Outcome, caller: string, why = ""): CallError {
    this.counters.count(code, caller);
    const a = this.address(caller);
    const now = this.timers.now();
    if (now - a.since > REFUSED_MS) [a.refused, a.since] = [0, now];
    a.refused++;
    return exhausted(why);
  }

  private address(caller: string): Address {
    let a = this.addresses.get(caller);
    if (!a) {
      a = { open: 0, refused: 0, since: this.timers.now(), rates: new Map() };
      if (this.addresses.size >= MAX_ADDRESSES) this.forget();
    }
    // the newest last
    this.addresses.delete(caller);
    this.addresses.set(caller, a);
    return a;
  }

  private forget(): void {
    for (const [caller, a] of this.addresses) {
      if (a.open > 0) continue;
      this.addresses.delete(caller);
      return;
    }
  }
}
