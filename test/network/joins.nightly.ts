import test from "ava";
import { outsiderJoins } from "./joins.js";

test("a fifth validator joins, a task is trained, and it verifies and is paid as the four are", async (t) => {
  t.timeout(15 * 60_000);
  await outsiderJoins(t, { trains: true });
});
