/** Parameters of anchors and their keepers (protocol section 14). Ratios are parts per million. */
import { defineParams, MAX_BLOCKS } from "#kernel/params.js";
import { Params } from "#proto/gen/pouw/supervision/v1/types.js";
import { PARAMS_PREFIX, store } from "./store.js";

const PERCENT = 10_000;

export const params = defineParams(store, PARAMS_PREFIX, Params, {
  defaults: {
    anchorInterval: 5n,
    stallBlocks: 40n,
    supervisorStallBlocks: 60n,
    slashStall: 5 * PERCENT,
    slashEquivocation: 100 * PERCENT,
    auditDeposit: 1 * PERCENT,
    auditRequestWindow: 20n,
  },
  ratios: ["slashStall", "slashEquivocation", "auditDeposit"],
  positive: ["anchorInterval", "stallBlocks", "supervisorStallBlocks"],
  check({ auditRequestWindow: n, anchorInterval, supervisorStallBlocks }) {
    if (n < 0n || n > MAX_BLOCKS) return `audit_request_window: got ${n}, want 0 to ${MAX_BLOCKS}`;
    // Who anchors as often as it is asked to would be dropped and slashed.
    return supervisorStallBlocks > anchorInterval ? undefined : `supervisor_stall_blocks: got ${supervisorStallBlocks}, want more than anchor_interval, which is ${anchorInterval}`;
  },
});
