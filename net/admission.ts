/**
 * Who is served, when: a rate a method and address, a number of calls at one time, a queue that is cut off. Addresses take turns
 * in the queue, whoever waits most; and while somebody waits, a place is not kept by a caller that does not read. So addresses
 * that hold every place cost another one seconds, not its turn. Callers with a seat pass by: the bus bounds them by seat.
 */
import { type Timers } from "#platform/clock.js";
import { type Counters, type Outcome } from "./counters.js";
import { type CallError, exhausted, unavailable } from "./errors.js";
import { LINK_BYTES_PER_MS } from "./race.js";
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
interface Running {
  readonly caller: string;
  readonly since: number;
  /** since when the caller has left what was sent to it unread, or owes the next part */
  stands: number | undefined;
  /** for how long it did so before, ms, and the bytes that it was given for it */
  stood: number;
  bytes: number;
  readonly end: (why: CallError) => void;
}
interface Line {
  readonly running: Set<Running>;
  readonly by: Map<string, number>;
  waiting: { readonly caller: string; readonly go: () => void; readonly drop: (why: CallError) => void }[];
  /** by address, its last turn: of those that wait or run */
  readonly turns: Map<string, number>;
  turn: number;
  watched: boolean;
}

const stoodOf = (r: Running, now: number): number => r.stood + (r.stands === undefined ? 0 : Math.max(0, now - r.stands - OWN_MS));

/** A call's place among those that are served. */
export interface Place {
  /** The caller has so many bytes to read, or a part to send. */
  stands(bytes?: number): void;
  moves(): void;
  leave(): void;
}

/** How long a caller may stand in all while others wait for its place, ms, besides the time that its bytes take at link_rate; and how often that is looked at. */
const STAND_MS = 2_000;
const LOOK_MS = 500;
/** Of every time that a caller stands, what may be this process's own slowness, ms. */
const OWN_MS = 100;
/** How long an address keeps more places than its share while others wait, ms. */
const KEPT_MS = 10_000;

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

  /** Resolves with a place when a call may be served; `end` takes it away. Throws when it may not. */
  async enter(method: string, budget: MethodBudget, caller: string, signal: AbortSignal, end: (why: CallError) => void): Promise<Place> {
    if (!this.take(method, budget, caller)) throw this.refuse("calls-rate", caller, `more than ${budget.perSecond} calls of ${method} a second from this address: slow down`);
    this.counters.count("call", caller);
    let line = this.lines.get(method);
    if (!line) this.lines.set(method, (line = { running: new Set(), by: new Map(), waiting: [], turns: new Map(), turn: 0, watched: false }));
    if (!this.hasRoom(line, budget, caller)) await this.wait(line, budget, method, caller, signal);
    return this.place(line, budget, caller, end);
  }

  private place(line: Line, budget: MethodBudget, caller: string, end: (why: CallError) => void): Place {
    const running: Running = { caller, since: this.timers.now(), stands: undefined, stood: 0, bytes: 0, end };
    line.running.add(running);
    line.by.set(caller, (line.by.get(caller) ?? 0) + 1);
    line.turns.set(caller, ++line.turn);
    return {
      stands: (bytes = 0) => {
        running.bytes += bytes;
        running.stands = this.timers.now();
      },
      moves: () => {
        running.stood = stoodOf(running, this.timers.now());
        running.stands = undefined;
      },
      leave: () => {
        if (!line.running.delete(running)) return;
        const n = (line.by.get(caller) ?? 1) - 1;
        if (n > 0) line.by.set(caller, n);
        else line.by.delete(caller);
        this.next(line, budget)?.go();
        for (const c of line.turns.keys()) if (line.turns.size > MAX_WAITING_TOTAL && !line.by.has(c)) line.turns.delete(c);
      },
    };
  }

  private hasRoom(line: Line, { running, runningTotal }: MethodBudget, caller: string): boolean {
    return line.running.size < runningTotal && (line.by.get(caller) ?? 0) < running;
  }

  /** Of those for whom there is room, the first of the address that runs least and had its last turn longest ago. */
  private next(line: Line, budget: MethodBudget): Line["waiting"][number] | undefined {
    let best: Line["waiting"][number] | undefined;
    const rank = (c: string): [number, number] => [line.by.get(c) ?? 0, line.turns.get(c) ?? 0];
    for (const w of line.waiting) {
      if (best?.caller === w.caller || !this.hasRoom(line, budget, w.caller)) continue;
      const [a, b] = [rank(w.caller), best && rank(best.caller)];
      if (!b || a[0] < b[0] || (a[0] === b[0] && a[1] < b[1])) best = w;
    }
    return best;
  }

  private wait(line: Line, budget: MethodBudget, method: string, caller: string, signal: AbortSignal): Promise<void> {
    const refused = (): CallError => this.refuse("calls-running", caller, `too many calls of ${method} wait here: try again later`);
    const waits = new Map<string, number>();
    for (const w of line.waiting) waits.set(w.caller, (waits.get(w.caller) ?? 0) + 1);
    const mine = waits.get(caller) ?? 0;
    if (mine >= MAX_WAITING) throw refused();
    if (line.waiting.length >= MAX_WAITING_TOTAL) {
      const [most, n] = [...waits].reduce((a, b) => (b[1] > a[1] ? b : a));
      if (n <= mine + 1) throw refused();
      line.waiting.findLast((w) => w.caller === most)?.drop(this.refuse("calls-running", most, `too many calls of ${method} wait here: try again later`));
    }
    return new Promise((resolve, reject) => {
      const over = (): void => {
        cancel();
        signal.removeEventListener("abort", gone);
        line.waiting = line.waiting.filter((w) => w !== me);
      };
      const drop = (why: CallError): void => {
        over();
        reject(why);
      };
      const gone = (): void => drop(exhausted("the caller is gone"));
      const me = {
        caller,
        drop,
        go: () => {
          over();
          resolve();
        },
      };
      const cancel = this.timers.after(WAIT_MS, () => drop(this.refuse("waited-too-long", caller, `no turn for ${method} in ${WAIT_MS} ms: try again later`)));
      signal.addEventListener("abort", gone, { once: true });
      line.waiting.push(me);
      if (!line.watched) this.watch(line, budget);
    });
  }

  /** While somebody waits, calls give up their places: those that stand, else the oldest of an address that has more than its share. */
  private watch(line: Line, budget: MethodBudget): void {
    line.watched = line.waiting.length > 0;
    if (!line.watched) return;
    this.timers.after(LOOK_MS, () => {
      const now = this.timers.now();
      const useful = (r: Running): boolean => line.waiting.some((w) => w.caller === r.caller || (line.by.get(w.caller) ?? 0) < budget.running);
      const running = [...line.running].filter(useful);
      // as many as wait: each that ends lets one in
      const standing = running
        .filter((r) => stoodOf(r, now) > STAND_MS + r.bytes / LINK_BYTES_PER_MS)
        .sort((a, b) => stoodOf(b, now) - stoodOf(a, now))
        .slice(0, line.waiting.length);
      for (const r of standing) {
        this.counters.count("reader-stalled", r.caller);
        r.end(exhausted("others wait, and what was sent here is read more slowly than a link must be: go on from where you are, and read faster"));
      }
      const share = Math.max(1, Math.floor(budget.runningTotal / new Set([...line.by.keys(), ...line.waiting.map((w) => w.caller)]).size));
      const [kept] = standing.length > 0 ? [] : running.filter((r) => now - r.since > KEPT_MS && (line.by.get(r.caller) ?? 0) > share && line.waiting.some((w) => w.caller !== r.caller));
      kept?.end(unavailable("others wait, and this address has more calls than its share: go on from where you are"));
      this.watch(line, budget);
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
