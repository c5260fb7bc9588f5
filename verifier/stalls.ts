/**
 * How long this process did not run when it should have: a thread held up, SIGSTOP, a machine that slept. What others sent
 * meanwhile lies in the sockets unread, so such time is nobody's silence.
 */
const EVERY_MS = 50;
/** What a busy machine and a page of the log cost anyway. */
const TOLERATED_MS = 150;

export class Stalls {
  #sum = 0;
  #last = performance.now();
  readonly #timer = setInterval(() => this.#tick(), EVERY_MS).unref();

  /** ms so far, up to this moment: right also before the timer of a held-up thread has run */
  total(): number {
    this.#tick();
    return this.#sum;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    const late = now - this.#last - EVERY_MS;
    if (late > TOLERATED_MS) this.#sum += late;
    this.#last = now;
  }
}
