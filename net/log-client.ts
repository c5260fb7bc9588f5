/** Reads a task's log from its supervisors. Nothing here is trusted: callers check hashes and signatures. */
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { LogService } from "#proto/gen/pouw/v1/services.js";
import { type CallOptions } from "./dial.js";
import { type PoolOptions, RemotePool } from "./failover.js";

export class LogClient {
  private readonly pool: RemotePool;
  constructor(options: PoolOptions) {
    this.pool = new RemotePool(options);
  }
  setEndpoints(endpoints: readonly string[]): void {
    this.pool.setEndpoints(endpoints);
  }

  /** One message; `check` throws on what is not the right one, and the next supervisor is asked. */
  header(taskId: bigint, slot: number, seq: bigint, check: (m: Iteration) => void = () => {}, options: CallOptions = {}): Promise<Iteration> {
    return this.pool.first(async (r) => {
      const { iteration } = await r.unary(LogService.methods.header, { taskId, slot, seq }, { timeout: 10_000, ...options });
      if (!iteration) throw new Error(`${r.endpoint}: no message ${slot}/${seq}`);
      check(iteration);
      return iteration;
    }, options.signal);
  }

  /** The newest message that one supervisor has of a slot, held-back ones included; undefined when its log is open and has none. */
  async newest(endpoint: string, taskId: bigint, slot: number, options: CallOptions = {}): Promise<Iteration | undefined> {
    const r = await this.pool.remote(endpoint);
    return (await r.unary(LogService.methods.header, { taskId, slot, seq: 0n }, { timeout: 5_000, ...options })).iteration;
  }

  /**
   * Messages first … last of a slot, in order and complete; with `part` also those up to where the supervisor has them, one at
   * least. `check` throws on what is not right, and the next supervisor is asked.
   */
  range(taskId: bigint, slot: number, first: bigint, last: bigint, check: (messages: Iteration[]) => void | Promise<void> = () => {}, { part = false, ...options }: CallOptions & { part?: boolean } = {}): Promise<Iteration[]> {
    if (last < first) return Promise.resolve([]);
    return this.pool.first(async (r) => {
      const out: Iteration[] = [];
      for await (const m of r.serverStream(LogService.methods.range, { taskId, slot, first, last }, options)) {
        out.push(m);
        if (BigInt(out.length) > last - first + 1n) throw new Error(`${r.endpoint}: sent more than messages ${first} … ${last} of slot ${slot}`);
      }
      if (part ? out.length === 0 : BigInt(out.length) !== last - first + 1n) throw new Error(`${r.endpoint}: has ${out.length} of messages ${first} … ${last} of slot ${slot}`);
      await check(out);
      return out;
    }, options.signal);
  }

  /** All that lies beyond a clock, in causal order, from one supervisor (the first that answers); follow goes on for ever. */
  async *stream(taskId: bigint, clock: readonly bigint[], options: CallOptions & { follow?: boolean; endpoint?: string } = {}): AsyncGenerator<Iteration> {
    const r = options.endpoint === undefined ? await this.pool.first(async (remote) => remote) : await this.pool.remote(options.endpoint);
    yield* r.serverStream(LogService.methods.stream, { taskId, clock: [...clock], follow: options.follow ?? false }, options);
  }

  get endpoints(): readonly string[] {
    return this.pool.all;
  }
  close(): void {
    this.pool.close();
  }
}
