import test from "ava";
import { outsiderJoins } from "./joins.js";

test("an outsider joins a network that began by genesis transactions, is bonded once its beacon key is registered, signs and proposes", async (t) => {
  t.timeout(5 * 60_000);
  await outsiderJoins(t, { trains: false });
});
