/** Parameters of what clients ask for and the course of it (protocol section 14). Ratios are parts per million, amounts base units of six decimals. */
import { defineParams } from "#kernel/params.js";
import { Params } from "#proto/gen/pouw/tasks/v1/types.js";
import { MAX_GROUP, MAX_PARAMETERS, MAX_SLOTS } from "#protocol/tasks/task-spec.js";
import { PARAMS_PREFIX, store } from "./store.js";

const MILLION = 1_000_000;
const PERCENT = 10_000;
const POUW = 1_000_000n;
const MAX_REDRAWS = 100;

export const params = defineParams(store, PARAMS_PREFIX, Params, {
  defaults: {
    minTaskFee: POUW,
    clientBond: 20 * PERCENT,
    burnShare: 20 * PERCENT,
    minersShare: 70 * PERCENT,
    supervisorsShare: 15 * PERCENT,
    evaluatorsShare: 10 * PERCENT,
    verifiersShare: 5 * PERCENT,
    registrationBlocks: 600n,
    joinBlocks: 20n,
    submissionBlocks: 10n,
    revealKeyBlocks: 100n,
    commitBlocks: 20n,
    revealScoresBlocks: 20n,
    seatUnlockBlocks: 200n,
    maxRedraws: 3,
    slashNoShow: 1 * PERCENT,
    maxParameters: BigInt(MAX_PARAMETERS),
    minFlop: 100_000n,
    maxSlots: MAX_SLOTS,
    maxSupervisors: MAX_GROUP,
    minEvaluators: 3,
    maxEvaluators: MAX_GROUP,
  },
  ratios: ["clientBond", "burnShare", "minersShare", "supervisorsShare", "evaluatorsShare", "verifiersShare", "slashNoShow"],
  positive: ["minTaskFee", "registrationBlocks", "joinBlocks", "submissionBlocks", "revealKeyBlocks", "commitBlocks", "revealScoresBlocks", "seatUnlockBlocks", "maxParameters", "minFlop"],
  counts: { maxRedraws: [0, MAX_REDRAWS], maxSlots: [1, MAX_SLOTS], maxSupervisors: [1, MAX_GROUP], minEvaluators: [1, MAX_GROUP], maxEvaluators: [1, MAX_GROUP] },
  check(p) {
    const shares = p.minersShare + p.supervisorsShare + p.evaluatorsShare + p.verifiersShare;
    if (shares !== MILLION) return `miners_share: the shares of miners, supervisors, evaluators and verifiers add up to ${shares}, want ${MILLION}`;
    if (p.maxParameters > BigInt(MAX_PARAMETERS)) return `max_parameters: got ${p.maxParameters}, want at most ${MAX_PARAMETERS}`;
    // Of an odd number more than half is never a matter of taste.
    const groups = [["max_supervisors", p.maxSupervisors], ["min_evaluators", p.minEvaluators], ["max_evaluators", p.maxEvaluators]] as const;
    for (const [name, n] of groups) if (n % 2 === 0) return `${name}: got ${n}, want an odd number`;
    return p.minEvaluators > p.maxEvaluators ? `min_evaluators: got ${p.minEvaluators}, want at most max_evaluators, which is ${p.maxEvaluators}` : undefined;
  },
});
