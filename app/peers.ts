/** A node's peers in its config.toml: where others reach it, and whom it keeps a connection to. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "smol-toml";
import { ConfigFault } from "./config-fault.js";

type Toml = Record<string, unknown> & { readonly p2p?: Readonly<Record<string, unknown>> };

const pathOf = (home: string): string => join(home, "config", "config.toml");

function read(home: string): Toml {
  try {
    return parse(readFileSync(pathOf(home), "utf8")) as Toml;
  } catch (e) {
    throw new ConfigFault(`${pathOf(home)}: ${(e as Error).message.split("\n")[0]}. \`pouwd init --home ${home}\` writes it`);
  }
}

/** HOST:PORT: `host` with the port that the node listens at, unless it names another; without a host the one that it listens at. */
export function p2pAddressOf(home: string, host?: string): string {
  const { laddr, external_address: external } = read(home).p2p ?? {};
  const [, listens = "127.0.0.1", port = "26656"] = /^(?:tcp:\/\/)?(.*):(\d+)$/.exec(typeof laddr === "string" ? laddr : "") ?? [];
  if (host !== undefined) return /:\d+$/.test(host) ? host : `${host}:${port}`;
  return typeof external === "string" && external !== "" ? external : `${listens}:${port}`;
}

/** ID@HOST:PORT, comma-separated, in place of those that stand there. */
export function setPeers(home: string, peers: string): void {
  const toml = read(home);
  writeFileSync(pathOf(home), stringify({ ...toml, p2p: { ...toml.p2p, persistent_peers: peers } }), { mode: 0o600 });
}
