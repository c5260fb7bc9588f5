/** Several endpoints that serve the same things: ask one, and the next where it fails or serves what does not check. */
import { CallError, unavailable } from "./errors.js";
import { type DialOptions, Remote } from "./dial.js";
import { HEAD_START_MS, type Lap, LINK_BYTES_PER_MS, race } from "./race.js";

export interface PoolOptions extends DialOptions {
  readonly endpoints: readonly string[];
}

const NEVER = new AbortController().signal;

export class RemotePool {
  private readonly remotes = new Map<string, Promise<Remote>>();
  private endpoints: readonly string[];
  /** where the last answer came from: asked first */
  private preferred = 0;
  /** those that were left behind: asked last */
  private readonly slow = new Set<string>();

  constructor(private readonly options: PoolOptions) {
    this.endpoints = [...new Set(options.endpoints)];
  }

  /** Endpoints change when a supervisor sends MsgJoinTask again. */
  setEndpoints(endpoints: readonly string[]): void {
    const next = [...new Set(endpoints)];
    for (const e of this.endpoints) if (!next.includes(e)) this.drop(e);
    // who answered last stays first: it would be a silent one's turn again at every call
    for (const e of this.slow) if (!next.includes(e)) this.slow.delete(e);
    this.preferred = Math.max(0, next.indexOf(this.endpoints[this.preferred] ?? ""));
    this.endpoints = next;
  }

  remote(endpoint: string): Promise<Remote> {
    let r = this.remotes.get(endpoint);
    if (!r) {
      r = Remote.dial(endpoint, this.options);
      this.remotes.set(endpoint, r);
      r.catch(() => this.remotes.delete(endpoint));
    }
    return r;
  }

  /** The first answer that does not throw. The error of the last lists what each said. */
  async first<T>(ask: (remote: Remote) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const said: string[] = [];
    let code: number | undefined;
    const n = this.endpoints.length;
    for (let i = 0; i < n; i++) {
      signal?.throwIfAborted();
      const at = (this.preferred + i) % n;
      const endpoint = this.endpoints[at] as string;
      try {
        const answer = await ask(await this.remote(endpoint));
        this.preferred = at;
        return answer;
      } catch (e) {
        said.push((e as Error).message);
        if (e instanceof CallError) code = code === undefined || code === e.code ? e.code : 14;
      }
    }
    if (n === 0) throw unavailable("no endpoint to ask: none of the task's supervisors has joined");
    throw new CallError(code ?? 14, said.join("; "));
  }

  /** The first answer, where those that are silent or slower than a link must be are followed by the next. */
  async race<T>(ask: (remote: Remote, lap: Lap) => Promise<T>, signal: AbortSignal = NEVER): Promise<T> {
    const order = [...this.endpoints.slice(this.preferred), ...this.endpoints.slice(0, this.preferred)];
    const sources = [...order.filter((e) => !this.slow.has(e)), ...order.filter((e) => this.slow.has(e))];
    const { value, by, slow } = await race(sources, async (e, lap) => ask(await this.remote(e), lap), { signal, headStartMs: HEAD_START_MS, bytesPerMs: LINK_BYTES_PER_MS });
    this.slow.delete(by);
    for (const e of slow) this.slow.add(e);
    this.preferred = Math.max(0, this.endpoints.indexOf(by));
    return value;
  }

  get all(): readonly string[] {
    return this.endpoints;
  }

  private drop(endpoint: string): void {
    this.remotes.get(endpoint)?.then((r) => r.close(), () => {});
    this.remotes.delete(endpoint);
  }

  close(): void {
    for (const e of this.remotes.keys()) this.drop(e);
  }
}
