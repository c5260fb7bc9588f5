/** `supervision`: slots, their anchored heads, and who answers for the log (protocol sections 4 and 7). */
import { dumpStore, loadStore } from "#kernel/dump.js";
import { type AppModule, message, query } from "#kernel/module.js";
import {
  MsgAnchorLog,
  MsgAnchorLogResponse,
  MsgConfirmData,
  MsgConfirmDataResponse,
  MsgReportEquivocation,
  MsgReportEquivocationResponse,
  MsgRequestAudit,
  MsgRequestAuditResponse,
  QueryAnchorsRequest,
  QueryAnchorsResponse,
} from "#proto/gen/pouw.js";
import { anchorLog } from "./anchor-log.js";
import { supervisionEndBlock } from "./end-block.js";
import { supervisionErrors } from "./errors.js";
import { supervisionInvariants } from "./invariants.js";
import { slotsKeeper } from "./keeper.js";
import { confirmData, reportEquivocation, requestAudit } from "./messages.js";
import { STORE } from "./store.js";
import type { SlotsKeeper, SupervisionPorts } from "./types.js";

export { supervisionErrors } from "./errors.js";
export { GAS_PER_HEAD, GAS_PER_SEEN } from "./anchor-log.js";
export type { Advance, SlotsKeeper, SupervisionPorts } from "./types.js";

export function defineSupervision(ports: SupervisionPorts): { module: AppModule; keeper: SlotsKeeper } {
  const keeper = slotsKeeper(ports);
  const name = "supervision";
  const module: AppModule = {
    name,
    stores: [STORE],
    messages: [
      message(name, MsgConfirmData, MsgConfirmDataResponse, (ctx, m) => confirmData(ports, ctx, m)),
      message(name, MsgAnchorLog, MsgAnchorLogResponse, (ctx, m) => anchorLog(ports, ctx, m)),
      message(name, MsgRequestAudit, MsgRequestAuditResponse, (ctx, m) => requestAudit(ports, ctx, m)),
      message(name, MsgReportEquivocation, MsgReportEquivocationResponse, (ctx, m) => reportEquivocation(ports, ctx, m)),
    ],
    queries: [
      query("/pouw.v1.Query/Anchors", QueryAnchorsRequest, QueryAnchorsResponse, (ctx, q) => {
        if (!keeper.slot(ctx, q.taskId, q.slot)) throw supervisionErrors.unknownSlot(`slot ${q.slot} of task ${q.taskId}`);
        return { heads: keeper.anchors(ctx, q.taskId, q.slot) };
      }),
    ],
    initGenesis(ctx, genesis) {
      const entries = (genesis as { entries?: unknown } | undefined)?.entries;
      if (entries !== undefined) loadStore(ctx, STORE, entries);
    },
    exportGenesis: (ctx) => ({ entries: dumpStore(ctx, STORE) }),
    endBlock: (ctx) => supervisionEndBlock(ports, ctx),
    invariants: supervisionInvariants,
  };
  return { module, keeper };
}
