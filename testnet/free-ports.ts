/** Says who holds a port that the network wants, before anything is started. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

export function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** `simd (pid 4121)` on Linux, or undefined where it cannot be told. */
export function holderOf(port: number): string | undefined {
  try {
    const wanted = port.toString(16).toUpperCase().padStart(4, "0");
    const inode = ["/proc/net/tcp", "/proc/net/tcp6"]
      .flatMap((f) => readFileSync(f, "utf8").split("\n").slice(1))
      .map((l) => l.trim().split(/\s+/))
      .find((f) => f[1]?.endsWith(`:${wanted}`) && f[3] === "0A")?.[9];
    if (!inode) return undefined;
    for (const pid of readdirSync("/proc").filter((d) => /^\d+$/.test(d))) {
      try {
        const fds = readdirSync(`/proc/${pid}/fd`);
        if (fds.some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`)) {
          return `${readFileSync(`/proc/${pid}/comm`, "utf8").trim()} (pid ${pid})`;
        }
      } catch {
        // the process ended, or belongs to somebody else
      }
    }
  } catch {
    // no /proc on this system
  }
  return undefined;
}
