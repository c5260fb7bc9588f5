/** The table's gRPC face: every method at its own path, with reflection and health, as the Cosmos SDK's server has them. */
import { type Logger } from "#platform/log.js";
import { CallError, Status } from "#net/errors.js";
import { serveGrpc } from "#net/server.js";
import { type Call, type MethodBudget, type Service } from "#net/service.js";
import { type Codec, type MethodInfo, type ServiceInfo } from "#proto/wire.js";
import { callError } from "./errors.js";
import { type Method, type Methods } from "./methods.js";

export interface GrpcFaceOptions {
  /** host:port; port 0 takes a free one */
  readonly listen: string;
  readonly log: Logger;
  /** run before each answer */
  readonly before: () => void;
}

const HEIGHT = "x-cosmos-block-height";
/** A request names things; a transaction may have a megabyte. */
const LARGE = 4 * 1024 * 1024;
const TAKES_TRANSACTIONS: ReadonlySet<string> = new Set(["BroadcastTx", "Simulate", "TxDecode", "TxEncode"].map((name) => `/cosmos.tx.v1beta1.Service/${name}`));
const budgetOf = ({ path }: MethodInfo): Partial<MethodBudget> => ({ lastsMs: 30_000, running: 8, runningTotal: 32, ...(TAKES_TRANSACTIONS.has(path) ? { message: LARGE } : {}) });

/** Bytes as they are: the table's methods read and write them. */
const raw = (c: Codec<unknown>): Codec<unknown> => ({ ...c, create: (b) => b, encode: (b) => b as Uint8Array, decode: (b) => b });

/** Throws one line where nothing can listen at the address. */
export async function serveQueries(methods: Methods, { listen, log, before }: GrpcFaceOptions): Promise<{ readonly address: string; close(): Promise<void> }> {
  const byService = new Map<ServiceInfo, Method[]>();
  for (const m of methods.values()) byService.set(m.service, [...(byService.get(m.service) ?? []), m]);
  const services: Service[] = [...byService].map(([service, list]) => {
    const of = <T>(what: (m: Method) => T): Record<string, T> => Object.fromEntries(list.map((m) => [m.info.name, what(m)]));
    return {
      info: { ...service, methods: of(({ info }) => ({ ...info, request: raw(info.request), response: raw(info.response) })) },
      handlers: of((m) => async (request: Uint8Array, call: Call) => {
        before();
        try {
          const { value, height } = await m.answer(request, { height: heightOf(call.header(HEIGHT)) });
          call.reply(HEIGHT, `${height}`);
          return value;
        } catch (e) {
          throw callError(e);
        }
      }),
      budgets: of((m) => budgetOf(m.info)),
    };
  });
  const server = await serveGrpc({ listen, services, log });
  return { address: `${listen.slice(0, listen.lastIndexOf(":"))}:${server.port}`, close: () => server.close() };
}

function heightOf(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const height = /^[-+]?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
  if (height === undefined) throw new CallError(Status.INVALID_ARGUMENT, `${HEIGHT} is ${JSON.stringify(text.slice(0, 60))}: want a block's height`);
  return height === 0n ? undefined : height;
}
