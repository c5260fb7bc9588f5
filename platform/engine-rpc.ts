/** Where the engine of a home answers, by its config.toml. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";

/** One that listens everywhere is reached at this machine's own address. */
const EVERYWHERE = ["", "0.0.0.0", "[::]"];

/** http://host:port of the RPC server; undefined where it listens at no tcp://HOST:PORT. Throws one line for a file that cannot be read. */
export function engineRpc(home: string): string | undefined {
  const path = join(home, "config", "config.toml");
  let rpc: unknown;
  try {
    ({ rpc } = parse(readFileSync(path, "utf8")));
  } catch (e) {
    throw new Error(`${path}: ${(e as Error).message.split("\n")[0]}. Correct the file.`);
  }
  const { laddr } = (rpc ?? {}) as { readonly laddr?: unknown };
  const [, host = "", port] = (typeof laddr === "string" && /^tcp:\/\/(.*):(\d{1,5})$/.exec(laddr)) || [];
  return port && `http://${EVERYWHERE.includes(host) ? "127.0.0.1" : host}:${port}`;
}
