/** The engine's index of transactions, over its RPC server on this machine. */
import { type comet38, Comet38Client, HttpClient } from "@cosmjs/tendermint-rpc";
import { engineRpc } from "#platform/engine-rpc.js";
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

function rpcOf(home: string): string {
  const rpc = engineRpc(home);
  if (!rpc) throw new Error("transactions can be asked for where rpc.laddr of the engine's config.toml is tcp://HOST:PORT");
  return rpc;
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
