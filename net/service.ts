/** Generated service tables (proto/gen) as grpc-js wants them. */
import { type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { type Codec } from "#proto/wire.js";

// oxlint-disable-next-line typescript/no-explicit-any -- tables hold codecs of every message type
export type AnyCodec = Codec<any>;

export interface MethodTable {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly request: AnyCodec;
  readonly response: AnyCodec;
}
export type ServiceTable = Readonly<Record<string, MethodTable>>;

const serializer = (codec: AnyCodec) => (value: unknown) => Buffer.from(codec.encode(codec.create(value as never)));
const deserializer = (codec: AnyCodec) => (bytes: Buffer) => codec.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));

export function methodDefinition(m: MethodTable) {
  return {
    path: m.path,
    requestStream: m.requestStream,
    responseStream: m.responseStream,
    requestSerialize: serializer(m.request),
    requestDeserialize: deserializer(m.request),
    responseSerialize: serializer(m.response),
    responseDeserialize: deserializer(m.response),
  };
}

export function serviceDefinition(table: ServiceTable): ServiceDefinition<UntypedServiceImplementation> {
  return Object.fromEntries(Object.entries(table).map(([name, m]) => [name, methodDefinition(m)])) as ServiceDefinition<UntypedServiceImplementation>;
}
