/** The ABCI 2.0 socket server: CometBFT connects four times and keeps every connection open. */
import { lstat, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { parseAddress, type Place } from "./address.js";
import { FrameReader, lengthPrefix, MAX_MESSAGE_BYTES } from "./framing.js";
import { exception } from "./methods.js";
import { Connection, Scheduler } from "./scheduler.js";
import { type AbciApplication, type AbciLog, type AbciOptions, type AbciServer } from "./types.js";

export * from "./types.js";

const quiet: AbciLog = { info: () => {}, error: () => {} };

export async function serveAbci(app: AbciApplication, address: string, options: AbciOptions = {}): Promise<AbciServer> {
  const place = parseAddress(address);
  const log = options.log ?? quiet;
  const max = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  const sockets = new Set<Socket>();
  const scheduler = new Scheduler(app, log, max, (error) => {
    server.close();
    fail(error);
  });

  const server = createServer({ noDelay: true }, (socket) => {
    const connection = new Connection(socket);
    const reader = new FrameReader(max);
    sockets.add(socket);
    scheduler.add(connection);
    socket.on("data", (piece) => {
      if (connection.closed) return;
      try {
        scheduler.receive(connection, reader.push(piece));
      } catch (error) {
        // The peer does not speak ABCI 2.0: it is told so and dropped, and the engine behind it stops itself.
        log.error(`connection dropped: ${(error as Error).message}`);
        const bytes = exception((error as Error).message);
        socket.write(lengthPrefix(bytes.length));
        socket.end(bytes, () => socket.destroy());
        scheduler.remove(connection);
      }
    });
    socket.on("drain", () => {
      connection.blocked = false;
      scheduler.wake(connection);
    });
    socket.on("error", (error) => log.info(`${connection.kind ?? "new"} connection: ${error.message}`));
    socket.on("close", () => {
      sockets.delete(socket);
      scheduler.remove(connection);
      log.info(`${connection.kind ?? "new"} connection closed`);
    });
  });

  if ("path" in place) await removeDeadSocket(place.path, address);
  await listen(server, place, address);
  const bound = server.address();
  return {
    address: bound && typeof bound === "object" && "host" in place ? address.replace(/\d+$/, `${bound.port}`) : address,
    failed,
    async close() {
      scheduler.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function listen(server: Server, place: Place, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "is in use: stop that process or choose another port" : `cannot be listened on: ${error.message}`;
      reject(new Error(`ABCI address ${address} ${why}`));
    });
    server.listen(place, resolve);
  });
}

/** A killed process leaves its socket file behind; one that still answers belongs to a live node. */
async function removeDeadSocket(path: string, address: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (!there) return;
  if (!there.isSocket()) throw new Error(`ABCI address ${address}: a file that is no socket is there; move it or choose another path`);
  if (await abciReachable(address)) throw new Error(`ABCI address ${address} is in use by a running node: stop it first`);
  await rm(path, { force: true });
}

/** Whether someone listens there: what a supervisor waits for before it starts the engine (a socket file may be a dead one). */
export function abciReachable(address: string): Promise<boolean> {
  return new Promise<boolean>((resolve) => {
    const probe = connect(parseAddress(address));
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}
