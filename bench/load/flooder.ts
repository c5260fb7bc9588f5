/**
 * Asks a node as fast as it answers, over its three faces, until so many questions are answered; prints how they were answered. A
 * process of its own with the lowest priority: on the machine of a real node whoever asks has another processor.
 */
import { setPriority } from "node:os";
import { Agent, request } from "node:http";
import { Client, credentials } from "@grpc/grpc-js";

export interface FloodOrder {
  readonly rpc: string;
  readonly grpc: string;
  readonly rest: string;
  /** in all */
  readonly count: number;
  /** connections of each kind */
  readonly width: number;
  /** hexadecimal: a transaction as large as one may be, to try; of a sender that exists */
  readonly tx: string;
  /** hexadecimal: transactions for the mempool, some of which it takes */
  readonly txs: readonly string[];
}
/** How often each outcome came, by kind of question. */
export type FloodReport = Readonly<Record<string, Readonly<Record<string, number>>>>;

setPriority(19);
const order = JSON.parse(process.argv[2] as string) as FloodOrder;
const agent = new Agent({ keepAlive: true, maxSockets: 4 * order.width });
const report: Record<string, Record<string, number>> = {};
let left = order.count;
let sent = 0;

function http(url: string, body?: object): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const payload = body && JSON.stringify(body);
    const asked = request(url, { agent, method: payload ? "POST" : "GET", headers: payload ? { "content-type": "application/json", "content-length": Buffer.byteLength(payload) } : {} }, (r) => {
      const parts: Buffer[] = [];
      r.on("data", (d: Buffer) => parts.push(d));
      r.on("end", () => resolve({ status: r.statusCode ?? 0, text: Buffer.concat(parts).toString("latin1") }));
      r.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(payload);
  });
}
const rpc = async (method: string, params: object): Promise<string> => {
  const { status, text } = await http(order.rpc, { jsonrpc: "2.0", id: 1, method, params });
  const code = /"code":(-?\d+)/.exec(text)?.[1];
  return status === 200 ? `code ${code}` : `http ${status}, code ${code}`;
};
const rest = async (path: string, body?: object): Promise<string> => `http ${(await http(`${order.rest}${path}`, body)).status}`;

const identity = (b: Buffer): Buffer => b;
const clients = Array.from({ length: order.width }, () => new Client(order.grpc, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 }));
const grpc = (path: string, bytes: Uint8Array): Promise<string> =>
  new Promise((resolve) => clients[sent % clients.length]?.makeUnaryRequest(path, identity, identity, Buffer.from(bytes), (e) => resolve(e ? `grpc ${e.code}` : "grpc 0")));
const reflection = (): Promise<string> =>
  new Promise((resolve) => {
    const call = clients[sent % clients.length]?.makeBidiStreamRequest("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", identity, identity);
    call?.on("data", () => {
      resolve("grpc 0");
      call.end();
    });
    call?.on("error", (e: { code?: number }) => resolve(`grpc ${e.code}`));
    const name = "pouw.tasks.v1.MsgCreateTask";
    call?.write(Buffer.concat([Buffer.from([0x22, name.length]), Buffer.from(name)]));
  });

/** SimulateRequest{2 tx_bytes} */
const simulation = ((): Buffer => {
  const tx = Buffer.from(order.tx, "hex");
  const length: number[] = [];
  for (let n = tx.length; ; n >>>= 7) {
    length.push(n > 127 ? (n & 127) | 128 : n);
    if (n <= 127) break;
  }
  return Buffer.concat([Buffer.from([0x12, ...length]), tx]);
})();
/** PageRequest{3 limit 1000, 4 count_total}, as field 1 */
const page = Buffer.from([0x0a, 0x05, 0x18, 0xe8, 0x07, 0x20, 0x01]);

const kinds: Readonly<Record<string, () => Promise<string>>> = {
  "abci simulate": () => rpc("abci_query", { path: "/app/simulate", data: order.tx }),
  "abci page": () => rpc("abci_query", { path: "/cosmos.auth.v1beta1.Query/Accounts", data: page.toString("hex") }),
  "abci past": () => rpc("abci_query", { path: "/cosmos.bank.v1beta1.Query/TotalSupply", data: "", height: "2" }),
  "abci proof": () => rpc("abci_query", { path: "/store/bank/key", data: "00", prove: true }),
  "check tx": () => rpc("broadcast_tx_sync", { tx: Buffer.from(order.txs[sent % order.txs.length] as string, "hex").toString("base64") }),
  "grpc simulate": () => grpc("/cosmos.tx.v1beta1.Service/Simulate", simulation),
  "grpc page": () => grpc("/cosmos.auth.v1beta1.Query/Accounts", page),
  "grpc block": () => grpc("/cosmos.base.tendermint.v1beta1.Service/GetLatestBlock", new Uint8Array(0)),
  "grpc reflection": reflection,
  "rest page": () => rest("/cosmos/bank/v1beta1/supply?pagination.limit=1000&pagination.count_total=true"),
  "rest simulate": () => rest("/cosmos/tx/v1beta1/simulate", { tx_bytes: Buffer.from(order.tx, "hex").toString("base64") }),
  "rest events": () => rest("/cosmos/tx/v1beta1/txs?query=message.action%3D'%2Fcosmos.bank.v1beta1.MsgSend'&order_by=ORDER_BY_DESC"),
  openapi: () => rest("/openapi.json"),
};
const names = Object.keys(kinds);

async function one(start: number): Promise<void> {
  for (let i = start; left > 0; i++) {
    left--;
    sent++;
    const name = names[i % names.length] as string;
    const outcome = await (kinds[name] as () => Promise<string>)().catch((e: NodeJS.ErrnoException) => `error ${e.code ?? e.message}`);
    const of = (report[name] ??= {});
    of[outcome] = (of[outcome] ?? 0) + 1;
  }
}
await Promise.all(Array.from({ length: order.width * names.length }, (_, i) => one(i)));
for (const c of clients) c.close();
agent.destroy();
console.log(JSON.stringify(report));
