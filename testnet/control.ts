/** Talking to a running network's keeper: one JSON line in, one JSON line out, over a unix socket in the network's folder. */
import { connect, createServer, type Server } from "node:net";
import { rmSync } from "node:fs";
import { join } from "node:path";

export interface Request {
  readonly command: "status" | "start" | "stop" | "restart" | "shutdown";
  /** a worker, or a validator; with a dot one process of it: validator0.engine */
  readonly name?: string;
}
export interface ProcessState {
  readonly name: string;
  readonly pid: number | undefined;
  readonly running: boolean;
  readonly restarts: number;
}
export type Answer = { readonly ok: true; readonly processes: readonly ProcessState[] } | { readonly ok: false; readonly error: string };

export const socketPath = (dir: string): string => join(dir, "keeper.sock");

export function serveControl(dir: string, handle: (r: Request) => Promise<Answer>): Promise<Server> {
  const path = socketPath(dir);
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end < 0) return;
      handle(JSON.parse(text.slice(0, end)) as Request)
        .catch((e: Error): Answer => ({ ok: false, error: e.message }))
        .then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
    });
  });
  return new Promise((resolve, reject) => server.once("error", reject).listen(path, () => resolve(server)));
}

/** Undefined when no keeper listens there. */
export function ask(dir: string, request: Request): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath(dir));
    let text = "";
    socket.setEncoding("utf8");
    socket.on("error", (e: NodeJS.ErrnoException) => (e.code === "ENOENT" || e.code === "ECONNREFUSED" ? resolve(undefined) : reject(e)));
    socket.on("connect", () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("end", () => resolve(text ? (JSON.parse(text) as Answer) : undefined));
  });
}
