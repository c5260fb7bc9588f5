/** Everything that is decoded from strangers' bytes, with what a refusal of it is: any other error is a crash. */
import { BlobChunk, BlobGetRequest, BusFrame, LogHeaderRequest, LogRangeRequest, LogStreamRequest, PeerMessagesRequest, OpenJobs, ResidualRequest, VerifyJob, VerifyRequest } from "#proto/gen/pouw/v1/services.js";
import { Header, Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { type Codec, decodeCanonical } from "#proto/wire.js";
import { checkMap, decodeMap, encodeMap } from "#protocol/state/map.js";
import { DataError, decodeManifest, decodeSegment, encodeSegment } from "#protocol/tasks/data.js";
import { input, numbers } from "./inputs.js";

export interface Decoder {
  readonly name: string;
  /** inputs that are right, to be changed */
  readonly bases: readonly Uint8Array[];
  /** Takes one input; throws its refusal. What it accepts must be whole: it checks that. */
  take(bytes: Uint8Array): void;
  isRefusal(e: unknown): boolean;
}

const isPlain = (e: unknown): boolean => e instanceof Error && (e.constructor === Error || e.constructor === RangeError) && e.message !== "" && !e.message.includes("\n");

/** A message's codec: what it accepts encodes again, and to what it accepts. */
function codec<T>(c: Codec<T>, ...examples: Partial<T>[]): Decoder {
  const take = (bytes: Uint8Array): void => {
    const again = c.encode(c.decode(bytes));
    decodeCanonical(c, again);
  };
  return { name: c.typeUrl, bases: examples.map((m) => c.encode(c.create(m))), take, isRefusal: isPlain };
}

const h32 = new Uint8Array(32).fill(7);
const iteration: Iteration = { header: new Uint8Array(60).fill(3), map: Uint8Array.of(2, 0, 4, 1), signature: new Uint8Array(64).fill(9) };
const header: Partial<Header> = { version: 1, chainId: "c-1", taskId: 7n, slot: 2, seq: 300n, prev: h32, round: 3n, height: 1n << 40n, clock: [1n, 299n, 1n << 63n, 0n], batchHash: h32, mapHash: h32, loss: 5, null: true };

/** Parameters of the maps, and the shape of the segments. */
const N = 300;
const SHAPE = { inputSize: 3, targetSize: 0, classes: 4 };
const entries = Array.from({ length: 20 }, (_, i) => ({ index: i * 14 + (i % 3), k: i % 2 ? 1 : -1 }));

const map = (levels: number): Decoder => ({
  name: `map of ${levels} level(s)`,
  bases: [encodeMap(N, levels, entries), encodeMap(N, levels, []), encodeMap(N, levels, entries.slice(0, 8))],
  take(bytes) {
    checkMap([{ size: N, levels }], bytes);
    const again = encodeMap(N, levels, decodeMap(N, levels, bytes));
    if (Buffer.compare(again, bytes) !== 0) throw new TypeError("a map has two encodings");
  },
  isRefusal: (e) => e instanceof RangeError,
});

export const DECODERS: readonly Decoder[] = [
  codec(Iteration, iteration),
  codec(Header, header),
  codec(
    BusFrame,
    { iteration },
    { attach: { taskId: 7n, role: Role.ROLE_MINER, index: 1, signature: new Uint8Array(64), clock: [1n, 2n, 3n], subscribe: true } },
    { evidenceReply: { id: 4n, residual: new Uint8Array(40), messages: [iteration, iteration], missing: false, last: true } },
    { pushResidual: { slot: 1, seq: 4n, residual: new Uint8Array(40) } },
  ),
  codec(BlobChunk, { cid: "bafkrei", offset: 1n << 20n, data: new Uint8Array(50), taskId: 7n, last: true, size: 99n }),
  codec(BlobGetRequest, { cid: "bafkrei", offset: 5n }),
  codec(LogStreamRequest, { taskId: 7n, clock: [1n, 2n, 1n << 60n], follow: true }),
  codec(LogHeaderRequest, { taskId: 7n, slot: 1, seq: 4n }),
  codec(LogRangeRequest, { taskId: 7n, slot: 1, first: 4n, last: 1n << 40n }),
  codec(ResidualRequest, { taskId: 7n, slot: 1, seq: 4n, residualHash: h32 }),
  codec(PeerMessagesRequest, { taskId: 7n, slot: 1, seq: 4n }),
  codec(VerifyRequest, { jobs: OpenJobs.create({ height: 5n, added: [VerifyJob.create({ job: 3n, taskId: 7n, slot: 1, seq: 4n, deadline: 60n })], open: [3n], evidenceTimeoutMs: 9n }) }),
  map(1),
  map(3),
  {
    name: "segment",
    bases: [encodeSegment(SHAPE, { rows: 2, x: Float32Array.of(1, 2, 3, 4, 5, 6), y: Int32Array.of(0, 3) })],
    take: (bytes) => {
      const rows = decodeSegment(SHAPE, bytes);
      if (Buffer.compare(encodeSegment(SHAPE, rows), bytes) !== 0) throw new TypeError("a segment has two encodings");
    },
    isRefusal: (e) => e instanceof DataError,
  },
  { name: "manifest", bases: [], take: (bytes) => void decodeManifest(bytes), isRefusal: (e) => e instanceof DataError },
];

export interface Fuzzed {
  readonly inputs: number;
  readonly accepted: number;
  readonly refused: number;
  /** ms of the slowest input */
  readonly slowest: number;
}

/** Gives a decoder so many inputs of a seed. Throws at the first crash, with the seed and the input. */
export function fuzz(d: Decoder, count: number, seed: number): Fuzzed {
  const below = numbers(seed);
  let accepted = 0;
  let refused = 0;
  let slowest = 0;
  for (let i = 0; i < count; i++) {
    const bytes = input(d.bases, below);
    const begun = performance.now();
    try {
      d.take(bytes);
      accepted++;
    } catch (e) {
      if (!d.isRefusal(e)) throw new Error(`${d.name}, input ${i} of seed ${seed}, ${Buffer.from(bytes).toString("hex")}: ${(e as Error).stack}`);
      refused++;
    }
    slowest = Math.max(slowest, performance.now() - begun);
  }
  return { inputs: accepted + refused, accepted, refused, slowest };
}
