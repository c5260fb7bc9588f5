/** Commits block after block into a folder and says each height once it is durable, until it is killed. */
import "#platform/install.js";
import { writeSync } from "node:fs";
import { openMultiStore } from "../index.js";
import { block, options } from "./history.js";

const store = await openMultiStore(process.argv[2] as string, options);
for (;;) {
  await block(store, store.version + 1n).commit();
  writeSync(1, `${store.version}\n`);
}
