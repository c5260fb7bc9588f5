/** The thread that answers questions: from its copy of the state, at three faces. */
import "#platform/install.js";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { nodeCrypto } from "#platform/crypto.js";
import { createLogger } from "#platform/log.js";
import { lowestPriority } from "#platform/priority.js";
import { assemble } from "../../assemble.js";
import { answerQuery } from "../abci.js";
import { answering } from "../answering.js";
import { engineOf } from "../engine-rpc.js";
import { serveQueries } from "../grpc.js";
import { serveRest } from "../rest/server.js";
import { CopiedChain } from "./copied-chain.js";
import { Elsewhere } from "./elsewhere.js";
import { type FromThread, type ThreadData, type ToThread } from "./messages.js";
import { Pending } from "./pending.js";

lowestPriority();
const port = parentPort as NonNullable<typeof parentPort>;
const { home, config } = (workerData as { readonly data: ThreadData }).data;
const log = createLogger("queries", config.log_level);
const copied = new CopiedChain(assemble(), nodeCrypto, config.migrate_at > 0 ? BigInt(config.migrate_at) : undefined);
const pending = new Pending(copied.chain);
const engine = engineOf(home);
const queries = answering({
  chain: copied.chain,
  engine,
  simulate: (tx) => pending.simulate(tx),
  limits: { rows: config.query.rows, bytes: config.query.bytes, ms: config.query.ms },
  invariants: config.query.invariants,
  keepVersions: config.keep_versions,
  minGasPricePerMillion: BigInt(config.min_gas_price),
});
const elsewhere = new Elsewhere();
const servers: { close(): Promise<void> }[] = [];
let begun = false;

const say = (message: FromThread): void => port.postMessage(message, message.type === "answer" ? [message.response.buffer as ArrayBuffer] : []);

function take(m: ToThread): void {
  switch (m.type) {
    case "rows":
      copied.apply(m.batch, m.whole);
      if (!m.whole) return;
      pending.reset();
      if (!begun) void begin();
      return;
    case "checked":
      for (const changes of m.changes) pending.add(changes);
      return;
    case "ask":
      void Promise.resolve(elsewhere.answer(m.path, () => answerQuery(abci.RequestQuery.fromPartial({ path: m.path, data: m.data, height: m.height }), queries))).then((r) => say({ type: "answer", id: m.id, response: Uint8Array.from(abci.ResponseQuery.encode(r).finish()) }));
      return;
    case "close":
      void Promise.all(servers.map((s) => s.close())).then(() => process.exit(0));
  }
}

/** What the other thread has told and this one has not looked at yet: whoever asks after a commit has that commit. */
function catchUp(): void {
  for (let m = receiveMessageOnPort(port); m; m = receiveMessageOnPort(port)) take(m.message as ToThread);
}

async function begin(): Promise<void> {
  begun = true;
  try {
    const grpc = config.grpc.enable ? await face("grpc", () => serveQueries(queries.methods, { listen: config.grpc.address, log, before: catchUp })) : undefined;
    const { enable, address, cors, trusted_proxies: trustedProxies } = config.api;
    const rest = enable ? await face("api", () => serveRest(queries.methods, { listen: address, cors, trustedProxies, log, before: catchUp })) : undefined;
    say({ type: "ready", rest: rest?.address, grpc: grpc?.address });
  } catch (e) {
    say({ type: "fault", message: (e as Error).message });
  }
}

/** What keeps it from being served is told with the setting. */
async function face<S extends { close(): Promise<void> }>(section: string, serve: () => Promise<S>): Promise<S> {
  try {
    const server = await serve();
    servers.push(server);
    return server;
  } catch (e) {
    throw new Error(`${section}.address: ${(e as Error).message}`);
  }
}

port.on("message", take);
