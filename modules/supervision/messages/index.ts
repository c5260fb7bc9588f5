/** Messages of `supervision`: all that a transaction can do to it. The ante handler has authenticated the signers. */
import { updateParams } from "#kernel/authority.js";
import type { MsgHandlers } from "#kernel/services.js";
import type { SupervisionMsg } from "#proto/gen/pouw/supervision/v1/tx.js";
import { params } from "../params.js";
import type { SupervisionKeeper, SupervisionPorts } from "../types.js";
import { anchorLog } from "./anchor-log.js";
import { confirmData } from "./confirm-data.js";
import { reportEquivocation } from "./report-equivocation.js";
import { requestAudit } from "./request-audit.js";

export const supervisionMessages = (ports: SupervisionPorts, keeper: SupervisionKeeper): MsgHandlers<typeof SupervisionMsg> => ({
  confirmData: (ctx, m) => confirmData(ports, ctx, m),
  anchorLog: (ctx, m) => anchorLog(ports, ctx, m),
  requestAudit: (ctx, m) => requestAudit(ports, keeper, ctx, m),
  reportEquivocation: (ctx, m) => reportEquivocation(ports, keeper, ctx, m),
  updateParams: updateParams(params),
});
