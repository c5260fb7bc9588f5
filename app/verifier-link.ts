/**
 * The stream to this node's verifier process: open jobs go out as they come and go, a task's facts when it asks for them,
 * verdicts come back. Where the stream breaks it is made anew, and all that is open is told again.
 */
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { Remote } from "#net/index.js";
import { type Logger } from "#platform/log.js";
import { type FactsWanted, type JobJudged, type OpenJobs, type TaskFacts, VerifierService, type VerifyAnswer, type VerifyRequest } from "#proto/gen/pouw/v1/services.js";

export interface VerifierLinkOptions {
  /** host:port of the Verifier service */
  readonly endpoint: string;
  readonly log: Logger;
  /** of the newest committed state, none when there is no such task; called outside of any block's work */
  facts(wanted: FactsWanted): TaskFacts | undefined;
  judged(verdict: JobJudged): void;
}

type Jobs = Omit<OpenJobs, "added"> & { readonly all: OpenJobs["added"] };

const RETRY_MS = 1_000;

export class VerifierLink {
  #remote: Promise<Remote> | undefined;
  #stream: ClientDuplexStream<Partial<VerifyRequest>, VerifyAnswer> | undefined;
  #newest: Jobs | undefined;
  /** jobs that this stream knows */
  readonly #told = new Set<bigint>();
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  #connecting = false;

  constructor(private readonly options: VerifierLinkOptions) {}

  /** What is open now. Takes the place of what was told before. */
  tell(jobs: Jobs): void {
    this.#newest = jobs;
    void this.#connect();
    this.#write();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#stream?.cancel();
    (await this.#remote?.catch(() => undefined))?.close();
  }

  async #connect(): Promise<void> {
    if (this.#stream || this.#connecting || this.#closed) return;
    this.#connecting = true;
    try {
      this.#remote ??= Remote.dial(this.options.endpoint, { allowPrivate: true });
      const stream = (await this.#remote).duplex(VerifierService.methods.verify);
      stream.on("data", (answer: VerifyAnswer) => this.#answer(answer));
      stream.on("error", (e: Error) => this.#lost(stream, e));
      stream.on("end", () => this.#lost(stream, new Error("it has ended the stream")));
      this.#stream = stream;
      this.#told.clear();
      this.#write();
    } catch (e) {
      this.#remote = undefined;
      this.options.log.warn("the verifier cannot be reached, trying again", { error: e as Error });
      this.#again();
    } finally {
      this.#connecting = false;
    }
  }

  #write(): void {
    if (!this.#stream || !this.#newest) return;
    const { all, ...jobs } = this.#newest;
    const open = new Set(jobs.open);
    for (const id of this.#told) if (!open.has(id)) this.#told.delete(id);
    const added = all.filter((j) => !this.#told.has(j.job));
    for (const j of added) this.#told.add(j.job);
    this.#stream.write({ jobs: { ...jobs, added } });
  }

  #answer({ factsWanted, judged }: VerifyAnswer): void {
    if (judged) this.options.judged(judged);
    const facts = factsWanted && this.options.facts(factsWanted);
    if (facts) this.#stream?.write({ facts });
  }

  #lost(stream: unknown, error: Error): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    if (!this.#closed) this.options.log.warn("the verifier is gone, trying again", { error });
    this.#again();
  }

  #again(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), RETRY_MS).unref();
  }
}
