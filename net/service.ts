/** Generated service tables (proto/gen) as grpc-js wants them. */
import { type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { type Codec } from "#proto/wire.js";

export interface MethodTable {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly request: Codec<any>;
  readonly response: Codec<any>;
}
export type ServiceTable = Readonly<Record<string, MethodTable>>;

const serializer = (codec: Codec<any>) => (value: unknown) => Buffer.from(codec.encode(codec.create(value as never)));
const deserializer = (codec: Codec<any>) => (bytes: Buffer) => codec.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));

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
