/** The ordinary command line run beside a local network, as a user would; its output goes to a file in the network's folder. */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { entry } from "#platform/entry.js";

export interface Running {
  /** resolves when the command ended with 0, rejects with its last line of output otherwise */
  readonly done: Promise<void>;
  failed: string | undefined;
  readonly pid: number | undefined;
}

/** `log`: name of the log file without its ending. The keyring is the network's own folder `client`. */
export function runPouwd(dir: string, rpc: string, log: string, args: readonly string[]): Running {
  const file = createWriteStream(join(dir, `${log}.log`), { flags: "a" });
  const home = join(dir, "client");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const { command, args: argv } = entry("client/main", ...args, "--home", home, "--node", rpc, "--keyring-backend", "test", "--allow-private");
  const child = spawn(command, argv, { stdio: ["ignore", "pipe", "pipe"] });
  let last = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      file.write(chunk);
      last = chunk.toString().trim().split("\n").at(-1) || last;
    });
  }
  const running: Running = {
    pid: child.pid,
    failed: undefined,
    done: new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => {
        file.end();
        if (code === 0) return resolve();
        running.failed = `pouwd ${args.slice(0, 2).join(" ")} ended with ${code}: ${last}`;
        reject(new Error(running.failed));
      });
    }),
  };
  running.done.catch(() => {});
  return running;
}
