import test from "ava";
import { EXTENSIONS, FORGERIES, refusesForgery, shrugsOff } from "./byzantine.js";

for (const kind of FORGERIES) {
  test.serial(`a proposer with ${kind} is rejected`, async (t) => {
    t.timeout(5 * 60_000);
    await refusesForgery(t, kind);
  });
}
for (const kind of EXTENSIONS) {
  test.serial(`a validator with ${kind} stops nothing`, async (t) => {
    t.timeout(10 * 60_000);
    await shrugsOff(t, kind);
  });
}
