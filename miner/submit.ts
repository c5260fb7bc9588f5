/** Which model the miner's slots stand for: the last anchored state, said at once, so that nobody waits for the deadline. */
import { type Sender } from "#client/chain/types.js";
import { type TaskView } from "#client/chain/task-view.js";
import { message, trySend } from "#client/chain/worker.js";
import { type Logger } from "#platform/log.js";
import { MsgSubmitModel } from "#proto/gen/pouw/evaluation/v1/tx.js";
import { SlotStatus } from "#proto/gen/pouw/supervision/v1/types.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";

export class ModelSubmissions {
  private sending = false;

  constructor(
    private readonly sender: Sender,
    private readonly log: Logger,
  ) {}

  async onView(view: TaskView, own: readonly number[]): Promise<void> {
    if (view.task.phase !== Phase.PHASE_SUBMISSION || this.sending) return;
    const wanted = view.slots.filter((s) => own.includes(s.slot) && s.status === SlotStatus.SLOT_OPEN && !view.submissions.some((x) => x.slot === s.slot));
    const clock = view.slots.flatMap((s) => s.finalSeq ?? []);
    if (wanted.length === 0 || clock.length < view.slots.length) return; // the end of Training gives every slot its last
    this.sending = true;
    try {
      for (const { slot } of wanted) {
        await trySend(this.sender, "MsgSubmitModel", message(MsgSubmitModel, { miner: this.sender.address, taskId: view.task.id, slot, clock }), this.log);
      }
    } finally {
      this.sending = false;
    }
  }
}
