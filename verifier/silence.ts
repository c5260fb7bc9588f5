/**
 * How long others may keep a job waiting before their silence becomes a verdict (protocol section 10): evidence_timeout,
 * and beside it the time that the bytes need over a link of link_rate. Time is what the caller says it is; only waiting counts,
 * not the queue for the re-run.
 */

/** Part of the whole time that the next to be waited for has, however much others used up. */
const LEAST_PART = 4;

export class Silence {
  #spent = 0;
  #since: number | undefined;
  #allowed: number;

  constructor(
    private readonly timeoutMs: number,
    private readonly bytesPerMs: number,
  ) {
    this.#allowed = timeoutMs;
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
    this.#allowed += bytes / this.bytesPerMs;
  }

  /** Another's turn to be waited for: it does not pay for what those before it used up. */
  renew(): void {
    this.#allowed = Math.max(this.#allowed, this.#spent + this.timeoutMs / LEAST_PART);
  }

  over(now: number): boolean {
    const spent = this.#spent + (this.#since === undefined ? 0 : now - this.#since);
    return spent >= this.#allowed;
  }
}
