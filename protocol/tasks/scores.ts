/** Scores of models on a test set, their commitments, and which value stands. */
import { compareBytes, concat, i64be, u32be, u64be } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import type { SlotScore } from "#proto/gen/pouw/evaluation/v1/types.js";
import { H, raw } from "../hash.js";

const MIN_I64 = -(1n << 63n);

/** ⌊10^6·correct/N⌋. */
export const classificationScore = (correct: number, rows: number): bigint => (1_000_000n * BigInt(correct)) / BigInt(rows);

/** −(Σ ⌊10^6·loss_i⌋ div N), the product in binary64; a loss that is not finite counts as the worst there is. */
export function regressionScore(losses: Float32Array): bigint {
  let sum = 0n;
  for (const loss of losses) {
    if (!Number.isFinite(loss)) return MIN_I64;
    sum += BigInt(Math.floor(1e6 * loss));
  }
  const score = -(sum / BigInt(losses.length));
  return score < MIN_I64 ? MIN_I64 : score;
}

/** H('pouw/score/1'; u64 task, address, salt, then u32 slot ‖ i64 score), slots ascending. */
export function scoreCommit(hash: Hash, { taskId, address, salt, scores }: { taskId: bigint; address: Uint8Array; salt: Uint8Array; scores: readonly SlotScore[] }): Uint8Array {
  scores.forEach((s, i) => {
    if (i > 0 && s.slot <= (scores[i - 1] as SlotScore).slot) throw new RangeError(`scores: slot ${s.slot} after ${(scores[i - 1] as SlotScore).slot}, want ascending`);
  });
  return H(hash, "pouw/score/1", u64be(taskId), raw(address, 20, "address"), raw(salt, 32, "salt"), concat(...scores.map((s) => concat(u32be(s.slot), i64be(s.score)))));
}

export const isScoreCommit = (hash: Hash, commitment: Uint8Array, content: Parameters<typeof scoreCommit>[1]): boolean => compareBytes(commitment, scoreCommit(hash, content)) === 0;

/** The value that more than half of the `drawn` evaluators revealed for a slot, or undefined. */
export function standingScore(slot: number, drawn: number, reveals: readonly (readonly SlotScore[])[]): bigint | undefined {
  const votes = new Map<bigint, number>();
  for (const reveal of reveals) {
    const score = reveal.find((s) => s.slot === slot)?.score;
    if (score === undefined) continue;
    const n = (votes.get(score) ?? 0) + 1;
    if (2 * n > drawn) return score;
    votes.set(score, n);
  }
  return undefined;
}
