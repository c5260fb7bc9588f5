/**
 * The socket that a server listens on. Connections are counted by address before a byte of them is read, and those of an
 * address that was cut off are refused for a while.
 */
import { createServer, type Server, type Socket } from "node:net";
import { type Timers } from "#platform/clock.js";
import { addressOf } from "./caller.js";
import { type Counters } from "./counters.js";

/** Connections of one address, and of all: a daemon has a few, and many daemons of one owner share an address. */
const MAX_OF_ADDRESS = 256;
const MAX_TOTAL = 2048;
/** how long an address that was cut off is kept out, ms */
const SHUT_MS = 10_000;
/** Addresses that are kept out at one time. */
const MAX_SHUT = 1024;
/** how long the reason may take to get through, ms */
const GRACE_MS = 100;

export class Listener {
  private readonly server: Server;
  private readonly sockets = new Map<string, Set<Socket>>();
  private readonly shut = new Map<string, number>();
  private total = 0;

  constructor(
    private readonly timers: Timers,
    private readonly counters: Counters,
    private readonly take: (socket: Socket) => void,
  ) {
    this.server = createServer((socket) => this.come(socket));
  }

  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, () => {
        this.server.off("error", reject);
        this.server.on("error", () => {}); // accept() failed, say for want of descriptors: the next one is taken when there are some
        resolve((this.server.address() as { port: number }).port);
      });
    });
  }

  private come(socket: Socket): void {
    const address = addressOf(socket.remoteAddress ?? "unknown");
    const mine = this.sockets.get(address) ?? new Set();
    const until = this.shut.get(address);
    const code = until !== undefined && until > this.timers.now() ? "address-shut" : mine.size >= MAX_OF_ADDRESS ? "connections-address" : this.total >= MAX_TOTAL ? "connections-total" : "connection";
    this.counters.count(code, address);
    if (code !== "connection") return void socket.destroy();
    this.sockets.set(address, mine.add(socket));
    this.total++;
    socket.on("error", () => {});
    socket.once("close", () => {
      this.total--;
      mine.delete(socket);
      if (mine.size === 0) this.sockets.delete(address);
    });
    this.take(socket);
  }

  /** Ends all connections of an address and keeps it out for a while. */
  cutOff(address: string): void {
    this.shut.set(address, this.timers.now() + SHUT_MS);
    if (this.shut.size > MAX_SHUT) this.shut.delete(this.shut.keys().next().value as string);
    const sockets = [...(this.sockets.get(address) ?? [])];
    this.timers.after(GRACE_MS, () => sockets.forEach((s) => s.destroy()));
  }

  get connections(): number {
    return this.total;
  }

  close(): void {
    this.server.close();
  }
  destroy(): void {
    for (const set of this.sockets.values()) for (const s of set) s.destroy();
  }
}
