/**
 * How long others may keep a job waiting before their silence becomes a verdict (protocol section 10): evidence_timeout over
 * all that it waits for, and beside it for each thing the time that its bytes need over a link of link_rate; what of that is
 * not used up is not the next thing's. Time is what the caller says it is; only waiting counts, not the queue for the re-run.
 */

/** Part of the whole time that the next to be waited for has, however much others used up. */
const LEAST_PART = 4;

export class Silence {
  #left: number;
  /** of the thing that is waited for now: how long, and how long its bytes may take */
  #spent = 0;
  #credit = 0;
  #since: number | undefined;

  constructor(
    private readonly timeoutMs: number,
    private readonly bytesPerMs: number,
  ) {
    this.#left = timeoutMs;
  }

  begin(now: number): void {
    this.#since ??= now;
  }

  end(now: number): void {
    if (this.#since !== undefined) this.#spent += now - this.#since;
    this.#since = undefined;
  }

  /** So many bytes have come and were checked, or are known to be on their way: they may take what they take. */
  allow(bytes: number): void {
    this.#credit += bytes / this.bytesPerMs;
  }

  /** Another thing is waited for from here on. It does not pay for all that those before it used up. */
  next(): void {
    this.#left = Math.max(this.#left - Math.max(0, this.#spent - this.#credit), this.timeoutMs / LEAST_PART);
    this.#spent = this.#credit = 0;
  }

  over(now: number): boolean {
    const spent = this.#spent + (this.#since === undefined ? 0 : now - this.#since);
    return spent - this.#credit >= this.#left;
  }
}
