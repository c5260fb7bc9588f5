/**
 * One function an `op` of a vector file: what this implementation makes of a case's `in`.
 *
 * Where bytes have a decoder, the case's expected bytes go through it too, so a decoder that disagrees with its encoder
 * fails the case.
 */
import { fromHex, toHex } from "#kernel/bytes.js";
import { adamFactor, type Group, groupsOf, residualBound } from "#engine/quanta.js";
import type { Crypto } from "#kernel/crypto.js";
import type { MsgBlockData, VerdictEntry } from "#proto/gen/pouw/v1/block.js";
import { Header } from "#proto/gen/pouw/v1/iteration.js";
import { beaconGenesis, beaconMessage, nextBeacon } from "#protocol/draws/beacon.js";
import { decodeBlockDataTx, encodeBlockDataTx } from "#protocol/block-data.js";
import { chainDigest, modelDigest } from "#protocol/state/digest.js";
import { Drbg, shuffle } from "#protocol/draws/drbg.js";
import { keptAudits } from "#protocol/draws/audit-quota.js";
import { auditOffsets, isLucky, lotteryDraw } from "#protocol/draws/lottery.js";
import { decodeVerdicts, encodeVerdicts, extensionSignBytes } from "#protocol/verification/extension.js";
import { bitsOf, fromBits } from "#protocol/floats.js";
import { H, testKeyHash, ZERO_DIGEST } from "#protocol/hash.js";
import { decodeHeader, encodeHeader, headerHash, headSignBytes } from "#protocol/log/header.js";
import { initialHash, initialWeights, taskSeed } from "#protocol/state/initial.js";
import { LogTree, verifyInclusion } from "#protocol/log/log-root.js";
import { addMapTo, decodeMap, encodeGroups, encodeMap, mapHash } from "#protocol/state/map.js";
import { fitPpm } from "#protocol/draws/match.js";
import { epochOrder } from "#protocol/draws/order.js";
import { minersPayout } from "#protocol/tasks/payout.js";
import { boundAdam, boundMomentum, quantise, weightsAt } from "#protocol/state/quantise.js";
import { scoreCommit } from "#protocol/tasks/scores.js";

/** A value of JSON; the shapes are the vector file's, so an absent member is an error of the file. */
// deno-lint-ignore no-explicit-any
export type Json = any;

export type Operation = (input: Json, expected: Json) => Json;

/** A decoder and its encoder disagree: says so in the place of the case's output. */
class Disagreement extends Error {}

const hex = toHex;
const bytes = fromHex;
const bits = (values: number[]): Float32Array => Float32Array.from(values, fromBits);
const toBits = (values: Float32Array): number[] => Array.from(values, bitsOf);
const refused = (work: () => unknown): boolean => {
  try {
    work();
    return false;
  } catch {
    return true;
  }
};
const must = (truth: boolean, text: string): void => {
  if (!truth) throw new Disagreement(text);
};
const isHex = (value: unknown): value is string => typeof value === "string" && /^([0-9a-f]{2})*$/.test(value);

export type Operations = Readonly<Record<string, Operation>>;

export const operations = (crypto: Crypto): Operations => ({
  hash: ({ tag, parts }) => hex(H(crypto, tag, ...parts.map(bytes))),

  drbg_u64: ({ seed, count }) => {
    const random = new Drbg(crypto, bytes(seed));
    return Array.from({ length: count }, () => String(random.u64()));
  },
  drbg_below: ({ seed, k }) => {
    const random = new Drbg(crypto, bytes(seed));
    return k.map((x: string) => String(random.below(BigInt(x))));
  },
  shuffle: ({ seed, n }) => shuffle(crypto, n, bytes(seed)),
  order: ({ beacon, task_id, epoch, batches }) => epochOrder(crypto, bytes(beacon), BigInt(task_id), epoch, batches),
  task_seed: ({ beacon, task_id }) => hex(taskSeed(crypto, bytes(beacon), BigInt(task_id))),

  w0: ({ seed, layers }) => {
    const tensors = layers.flatMap((l: Json) => [
      { initial: "uniform" as const, size: l.kernel, fanIn: l.fan_in, fanOut: l.fan_out },
      { initial: "zeros" as const, size: l.bias, fanIn: l.fan_in, fanOut: l.fan_out },
    ]);
    const w = initialWeights(crypto, { tensors }, bytes(seed));
    return { sha256: hex(initialHash(crypto, w)), first_bits: toBits(w.subarray(0, 6)) };
  },
  weights: ({ q_bits, w0_bits, K }) => toBits(weightsAt(bits(w0_bits), Int32Array.from(K), fromBits(q_bits))),
  quantise: ({ q_bits, levels, residual_bits, update_bits }) => {
    const r = quantise(bits(residual_bits), bits(update_bits), { q: fromBits(q_bits), levels, bound: 4 * levels * fromBits(q_bits) });
    return { k: Array.from(r.k), residual_bits: toBits(r.residual), overdrive: r.overdrive };
  },

  map: ({ n, levels, entries }, expected) => {
    const encoded = encodeMap(n, levels, entries.map(([index, k]: [number, number]) => ({ index, k })));
    if (isHex(expected?.bytes)) {
      const decoded = decodeMap(n, levels, bytes(expected.bytes)).map(({ index, k }) => [index, k]);
      must(JSON.stringify(decoded) === JSON.stringify(entries), `the expected bytes decode to ${JSON.stringify(decoded)}`);
    }
    return { bytes: hex(encoded), map_hash: hex(mapHash(crypto, encoded)) };
  },
  map_refused: ({ n, levels, bytes: text }) => (refused(() => decodeMap(n, levels, bytes(text))) ? null : "accepted"),

  group_map: ({ tensors, groups, k }, expected) => {
    const laid = layout(tensors, groups);
    const encoded = encodeGroups(laid, Int32Array.from(k));
    if (isHex(expected?.bytes)) {
      const decoded = new Int32Array(k.length);
      addMapTo(decoded, laid, bytes(expected.bytes), 1);
      must(decoded.join() === k.join(), `the expected bytes decode to ${decoded.join()}`);
    }
    return { bytes: hex(encoded), map_hash: hex(mapHash(crypto, encoded)) };
  },
  residual_bound: ({ statistics, q_bits, levels, a_bits }) => {
    const bound = residualBound({ quantumLog2: Math.log2(fromBits(q_bits)), levels, statistics });
    const r = quantise(bits(a_bits), new Float32Array(a_bits.length), { q: fromBits(q_bits), levels, bound });
    return { k: Array.from(r.k), residual_bits: toBits(r.residual) };
  },
  momentum_bound: ({ lr_max_bits, q_bits, levels, m_bits }) => {
    const m = bits(m_bits);
    boundMomentum(m, residualBound({ quantumLog2: Math.log2(fromBits(q_bits)), levels, statistics: false }), fromBits(lr_max_bits));
    return { m_bits: toBits(m) };
  },
  adam_bound: ({ beta1, beta2, m_bits, v_bits }) => {
    const c = adamFactor(beta1, beta2);
    if (c === undefined) return { refused: true };
    const [m, v] = [bits(m_bits), bits(v_bits)];
    boundAdam(m, v, c);
    return { c, m_bits: toBits(m), v_bits: toBits(v) };
  },

  header: (input, expected) => {
    const header = headerOf(input);
    const encoded = encodeHeader(header);
    if (isHex(expected?.bytes)) {
      const again = decodeHeader(bytes(expected.bytes));
      must(JSON.stringify(headerJson(again)) === JSON.stringify(headerJson(header)), `the expected bytes decode to ${JSON.stringify(headerJson(again))}`);
    }
    const hash = headerHash(crypto, encoded);
    return { bytes: hex(encoded), header_hash: hex(hash), signed: hex(headSignBytes(crypto, { ...header, headerHash: hash })) };
  },
  chain_digest: ({ map_hashes }) => hex(map_hashes.reduce((d: Uint8Array, m: string) => chainDigest(crypto, d, bytes(m)), ZERO_DIGEST)),
  model_digest: ({ w0_hash, chain_digests }) => hex(modelDigest(crypto, bytes(w0_hash), chain_digests.map(bytes))),

  log_root: ({ header_hashes, leaf }, expected) => {
    const tree = new LogTree(crypto);
    for (const h of header_hashes) tree.append(bytes(h));
    const root = hex(tree.root());
    if (leaf === undefined || leaf === null) return { root };
    if (isHex(expected?.root) && Array.isArray(expected.proof) && expected.proof.every(isHex)) {
      must(verifyInclusion(crypto, bytes(expected.root), header_hashes.length, leaf, bytes(header_hashes[leaf]), expected.proof.map(bytes)), "the expected proof does not verify");
    }
    return { root, proof: tree.proof(leaf).map(hex) };
  },

  beacon: ({ previous, height, signature, chain_id }) => ({
    beacon: hex(nextBeacon(crypto, { previous: bytes(previous), height: BigInt(height), signature: bytes(signature) })),
    message: hex(beaconMessage(crypto, { chainId: chain_id, height: BigInt(height), previous: bytes(previous) })),
  }),
  beacon_genesis: ({ chain_id, genesis_time_ns }) => hex(beaconGenesis(crypto, { chainId: chain_id, genesisTimeNs: BigInt(genesis_time_ns) })),
  test_key: ({ key }) => hex(testKeyHash(crypto, bytes(key))),

  lottery: ({ beacon, task_id, slot, seq, header_hash, target, flop }) => {
    const draw = lotteryDraw(crypto, { beacon: bytes(beacon), taskId: BigInt(task_id), slot, seq: BigInt(seq), headerHash: bytes(header_hash) });
    return { draw: hex(draw), lucky: isLucky(draw, BigInt(target), BigInt(flop)) };
  },
  audit: ({ beacon, task_id, slot, height, new: count, ppm }) =>
    auditOffsets(crypto, { beacon: bytes(beacon), taskId: BigInt(task_id), slot, height: BigInt(height), count: BigInt(count), ppm: BigInt(ppm) }).map(Number),
  audits_kept: ({ beacon, max_audits, audit_flop, tasks }) =>
    keptAudits(
      crypto,
      { beacon: bytes(beacon), maxAudits: max_audits, auditFlop: BigInt(audit_flop) },
      tasks.map((t: Json) => ({ taskId: BigInt(t.task_id), rerunFlop: BigInt(t.rerun_flop), due: t.due.map((a: Json) => ({ slot: a.slot, seq: BigInt(a.seq) })) })),
    ).map(({ taskId, audit }) => ({ task_id: String(taskId), slot: audit.slot, seq: String(audit.seq) })),

  fit: ({ preferences, task }) => Number(fitPpm(preferences, task)),
  score_commit: ({ task_id, address, salt, scores }) =>
    hex(scoreCommit(crypto, { taskId: BigInt(task_id), address: bytes(address), salt: bytes(salt), scores: scores.map(([slot, score]: [number, string]) => ({ slot, score: BigInt(score) })) })),
  miners_payout: ({ part, rank_share_ppm, metric, verified_work }) =>
    minersPayout(
      BigInt(part),
      BigInt(rank_share_ppm),
      metric.map((m: number | string | null, i: number) => ({ metric: m === null ? undefined : BigInt(m), work: BigInt(verified_work[i]) })),
    ).map(String),

  extension_sign_bytes: ({ extension, height, round, chain_id }) => hex(extensionSignBytes({ extension: bytes(extension), height: BigInt(height), round: BigInt(round), chainId: chain_id })),
  verdicts: (input, expected) => {
    const entries: VerdictEntry[] = input.map(({ job, code, reason }: Json) => ({ job: BigInt(job), code, reason }));
    if (isHex(expected)) {
      const text = (list: VerdictEntry[]) => JSON.stringify(list.map((e) => [String(e.job), e.code, e.reason]));
      const decoded = decodeVerdicts(bytes(expected));
      must(text(decoded) === text(entries), `the expected bytes decode to ${text(decoded)}`);
    }
    return hex(encodeVerdicts(entries));
  },
  block_data_tx: ({ beacon_signature, votes }, expected) => {
    const data: MsgBlockData = {
      beaconSignature: bytes(beacon_signature),
      votes: votes.map((v: Json) => ({ extension: bytes(v.extension), signature: bytes(v.signature) })),
    };
    if (isHex(expected)) {
      const text = (d: MsgBlockData) => JSON.stringify([hex(d.beaconSignature), d.votes.map((v) => [hex(v.extension), hex(v.signature)])]);
      const decoded = decodeBlockDataTx(bytes(expected));
      must(text(decoded) === text(data), `the expected bytes decode to ${text(decoded)}`);
    }
    return hex(encodeBlockDataTx(data));
  },
});

/** Quantum groups over tensors of these sizes. */
function layout(sizes: number[], groups: Json): Group[] {
  let offset = 0;
  const tensors = sizes.map((size) => ({ size, offset: (offset += size) - size }));
  return groupsOf(groups.map((g: Json) => ({ tensors: g.tensors, levels: g.levels, quantumLog2: 0, statistics: false })), tensors);
}

function headerOf(h: Json): Header {
  return {
    version: h.version,
    chainId: h.chain_id,
    taskId: BigInt(h.task_id),
    slot: h.slot,
    seq: BigInt(h.seq),
    prev: bytes(h.prev),
    round: BigInt(h.round),
    height: BigInt(h.height),
    clock: h.clock.map(BigInt),
    batchHash: bytes(h.batch_hash),
    mapHash: bytes(h.map_hash),
    chainDigest: bytes(h.chain_digest),
    modelDigest: bytes(h.model_digest),
    logRoot: bytes(h.log_root),
    residualHash: bytes(h.residual_hash),
    loss: h.loss,
    accuracy: h.accuracy,
    overdrive: h.overdrive,
    null: h.null,
  };
}

const headerJson = (h: Header): Json => Object.entries(h).map(([k, v]) => [k, v instanceof Uint8Array ? hex(v) : Array.isArray(v) ? v.map(String) : String(v)]);
