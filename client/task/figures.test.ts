import test from "ava";
import { SlotStatus, Slot } from "#proto/gen/pouw/supervision/v1/types.js";
import { millionths } from "#protocol/floats.js";
import { regressionScore } from "#protocol/tasks/scores.js";
import { headerLoss, headerLossText, lossText, scoreText } from "./figures.js";
import { hasDiverged, slotLine } from "./watch.js";

test("a loss or score that is not finite is told as such, and one that its field cannot hold as more", (t) => {
  const losses = [0, 0.25, 4294.5, 28_599, Number.POSITIVE_INFINITY, Number.NaN].map(millionths);
  t.deepEqual(losses.map(headerLossText), ["0.0000", "0.2500", "4294.5000", "over 4294", "not finite", "not finite"]);
  t.deepEqual(losses.map(headerLoss), [0, 0.25, 4294.5, 4294.967294, null, null]);
  t.deepEqual([28_599.5, Number.NaN, Number.NEGATIVE_INFINITY].map(lossText), ["28599.5000", "not finite", "not finite"]);
  t.deepEqual([970_000n, -28_599_000_000n, regressionScore(Float32Array.of(1, Number.NaN))].map(scoreText), ["0.970000", "-28599.000000", "not finite"]);
});

test("a watched slot shows its newest loss as it is, and no accuracy where there is none", (t) => {
  const slot = Slot.create({ taskId: 1n, slot: 3, positions: 10n, status: SlotStatus.SLOT_OPEN, head: { height: 1n, seq: 5n, hash: new Uint8Array(32) } });
  t.regex(slotLine(slot, { loss: millionths(Number.NaN), accuracy: undefined }), /5\/10  loss not finite$/);
  t.regex(slotLine(slot, { loss: millionths(1e9), accuracy: undefined }), /5\/10  loss over 4294$/);
  t.regex(slotLine(slot, { loss: millionths(0.5), accuracy: 0.75 }), /5\/10  loss 0\.5000  accuracy 75\.0 %$/);
  const [finite, none] = [{ loss: 1, accuracy: undefined }, { loss: millionths(Number.NaN), accuracy: undefined }];
  t.deepEqual([[], [undefined], [finite, none], [undefined, none], [none, none]].map(hasDiverged), [false, false, false, true, true]);
});
