/** What every parameter must satisfy, in genesis and later by governance. */
import { type Params } from "#proto/gen/pouw.js";

const MILLION = 1_000_000;
const RATIOS = [
  "auditPpm", "slashNoShow", "slashStall", "slashUnavailable", "slashResidual", "slashInvalid", "slashEquivocation", "slashEvaluator",
  "minersShare", "supervisorsShare", "evaluatorsShare", "verifiersShare", "rankShare", "verifiersCut", "equivocationBounty", "burnShare",
  "clientBond", "auditDeposit",
] as const satisfies (keyof Params)[];
const POSITIVE = [
  "anchorInterval", "stallBlocks", "supervisorStallBlocks", "drawDelay", "claimWindow", "verdictWindow", "evidenceTimeout", "targetSpacingMs",
  "retargetClaims", "halvingInterval", "minFlop", "minTaskFee", "minSeatStake", "unbondBlocks", "seatUnlockBlocks", "registrationBlocks",
  "joinBlocks", "submissionBlocks", "revealKeyBlocks", "commitBlocks", "revealScoresBlocks", "maxParameters",
] as const satisfies (keyof Params)[];
/** no window may be so long that heights could overflow anything */
const MAX_BLOCKS = 1n << 40n;
/** a thousand million tokens for one claim */
const MAX_REWARD = 10n ** 15n;
const MAX_REDRAWS = 100;

const isCount = (v: number, least: number, most: number): boolean => Number.isInteger(v) && v >= least && v <= most;

/** One line on the first parameter that is wrong, or undefined. */
export function paramsFault(p: Params): string | undefined {
  if (!/^[a-z][a-z0-9]{2,31}$/.test(p.denom)) return `denom: got ${JSON.stringify(p.denom)}, want 3 to 32 of a–z and 0–9`;
  for (const name of RATIOS) if (!isCount(p[name], 0, MILLION)) return `${name}: got ${p[name]}, want 0 to ${MILLION} parts per million`;
  for (const name of POSITIVE) if (p[name] < 1n || p[name] > MAX_BLOCKS) return `${name}: got ${p[name]}, want 1 to ${MAX_BLOCKS}`;
  const shares = p.minersShare + p.supervisorsShare + p.evaluatorsShare + p.verifiersShare;
  if (shares !== MILLION) return `the shares of miners, supervisors, evaluators and verifiers add up to ${shares}, want ${MILLION}`;
  if (p.target0.length !== 32) return `target0: got ${p.target0.length} bytes, want 32`;
  if (p.target0.every((b) => b === 0)) return "target0: is 0, so that nothing could win";
  if (p.reward0 < 0n || p.reward0 > MAX_REWARD) return `reward0: got ${p.reward0}, want 0 to ${MAX_REWARD}`;
  if (p.auditRequestWindow < 0n || p.auditRequestWindow > MAX_BLOCKS) return `auditRequestWindow: got ${p.auditRequestWindow}, want 0 to ${MAX_BLOCKS}`;
  if (!isCount(p.maxRedraws, 0, MAX_REDRAWS)) return `maxRedraws: got ${p.maxRedraws}, want 0 to ${MAX_REDRAWS}`;
  if (!isCount(p.maxOpenJobs, 1, 65_536)) return `maxOpenJobs: got ${p.maxOpenJobs}, want 1 to 65536`;
  if (p.maxParameters > 1n << 26n) return `maxParameters: got ${p.maxParameters}, want at most ${1n << 26n}`;
  if (!isCount(p.maxSlots, 1, 1024)) return `maxSlots: got ${p.maxSlots}, want 1 to 1024`;
  for (const name of ["maxSupervisors", "minEvaluators", "maxEvaluators"] as const) {
    if (!isCount(p[name], 1, 31) || p[name] % 2 === 0) return `${name}: got ${p[name]}, want an odd number up to 31`;
  }
  if (p.minEvaluators > p.maxEvaluators) return `minEvaluators ${p.minEvaluators} is above maxEvaluators ${p.maxEvaluators}`;
  return undefined;
}
