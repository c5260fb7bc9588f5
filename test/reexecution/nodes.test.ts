/** A sample of what test/reexecution/nodes.nightly.ts does with ten thousand iterations, and the finding of header fields. */
import "#platform/install.js";
import test from "ava";
import { encodeHeader } from "#protocol/log/header.js";
import { Header } from "#proto/gen/pouw/v1/iteration.js";
import { fieldAt } from "./fields.js";
import { reExecuteInNodes } from "./nodes.js";

test("300 iterations of Node 20 are accepted in Node 22 and 24 on both hosts, and each is refused with one flipped bit", async (t) => {
  await reExecuteInNodes(t, 300);
});

test("every byte of a header belongs to one field's tag, length or value", (t) => {
  const digest = new Uint8Array(32).fill(9);
  const bytes = encodeHeader(Header.create({ version: 1, chainId: "c", clock: [300n, 1n], prev: digest, loss: 1_000_000, null: true }));
  const told = Array.from(bytes, (_, i) => fieldAt(bytes, i));
  t.deepEqual(told.slice(0, 5).map((h) => `${h.field} ${h.part}`), ["version tag", "version value", "chainId tag", "chainId length", "chainId value"]);
  const count = (field: string, part: string) => told.filter((h) => h.field === field && h.part === part).length;
  t.deepEqual([count("prev", "value"), count("clock", "value"), count("loss", "tag"), count("loss", "value"), count("null", "value")], [32, 3, 2, 3, 1]);
});
