/** The engine's index of transactions, over its RPC server on this machine. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type comet38, Comet38Client, HttpClient } from "@cosmjs/tendermint-rpc";
import { parse } from "smol-toml";
import { type IndexedTx, type TxIndex } from "./transactions.js";

/** A query waits no longer: others of the same connection wait behind it. */
const TIMEOUT_MS = 5_000;

/** `home`: the folder that the engine's config.toml lies in. What keeps it from answering is told when it is asked. */
export function engineIndex(home: string): TxIndex {
  let client: Comet38Client | undefined;
  const engine = (): Comet38Client => (client ??= Comet38Client.create(new HttpClient(rpcOf(home), TIMEOUT_MS)));
  return {
    async tx(hash) {
      try {
        return indexed(await engine().tx({ hash }));
      } catch (e) {
        if (/not found/.test((e as Error).message)) return undefined;
        throw told(e);
      }
    },
    async search({ query, page, perPage, order }) {
      try {
        const { txs, totalCount } = await engine().txSearch({ query, page, per_page: perPage, order_by: order });
        return { txs: txs.map(indexed), total: totalCount };
      } catch (e) {
        throw told(e);
      }
    },
    async time(height) {
      try {
        const { blockMetas } = await engine().blockchain(height, height);
        const { time } = blockMetas[0]?.header ?? {};
        if (!time) throw new Error(`block ${height} is not kept by this node`);
        return time.getTime();
      } catch (e) {
        throw told(e);
      }
    },
  };
}

/** http://host:port of the RPC server, as config.toml has it. */
function rpcOf(home: string): string {
  const path = join(home, "config", "config.toml");
  const { laddr } = ((parse(readFileSync(path, "utf8")) as { readonly rpc?: { readonly laddr?: unknown } }).rpc ?? {}) as { readonly laddr?: unknown };
  const [, host, port] = /^tcp:\/\/(.*):(\d+)$/.exec(typeof laddr === "string" ? laddr : "") ?? [];
  if (!port) throw new Error(`${path}: rpc.laddr is ${JSON.stringify(laddr)}: transactions can be asked for where it is tcp://HOST:PORT`);
  return `http://${host === "" || host === "0.0.0.0" ? "127.0.0.1" : host === "[::]" ? "[::1]" : host}:${port}`;
}

/** The engine's own words: its client gives them as JSON. */
function told(e: unknown): Error {
  const { message } = e as Error;
  try {
    const { data, message: text } = JSON.parse(message) as { readonly data?: string; readonly message?: string };
    return new Error(data ?? text ?? message);
  } catch {
    return new Error(message);
  }
}

const indexed = ({ hash, height, tx, result }: comet38.TxResponse): IndexedTx => ({
  hash,
  height,
  bytes: tx,
  result: {
    code: result.code,
    codespace: result.codespace ?? "",
    log: result.log ?? "",
    info: "",
    data: result.data ?? new Uint8Array(0),
    gasWanted: result.gasWanted,
    gasUsed: result.gasUsed,
    events: result.events.map((e) => ({ type: e.type, attributes: e.attributes.map(({ key, value }) => ({ key, value, index: true })) })),
  },
});
