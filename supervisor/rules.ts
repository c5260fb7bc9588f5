/** The rules of protocol/log/check.ts on the state of one log, which this keeps: where every slot's log ends. */
import { type ModelPlan } from "#engine/topology/index.js";
import { nodeCrypto } from "#platform/crypto.js";
import type { Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { checkForm, checkSuccession, type CheckContext, firstTip, tipAfter } from "#protocol/log/check.js";
import { decodeHeader } from "#protocol/log/header.js";
import { closuresOf } from "#protocol/log/lag.js";
import { emptyRoot, LogTree } from "#protocol/log/log-root.js";
import { BatchOrder } from "#protocol/draws/order.js";
import { type StartedTask } from "#client/chain/task-view.js";
import { type Incoming } from "#net/log-machine.js";

export interface RulesSetup {
  readonly chainId: string;
  readonly task: StartedTask;
  readonly plan: ModelPlan;
  readonly batchHashes: readonly Uint8Array[];
  slots(): readonly Slot[];
  /** A(height); undefined where that block was not seen, and then run_ahead is not judged */
  lowestRound(height: bigint): bigint | undefined;
}

export class TaskRules {
  private readonly spec: TaskSpec;
  private readonly order: BatchOrder;
  private readonly logs;

  constructor(private readonly o: RulesSetup) {
    this.spec = o.task.spec;
    this.order = new BatchOrder(nodeCrypto, o.task.startBeacon, o.task.id, this.spec.batches);
    this.logs = Array.from({ length: this.spec.slots }, () => ({ tree: new LogTree(nodeCrypto), tip: firstTip(this.spec.slots, o.task.startHeight, emptyRoot(nodeCrypto)) }));
  }

  /** What a message breaks, or undefined. Its signature was checked when it came in. */
  check({ message }: Incoming): string | undefined {
    const { o } = this;
    const context: CheckContext = {
      crypto: nodeCrypto,
      chainId: o.chainId,
      taskId: o.task.id,
      spec: this.spec,
      parameters: o.plan.parameters,
      startHeight: o.task.startHeight,
      order: this.order,
      batchHash: (batch) => o.batchHashes[batch] as Uint8Array,
      sessionKey: () => new Uint8Array(0),
      closures: closuresOf(o.slots()),
      lowestAnchoredRound: (height) => o.lowestRound(height),
    };
    const form = checkForm(context, message, { signature: false });
    if (!form.ok) return `${form.violation.code}: ${form.violation.text}`;
    const log = this.logs[form.ok.header.slot];
    if (!log) return `slot ${form.ok.header.slot} is none of the task's`;
    const v = checkSuccession(context, form.ok.header, log.tip);
    return v && `${v.code}: ${v.text}`;
  }

  /** The message is in the log now. */
  apply(message: Iteration): void {
    const header = decodeHeader(message.header);
    const log = this.logs[header.slot] as (typeof this.logs)[number];
    const headerHash = nodeCrypto.sha256(message.header);
    log.tree.append(headerHash);
    log.tip = tipAfter({ header, headerHash }, log.tree.root());
  }
}
