/** The bus: a port, and its implementations. */
export { GrpcBus } from "./grpc/bus.js";
export { GrpcHub } from "./grpc/hub.js";
export { GrpcLink, type GrpcLinkOptions } from "./grpc/link.js";
export type { AskOptions, Bus, BusSeat, FrameSizes, Hub, HubLimits, HubOptions, HubPeer, Link, LinkOptions, ServedHub, StoredMessage } from "./types.js";
