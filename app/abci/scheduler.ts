/**
 * Whose turn it is. Requests of one connection are answered one after the other, in order; between connections consensus
 * goes first: it is served in the same turn its bytes arrive, everything else in short slices between which the event
 * loop looks at the sockets again, and the mempool not at all while a consensus request is being worked on.
 */
import { type Socket } from "node:net";
import { lengthPrefix } from "./framing.js";
import { answer, exception, type Kind, type Method, methodOf, refusal } from "./methods.js";
import { type AbciApplication, type AbciLog } from "./types.js";

/** Requests of one connection that are answered before the others and the sockets get a turn. */
const SLICE_REQUESTS = 4;
/** Milliseconds after which a slice ends, whatever is left. */
const SLICE_MS = 2;
/** Waiting requests and bytes above which a socket is not read any more, until half of them are done. */
const MAX_WAITING = 256;
const MAX_WAITING_BYTES = 1 << 20;

interface Waiting {
  readonly method: Method;
  readonly message: Uint8Array;
}

export class Connection {
  kind: Kind | undefined;
  readonly waiting: (Waiting | undefined)[] = [];
  /** position of the next one in `waiting`; those before it are done */
  #next = 0;
  #bytes = 0;
  /** an asynchronous request is being worked on */
  busy = false;
  /** the peer does not read its answers: no more until it does */
  blocked = false;
  closed = false;
  /** no reading, because consensus is at work */
  held = false;

  constructor(readonly socket: Socket) {}

  get pending(): boolean {
    return this.#next < this.waiting.length;
  }

  push(entry: Waiting): void {
    this.waiting.push(entry);
    this.#bytes += entry.message.length;
  }

  shift(): Waiting {
    const entry = this.waiting[this.#next] as Waiting;
    this.waiting[this.#next++] = undefined; // a block of megabytes is not kept until the array is cut
    this.#bytes -= entry.message.length;
    if (this.#next > 64 && this.#next * 2 > this.waiting.length) {
      this.waiting.splice(0, this.#next);
      this.#next = 0;
    }
    return entry;
  }

  /** Reads or rests as the queue, the peer and consensus want it. */
  regulate(): void {
    if (this.closed) return;
    const count = this.waiting.length - this.#next;
    const full = count > MAX_WAITING || this.#bytes > MAX_WAITING_BYTES;
    const low = count <= MAX_WAITING / 2 && this.#bytes <= MAX_WAITING_BYTES / 2;
    if (this.held || full) this.socket.pause();
    else if (low && this.socket.isPaused()) this.socket.resume();
  }
}

export class Scheduler {
  readonly #app: AbciApplication;
  readonly #log: AbciLog;
  readonly #max: number;
  readonly #fail: (error: Error) => void;
  readonly #connections = new Set<Connection>();
  #scheduled = false;
  #stopped = false;

  constructor(app: AbciApplication, log: AbciLog, maxMessageBytes: number, fail: (error: Error) => void) {
    this.#app = app;
    this.#log = log;
    this.#max = maxMessageBytes;
    this.#fail = fail;
  }

  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  remove(connection: Connection): void {
    connection.closed = true;
    this.#connections.delete(connection);
    this.#hold();
    this.#schedule();
  }

  /** Nothing more is answered: the application's state cannot be trusted. */
  stop(): void {
    this.#stopped = true;
  }

  receive(connection: Connection, messages: readonly Uint8Array[]): void {
    for (const message of messages) {
      const method = methodOf(message);
      if (method.kind === "consensus") connection.kind = "consensus";
      else connection.kind ??= method.kind;
      connection.push({ method, message });
    }
    connection.regulate();
    this.wake(connection);
  }

  /** There is something to do, or room to answer again. */
  wake(connection: Connection): void {
    if (connection.kind === "consensus") this.#serve(connection, Number.MAX_SAFE_INTEGER);
    this.#schedule();
  }

  get #consensusAtWork(): boolean {
    for (const c of this.#connections) if (c.kind === "consensus" && (c.busy || (c.pending && !c.blocked))) return true;
    return false;
  }

  /** Stops or resumes reading the mempool's sockets. */
  #hold(): void {
    const held = this.#consensusAtWork;
    for (const c of this.#connections) {
      if (c.kind !== "mempool" || c.held === held) continue;
      c.held = held;
      c.regulate();
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    const held = this.#consensusAtWork;
    for (const c of this.#connections) {
      if (!this.#ready(c, held)) continue;
      this.#scheduled = true;
      setImmediate(() => this.#slice());
      return;
    }
  }

  #ready(c: Connection, held: boolean): boolean {
    return c.kind !== "consensus" && c.pending && !c.busy && !c.blocked && !(held && c.kind === "mempool");
  }

  #slice(): void {
    this.#scheduled = false;
    const held = this.#consensusAtWork;
    for (const c of this.#connections) if (this.#ready(c, held)) this.#serve(c, SLICE_REQUESTS);
    this.#schedule();
  }

  #serve(connection: Connection, most: number): void {
    if (connection.busy || !connection.pending) return;
    const until = performance.now() + SLICE_MS;
    connection.socket.cork();
    for (let n = 0; n < most && connection.pending && !connection.blocked && !connection.closed && !this.#stopped; n++) {
      if (n > 0 && most === SLICE_REQUESTS && performance.now() > until) break;
      const entry = connection.shift();
      let result: Uint8Array | Promise<Uint8Array>;
      try {
        result = answer(this.#app, entry.method, entry.message);
      } catch (error) {
        this.#threw(connection, entry.method, error);
        continue;
      }
      if (result instanceof Promise) {
        connection.busy = true;
        this.#hold();
        result
          .then(
            (bytes) => this.#send(connection, entry.method, bytes),
            (error: unknown) => this.#threw(connection, entry.method, error),
          )
          .finally(() => {
            connection.busy = false;
            this.wake(connection);
            this.#hold();
          });
        break;
      }
      this.#send(connection, entry.method, result);
    }
    connection.socket.uncork();
    connection.regulate();
  }

  #send(connection: Connection, method: Method, bytes: Uint8Array): void {
    if (connection.closed) return;
    if (bytes.length > this.#max) {
      return this.#threw(connection, method, new Error(`answer of ${bytes.length} bytes: an ABCI message has at most ${this.#max}`));
    }
    connection.socket.write(lengthPrefix(bytes.length));
    if (!connection.socket.write(bytes)) connection.blocked = true;
  }

  #threw(connection: Connection, { name }: Method, thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const refused = refusal(name, error.message);
    if (refused) {
      this.#log.error(`${name} failed: ${error.stack ?? error.message}`);
      return this.#send(connection, { name, kind: undefined }, refused);
    }
    this.#log.error(`${name} failed, the node stops: ${error.stack ?? error.message}`);
    this.#stopped = true;
    if (!connection.closed) {
      const bytes = exception(`${name}: ${error.message}`);
      connection.socket.write(lengthPrefix(bytes.length));
      connection.socket.end(bytes);
    }
    this.#fail(error);
  }
}
