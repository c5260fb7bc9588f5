/** gRPC plumbing of the daemons: nothing here knows what a message means. */
export { EndpointError, isPrivateAddress, parseEndpoint, resolveEndpoint } from "./address.js";
export { BlobClient, CHUNK } from "./blob-client.js";
export { BlobStore, blobService, type BlobServiceOptions } from "./blob-store.js";
export { cidDigest } from "./cid.js";
export { Counters, type Outcome, OUTCOMES } from "./counters.js";
export { type CallOptions, type DialOptions, MAX_RECEIVE, Remote } from "./dial.js";
export { CallError, exhausted, invalid, late, notFound, refused, Status, unavailable } from "./errors.js";
export { type PoolOptions, RemotePool } from "./failover.js";
export { type Gap, GapFiller } from "./gap-filler.js";
export { LogClient } from "./log-client.js";
export { type GrpcServer, serveGrpc, type ServeOptions } from "./server.js";
export { ANYBODY, type Call, type Handlers, type MethodBudget, service, type Service, SMALL_REQUEST } from "./service.js";
export { fetchSpan, type LogEntry, type LogSpan, readEntry, readSpan } from "./slot-log.js";
