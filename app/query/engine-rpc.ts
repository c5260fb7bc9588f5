/** The engine's own answers, over its JSON-RPC server on this machine. */
import { Agent, request } from "node:http";
import { toHex } from "#kernel/bytes.js";
import { ModuleError, sdk } from "#kernel/errors.js";
import { engineRpc } from "#platform/engine-rpc.js";
import { type Engine, type IndexedTx } from "./engine.js";
import { status } from "./errors.js";
import { blockFromJson, blockIdFromJson, bytesOf, hexOf, type Json, nodeFromJson } from "./engine-json.js";

/** A query waits no longer: others of the same connection wait behind it. */
const TIMEOUT_MS = 5_000;
/** of one answer: more than the largest block and its events */
const MAX_BYTES = 64 * 1024 * 1024;
/** Connections to the engine, which others need too. */
const MAX_SOCKETS = 8;

/** `home`: the folder that the engine's config.toml lies in. What keeps it from answering is told when it is asked. */
export function engineOf(home: string): Engine & { close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  let address: string | undefined;
  const call = (method: string, params: Json = {}): Promise<Json> => rpc((address ??= rpcOf(home)), agent, method, params);
  return {
    close: () => agent.destroy(),
    async tx(hash) {
      try {
        return indexed(await call("tx", { hash: Buffer.from(hash).toString("base64") }));
      } catch (e) {
        if (/not found/.test((e as Error).message)) return undefined;
        throw e;
      }
    },
    async search({ query, page, perPage, order }) {
      const { txs, total_count: total } = await call("tx_search", { query, page: `${page}`, per_page: `${perPage}`, order_by: order });
      return { txs: (txs as Json[]).map(indexed), total: Number(total) };
    },
    async time(height) {
      const { header } = await call("header", { height: `${height}` });
      const time = Date.parse(header?.time ?? "");
      if (Number.isNaN(time)) throw new Error(`block ${height} is not kept by this node`);
      return time;
    },
    async status() {
      const { node_info: node, sync_info: sync } = await call("status");
      return { node: nodeFromJson(node), syncing: sync.catching_up === true, height: Number(sync.latest_block_height) };
    },
    async block(height) {
      const { block_id: id, block } = await call("block", height === undefined ? {} : { height: `${height}` });
      return { blockId: blockIdFromJson(id), block: blockFromJson(block) };
    },
    async validators(height, page, perPage) {
      const found = await call("validators", { ...(height === undefined ? {} : { height: `${height}` }), page: `${page}`, per_page: `${perPage}` });
      const validators = (found.validators as Json[]).map((v) => ({ address: hexOf(v.address), key: bytesOf(v.pub_key?.value), power: BigInt(v.voting_power), priority: BigInt(v.proposer_priority) }));
      return { height: Number(found.block_height), validators, total: Number(found.total) };
    },
    async query(path, data, height, prove) {
      const { response: r } = await call("abci_query", { path, data: toHex(data), height: `${height}`, prove });
      const ops = (r.proofOps?.ops as Json[] | undefined)?.map((o) => ({ type: o.type, key: bytesOf(o.key), data: bytesOf(o.data) }));
      return {
        code: r.code ?? 0,
        log: r.log ?? "",
        info: r.info ?? "",
        index: BigInt(r.index ?? 0),
        key: bytesOf(r.key),
        value: bytesOf(r.value),
        proofOps: ops && { ops },
        height: BigInt(r.height ?? 0),
        codespace: r.codespace ?? "",
      };
    },
    async broadcast(tx, wait) {
      const said = await call(wait ? "broadcast_tx_sync" : "broadcast_tx_async", { tx: Buffer.from(tx).toString("base64") });
      return { code: said.code ?? 0, codespace: said.codespace ?? "", log: said.log ?? "", data: bytesOf(said.data) };
    },
  };
}

function rpcOf(home: string): string {
  const found = engineRpc(home);
  if (!found) throw new Error("what the engine knows can be asked for where rpc.laddr of its config.toml is tcp://HOST:PORT");
  return found;
}

const away = (text: string): ModuleError => sdk.unknownRequest(status("Unavailable", text));

/** One call. Rejects with the engine's own words. */
function rpc(address: string, agent: Agent, method: string, params: Json): Promise<Json> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  return new Promise((resolve, reject) => {
    const asked = request(address, { method: "POST", agent, timeout: TIMEOUT_MS, headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) } }, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > MAX_BYTES) asked.destroy(new Error(`the engine's answer to ${method} has more than ${MAX_BYTES} bytes: ask for less at once`));
        else parts.push(part);
      });
      response.on("error", reject);
      response.on("end", () => {
        try {
          const { result, error } = JSON.parse(Buffer.concat(parts).toString("utf8")) as Json;
          if (error) reject(new Error(error.data || error.message || "the engine refused"));
          else resolve(result);
        } catch {
          reject(new Error(`the engine's answer to ${method} is no JSON`));
        }
      });
    });
    asked.on("timeout", () => asked.destroy(away(`the engine did not answer ${method} in ${TIMEOUT_MS} ms`)));
    asked.on("error", (e: NodeJS.ErrnoException) => reject(e.code === undefined || e instanceof ModuleError ? e : away(`the engine does not answer: it is not running, or has not begun (${e.code})`)));
    asked.end(body);
  });
}

const indexed = ({ hash, height, tx, tx_result: r }: Json): IndexedTx => ({
  hash: hexOf(hash),
  height: Number(height),
  bytes: bytesOf(tx),
  result: {
    code: r.code ?? 0,
    codespace: r.codespace ?? "",
    log: r.log ?? "",
    info: r.info ?? "",
    data: bytesOf(r.data),
    gasWanted: BigInt(r.gas_wanted ?? 0),
    gasUsed: BigInt(r.gas_used ?? 0),
    events: ((r.events ?? []) as Json[]).map((e) => ({ type: e.type, attributes: ((e.attributes ?? []) as Json[]).map((a) => ({ key: a.key ?? "", value: a.value ?? "", index: a.index === true })) })),
  },
});
