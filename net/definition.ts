/** Generated service tables (proto/gen) as grpc-js wants them. */
import { type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { type Codec, type MethodInfo, type ServiceInfo } from "#proto/wire.js";

const serializer = (codec: Codec<unknown>) => (value: unknown) => Buffer.from(codec.encode(codec.create(value as never)));
const deserializer = (codec: Codec<unknown>) => (bytes: Buffer) => codec.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));

export function methodDefinition(m: MethodInfo) {
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

export function serviceDefinition({ methods }: ServiceInfo): ServiceDefinition<UntypedServiceImplementation> {
  return Object.fromEntries(Object.entries(methods).map(([name, m]) => [name, methodDefinition(m)])) as ServiceDefinition<UntypedServiceImplementation>;
}
