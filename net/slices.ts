/**
 * Turns of the event loop for callers who hold no seat. Each step of their work waits for one: between two steps the loop looks
 * at its sockets, so what a seat sends waits for one step and not for all who read. Addresses take turns, whoever has most calls.
 */
import { exhausted } from "./errors.js";

/** Steps that wait at one time, of all callers: each call has one, so this is only a second hold on the number of calls. */
const MAX_WAITING = 4096;

export class Slices {
  /** by address, first come first */
  private readonly waiting = new Map<string, (() => void)[]>();
  private size = 0;
  private running = false;

  /** Resolves when the caller may do one step. */
  turn(caller: string): Promise<void> {
    if (this.size >= MAX_WAITING) return Promise.reject(exhausted(`more than ${MAX_WAITING} calls wait here: try again`));
    this.size++;
    return new Promise((resolve) => {
      const line = this.waiting.get(caller);
      if (line) line.push(resolve);
      else this.waiting.set(caller, [resolve]);
      if (this.running) return;
      this.running = true;
      setImmediate(() => this.next());
    });
  }

  private next(): void {
    const [first] = this.waiting;
    if (!first) {
      this.running = false;
      return;
    }
    const [caller, line] = first;
    const go = line.shift() as () => void;
    this.size--;
    // to the end of the round
    this.waiting.delete(caller);
    if (line.length > 0) this.waiting.set(caller, line);
    setImmediate(() => this.next());
    go();
  }
}
