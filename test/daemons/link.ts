/** A TCP proxy before a server: a link of so many bytes a second each way, which all connections through it share. */
import { createServer, type Server, type Socket, connect } from "node:net";

const CHUNK = 16 * 1024;
/** What a timer was late by is made good for, up to so much: a busy machine must not make the link slower than it is. */
const LATE_MS = 500;

export interface Link {
  readonly endpoint: string;
  /** bytes that have come from the server through it */
  readonly carried: () => number;
  close(): Promise<void>;
}

/** Passes `from` on to `to` in turn with whatever else wants the same direction. */
class Direction {
  #free = 0;
  bytes = 0;
  constructor(private readonly bytesPerSecond: number) {}

  pipe(from: Socket, to: Socket): void {
    from.on("data", (data: Buffer) => {
      from.pause();
      void this.#pass(data, to).then(() => from.resume());
    });
    const end = (): void => {
      from.destroy();
      to.destroy();
    };
    for (const e of ["end", "error", "close"]) from.on(e, end);
  }

  async #pass(data: Buffer, to: Socket): Promise<void> {
    for (let at = 0; at < data.length; at += CHUNK) {
      const part = data.subarray(at, at + CHUNK);
      const now = performance.now();
      this.#free = Math.max(this.#free, now - LATE_MS) + (1000 * part.length) / this.bytesPerSecond;
      if (this.#free > now) await new Promise((resolve) => setTimeout(resolve, this.#free - now));
      this.bytes += part.length;
      if (!to.writable) return;
      to.write(part);
    }
  }
}

export async function link(target: string, bytesPerSecond: number): Promise<Link> {
  const [host, port] = target.split(":") as [string, string];
  const [up, down] = [new Direction(bytesPerSecond), new Direction(bytesPerSecond)];
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const s of [near, far]) {
      sockets.add(s);
      s.once("close", () => sockets.delete(s));
    }
    up.pipe(near, far);
    down.pipe(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: own } = server.address() as { port: number };
  return {
    endpoint: `127.0.0.1:${own}`,
    carried: () => down.bytes,
    close: () =>
      new Promise((resolve) => {
        for (const s of sockets) s.destroy();
        server.close(() => resolve());
      }),
  };
}
