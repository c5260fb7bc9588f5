/** Which model the miner's slots stand for: the last anchored state, said at once, so that nobody waits for the deadline. */
import { type Sender } from "#client/chain/types.js";
import { type TaskView } from "#client/chain/task-view.js";
import { message, trySend } from "#client/chain/worker.js";
import { type Logger } from "#platform/log.js";
import { MsgSubmitModel, Phase, SlotStatus } from "#proto/gen/pouw.js";

export class ModelSubmissions {
  private sending = false;

  constructor(
    private readonly sender: Sender,
    private readonly log: Logger,
  ) {}

  async onView(view: TaskView, own: readonly number[]): Promise<void> {
    if (view.task.phase !== Phase.PHASE_SUBMISSION || this.sending) return;
    const wanted = view.slots.filter((s) => own.includes(s.slot) && s.status === SlotStatus.SLOT_OPEN && !view.submissions.some((x) => x.slot === s.slot));
    if (wanted.length === 0) return;
    const clock = view.slots.map((s) => s.finalSeq);
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
