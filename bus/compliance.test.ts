/** The one suite, on every implementation of the bus. */
import "#platform/install.js";
import { Remote } from "#net/dial.js";
import { compliance } from "./compliance.js";
import { GrpcBus } from "./grpc/bus.js";
import { DialledOverGrpc } from "./grpc/link.js";
import { MemoryBus } from "./memory.js";

compliance({
  name: "grpc",
  bus: new GrpcBus({ allowPrivate: true }),
  listen: () => "127.0.0.1:0",
  dial: async (endpoint) => new DialledOverGrpc(await Remote.dial(endpoint, { allowPrivate: true })),
});

const memory = new MemoryBus();
let names = 0;
compliance({
  name: "memory",
  bus: memory,
  listen: () => `hub-${names++}`,
  dial: async (endpoint) => memory.dial({ endpoint }),
});
