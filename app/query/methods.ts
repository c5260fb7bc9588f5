/**
 * The one table of what can be asked, behind its three faces (ABCI, gRPC, REST): modules' queries from the state of a height,
 * and three services of the Cosmos SDK that other things than the state answer.
 */
import { type QueryContext } from "#kernel/context.js";
import { type QueryHandler } from "#kernel/services.js";
import { services } from "#proto/gen/registry.js";
import { type MethodInfo, type RequestOf, type ResponseOf, type ServiceInfo } from "#proto/wire.js";
import { asGrpc } from "./errors.js";

export interface Asked {
  /** undefined: the newest */
  readonly height: bigint | undefined;
}
export interface Answered {
  /** the response's bytes */
  readonly value: Uint8Array;
  /** of the state that was read, or the newest one */
  readonly height: bigint;
}

export interface Method {
  readonly service: ServiceInfo;
  readonly info: MethodInfo;
  /** Throws, or rejects with, a ModuleError as ABCI has it (errors.ts), and for a fault of this program anything else. */
  answer(request: Uint8Array, asked: Asked): Answered | Promise<Answered>;
}

/** By gRPC path. */
export type Methods = ReadonlyMap<string, Method>;

type Handlers<S extends ServiceInfo> = {
  readonly [K in keyof S["methods"]]: (request: RequestOf<S["methods"][K]>, asked: Asked) => Partial<ResponseOf<S["methods"][K]>> | Promise<Partial<ResponseOf<S["methods"][K]>>>;
};

/** Methods that are answered from elsewhere: a service's, one function each. */
export function serviceMethods<S extends ServiceInfo>(service: S, newest: () => bigint, handlers: Handlers<S>): Method[] {
  return Object.entries(service.methods).map(([name, info]) => {
    const run = handlers[name as keyof S["methods"]] as (request: unknown, asked: Asked) => object | Promise<object>;
    const done = (response: object): Answered => ({ value: info.response.encode(info.response.create(response)), height: newest() });
    return {
      service,
      info,
      answer(request, asked) {
        const response = asGrpc(() => run(info.request.decode(request), asked));
        return response instanceof Promise ? response.then(done) : done(response);
      },
    };
  });
}

/** Modules' queries. `at` gives the state of a height. */
export function stateMethods(handlers: Iterable<QueryHandler>, at: (height: bigint) => QueryContext): Method[] {
  const byName = new Map(services.map((s) => [s.name, s]));
  return [...handlers].map((h) => ({
    service: byName.get(h.service) as ServiceInfo,
    info: h.method,
    answer(request, { height }) {
      const ctx = at(height ?? 0n);
      return { value: asGrpc(() => h.run(ctx, request)), height: ctx.block.height };
    },
  }));
}

/** Throws what two services both claim. */
export function tableOf(...lists: readonly (readonly Method[])[]): Methods {
  const table = new Map<string, Method>();
  for (const m of lists.flat()) {
    if (table.has(m.info.path)) throw new Error(`${m.info.path} is answered twice`);
    table.set(m.info.path, m);
  }
  return table;
}
