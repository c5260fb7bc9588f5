/** Several endpoints that serve the same things: ask one, and the next where it fails or serves what does not check. */
import { CallError, unavailable } from "./errors.js";
import { type DialOptions, Remote } from "./dial.js";

export interface PoolOptions extends DialOptions {
  readonly endpoints: readonly string[];
}

export class RemotePool {
  private readonly remotes = new Map<string, Promise<Remote>>();
  private endpoints: readonly string[];
  /** where the last answer came from: asked first */
  private preferred = 0;

  constructor(private readonly options: PoolOptions) {
    this.endpoints = [...new Set(options.endpoints)];
  }

  /** Endpoints change when a supervisor sends MsgJoinTask again. */
  setEndpoints(endpoints: readonly string[]): void {
    const next = [...new Set(endpoints)];
    for (const e of this.endpoints) if (!next.includes(e)) this.drop(e);
    // who answered last stays first: it would be a silent one's turn again at every call
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
