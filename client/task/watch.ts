/** Following a task: live bars in a terminal, plain lines or JSON lines elsewhere. */
import pc from "picocolors";
import { NOT_FINITE } from "#protocol/floats.js";
import { decodeHeader } from "#protocol/log/header.js";
import { hasAccuracy } from "#protocol/tasks/engine-options.js";
import { LogClient } from "#net/index.js";
import type { Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import { TasksQuery } from "#proto/gen/pouw/tasks/v1/query.js";
import { Outcome, Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import type { Iteration } from "#proto/gen/pouw/v1/iteration.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { type Chain } from "../chain/types.js";
import { formatAmount } from "./amount.js";
import { headerLoss, headerLossText } from "./figures.js";
import { taskResult } from "./result.js";

export interface Newest {
  /** of the header, in millionths */
  readonly loss: number;
  /** parts of one; absent for regression */
  readonly accuracy: number | undefined;
}

export interface WatchOptions {
  readonly json: boolean;
  readonly allowPrivate: boolean;
  readonly phaseName: (p: Phase) => string;
}

const POLL_MS = 1000;
const BAR = 24;

/** Comes back when the task has an outcome. */
export async function watchTask(chain: Chain, id: bigint, o: WatchOptions): Promise<void> {
  const live = !o.json && process.stdout.isTTY === true;
  let drawn = 0;
  let said = "";
  const logs = new LogClient({ endpoints: [], allowPrivate: o.allowPrivate });
  try {
    for (;;) {
      const { value } = await chain.query(TasksQuery.methods.taskState, { id });
      const { task, slots, seats, height } = value;
      const spec = task?.spec;
      if (!spec) throw new Error(`there is no task ${id}`);
      logs.setEndpoints(seats.filter((s) => s.role === Role.ROLE_SUPERVISOR && s.endpoint && !s.dropped).map((s) => s.endpoint));
      const newest = await Promise.all(slots.map((s) => newestOf(logs, id, s, hasAccuracy(spec.loss))));
      const { totals, payouts } = await taskResult(chain, id);
      const over = task.outcome !== Outcome.OUTCOME_UNSPECIFIED;
      const lines = [
        `${pc.bold(`task ${id}`)} ${spec.title}   block ${height}   ${o.phaseName(task.phase)}`,
        ...slots.map((s, i) => slotLine(s, newest[i])),
        ...(task.phase === Phase.PHASE_TRAINING && hasDiverged(newest) ? [`no slot's newest loss is finite: training diverged. End it: pouwd task stop ${id}`] : []),
        `claims ${totals?.claimsSubmitted ?? 0n} submitted, ${totals?.claimsAccepted ?? 0n} paid   audits ${totals?.auditsDrawn ?? 0n} drawn, ${totals?.auditsValid ?? 0n} VALID   minted ${formatAmount(task.minted)}`,
        ...(over ? payouts.map((p) => `  ${p.what.padEnd(12)}${p.address}  ${formatAmount(p.amount)}`) : []),
      ];
      const text = lines.join("\n");
      if (o.json) {
        const state = { height, phase: o.phaseName(task.phase), slots: slots.map((s, i) => ({ slot: s.slot, seq: s.head?.seq ?? 0n, positions: s.positions, ...told(newest[i]) })), totals, payouts: over ? payouts : [] };
        console.log(JSON.stringify(state, (_k, v: unknown) => (typeof v === "bigint" ? v.toString() : v)));
      } else if (live) {
        if (drawn > 0) process.stdout.write(`\x1b[${drawn}A\x1b[J`);
        process.stdout.write(`${text}\n`);
        drawn = lines.length;
      } else if (text !== said) console.log(text);
      said = text;
      if (over) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    logs.close();
  }
}

/** For programs: the loss is null where it is not finite. */
const told = (n: Newest | undefined): object => (n ? { loss: headerLoss(n.loss), ...(n.accuracy === undefined ? {} : { accuracy: n.accuracy }) } : {});

/** Of every slot whose newest header is known; false where none is. */
export function hasDiverged(newest: readonly (Newest | undefined)[]): boolean {
  const known = newest.filter((n) => n !== undefined);
  return known.length > 0 && known.every((n) => n.loss === NOT_FINITE);
}

export function slotLine(s: Slot, newest: Newest | undefined): string {
  const seq = Number(s.head?.seq ?? 0n);
  const all = Number(s.positions) || 1;
  const full = Math.round((BAR * seq) / all);
  const bar = "█".repeat(full) + "░".repeat(BAR - full);
  const accuracy = newest?.accuracy === undefined ? "" : `  accuracy ${(100 * newest.accuracy).toFixed(1)} %`;
  const score = newest ? `  loss ${headerLossText(newest.loss)}${accuracy}` : "";
  return `  slot ${String(s.slot).padStart(3)} ${bar} ${seq}/${all}${s.status === 0 ? "" : pc.red("  closed")}${score}`;
}

/** Loss and accuracy in the header of the slot's anchored head; nothing when no supervisor serves it now. */
async function newestOf(logs: LogClient, id: bigint, s: Slot, accurate: boolean): Promise<Newest | undefined> {
  if (!s.head || s.head.seq === 0n) return undefined;
  try {
    let message: Iteration | undefined;
    message = await logs.header(id, s.slot, s.head.seq, undefined, { timeout: 2000 });
    const { loss, accuracy } = decodeHeader(message.header);
    return { loss, accuracy: accurate ? accuracy / 1e6 : undefined };
  } catch {
    return undefined;
  }
}
