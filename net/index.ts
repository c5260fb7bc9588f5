/** gRPC plumbing of the daemons: nothing here knows what a message means. */
export { EndpointError, isPrivateAddress, parseEndpoint, resolveEndpoint } from "./address.js";
export { attachSignBytes } from "./attach.js";
export { BlobClient, CHUNK } from "./blob-client.js";
export { BlobStore, blobService, type BlobServiceOptions } from "./blob-store.js";
export { BusHub, type BusHubOptions, type BusSeat } from "./bus-hub.js";
export { BusPeer } from "./bus-peer.js";
export { BusLink, type BusLinkOptions } from "./bus-link.js";
export { cidDigest } from "./cid.js";
export { type CallOptions, type DialOptions, drained, MAX_RECEIVE, Remote } from "./dial.js";
export { CallError, exhausted, invalid, notFound, refused, unavailable } from "./errors.js";
export { EvidenceClient } from "./evidence-client.js";
export { type PoolOptions, RemotePool } from "./failover.js";
export { type Gap, GapFiller } from "./gap-filler.js";
export { LogClient } from "./log-client.js";
export { type Call, type GrpcServer, type Handlers, serveGrpc, type ServeOptions, service, type Service, SMALL_REQUEST } from "./server.js";
export { fetchSpan, type LogEntry, type LogSpan, readEntry, readSpan } from "./slot-log.js";
