import "#platform/install.js";
import { oneGroup } from "#engine/quanta.js";
import test from "ava";
import { LENET, planOf } from "#engine/testing/models.js";
import { inspect } from "./inspect.js";

test("LeNet-5 is inspected layer by layer, and the whole is what its layers are", (t) => {
  const i = inspect(planOf(LENET), 32, oneGroup(planOf(LENET), -8));
  t.deepEqual(i.layers.map((l) => [l.kind, l.outputShape.join("×"), l.parameters, Number(l.macs)]), [
    ["conv2d, relu", "28×28×6", 156, 117_600],
    ["max pool", "14×14×6", 0, 0],
    ["conv2d, relu", "10×10×16", 2_416, 240_000],
    ["max pool", "5×5×16", 0, 0],
    ["shape", "400", 0, 0],
    ["dense, relu", "120", 48_120, 48_000],
    ["dense, relu", "84", 10_164, 10_080],
    ["dense, softmax", "10", 850, 840],
  ]);
  t.is(i.parameters, 61_706);
  t.is(i.layers.reduce((n, l) => n + l.parameters, 0), i.parameters);
  t.is(i.flop, 6n * 32n * i.layers.reduce((n, l) => n + l.macs, 0n));
  t.is(i.largestMapBytes, 5 + 61_706 + 7_714);
  t.is(i.residualInterval, 16n);
  t.true(i.memoryBytes > BigInt(61_706 * 20));
});
