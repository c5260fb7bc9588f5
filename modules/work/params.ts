/**
 * Parameters of the lottery, of claims and of verification (protocol section 14). Ratios are parts per million, amounts
 * base units of six decimals.
 */
import { EMPTY } from "#kernel/bytes.js";
import { defineParams } from "#kernel/params.js";
import { Params } from "#proto/gen/pouw/work/v1/types.js";
import { TARGET_BYTES } from "./records.js";
import { PARAMS_PREFIX, store } from "./store.js";

const PERCENT = 10_000;
const POUW = 1_000_000n;
/** a thousand million tokens for one claim */
const MAX_REWARD = 10n ** 15n;
const MAX_OPEN_JOBS = 65_536;
/** an extension lists 128 verdicts, so that more a block would never be decided in time */
const MAX_AUDITS = 128;

export const params = defineParams(store, PARAMS_PREFIX, Params, {
  defaults: {
    drawDelay: 2n,
    claimWindow: 20n,
    verdictWindow: 30n,
    evidenceTimeout: 20n,
    maxOpenJobs: 256,
    maxAudits: 64,
    auditFlop: 10n ** 10n,
    auditPpm: 5_000,
    targetSpacingMs: 10_000n,
    retargetClaims: 16n,
    // The chance that an iteration wins depends on the network: genesis must name it.
    target0: EMPTY,
    reward0: 5n * POUW,
    halvingInterval: 210_000n,
    verifiersCut: 10 * PERCENT,
    slashUnavailable: 10 * PERCENT,
    slashResidual: 50 * PERCENT,
    slashInvalid: 100 * PERCENT,
    linkRate: 256n * 1024n,
  },
  ratios: ["auditPpm", "verifiersCut", "slashUnavailable", "slashResidual", "slashInvalid"],
  positive: ["drawDelay", "claimWindow", "verdictWindow", "evidenceTimeout", "targetSpacingMs", "retargetClaims", "halvingInterval", "auditFlop", "linkRate"],
  counts: { maxOpenJobs: [1, MAX_OPEN_JOBS], maxAudits: [1, MAX_AUDITS] },
  check({ target0, reward0 }) {
    if (target0.length !== TARGET_BYTES) return `target0: got ${target0.length} bytes, want ${TARGET_BYTES}`;
    if (target0.every((b) => b === 0)) return "target0: is 0, so that nothing could win";
    return reward0 < 0n || reward0 > MAX_REWARD ? `reward0: got ${reward0}, want 0 to ${MAX_REWARD}` : undefined;
  },
});
