/** Ten thousand iterations of one version of Node, re-executed in others. */
import test from "ava";
import { reExecuteInNodes } from "./nodes.js";

test("10,000 iterations of Node 20 are accepted in Node 22 and 24 on both hosts, and each is refused with one flipped bit", async (t) => {
  await reExecuteInNodes(t, 10_000);
});
