/** Why a verdict is what it is: numbers that stand in vote extensions, so they never change. 0 says nothing more. */
import { VerdictCode } from "#proto/gen/pouw/v1/types.js";
import type { Rule } from "../log/check.js";

const table = {
  // INVALID: a rule that every message is held to
  header: [1, "the header is malformed or of another task"],
  signature: [2, "the signature is not the slot's"],
  sequence: [3, "seq is not the next one of the slot"],
  prev: [4, "prev is not the slot's previous header"],
  round: [5, "round is not the one of seq"],
  height: [6, "height decreases or precedes Training"],
  clock: [7, "the clock decreases or is malformed"],
  lag: [8, "the clock lacks maps that the lag rule requires"],
  run_ahead: [9, "the round is further ahead than the log on chain allows"],
  batch_hash: [10, "another batch than the one whose turn it was"],
  map: [11, "the map is not canonical"],
  chain_digest: [12, "chain_digest is not that of the slot's maps"],
  log_root: [13, "log_root is not that of the slot's headers"],
  residual_hash: [14, "the re-run gives another residual"],
  null: [15, "the re-run is null where the header is not, or the other way round"],
  closed: [16, "above the last iteration that counts of a closed slot"],
  // INVALID: what only the re-run tells
  map_hash: [20, "the re-run gives another map"],
  model_digest: [21, "the state was neither that of the log nor of the peers' messages"],
  loss: [22, "the re-run gives another loss"],
  accuracy: [23, "the re-run gives another accuracy"],
  overdrive: [24, "the re-run gives another overdrive"],
  claim: [25, "the claimed header is not the log's"],
  residual_bounds: [26, "the served residual state is outside its bounds, or not finite"],
  // NO_RESIDUAL
  no_residual: [40, "the miner did not serve the hashed residual"],
  no_peers: [41, "the miner did not serve the peers' messages that its state counts"],
  // UNSERVED
  no_header: [50, "no supervisor serves a header at or below an anchored head"],
  no_map: [51, "no supervisor serves a map at or below an anchored head"],
  no_batch: [52, "no supervisor serves a batch"],
  // VOID
  other_log: [60, "the re-run agrees on peers' messages that the log has not"],
} as const satisfies Record<Rule, readonly [number, string]> & Record<string, readonly [number, string]>;

export type Reason = keyof typeof table;

export const reasonNumber = (reason: Reason): number => table[reason][0];

export const REASONS: readonly { name: Reason; number: number; text: string }[] = Object.entries(table).map(([name, [number, text]]) => ({ name: name as Reason, number, text }));

export interface Verdict {
  code: VerdictCode;
  reason: number;
  detail: string;
}

export const verdict = (code: VerdictCode, reason: Reason | undefined, detail: string): Verdict => ({ code, reason: reason === undefined ? 0 : reasonNumber(reason), detail });
export const invalid = (reason: Reason, detail: string): Verdict => verdict(VerdictCode.VERDICT_INVALID, reason, detail);
