/** What `scripts/nightly` runs: every cheat, every kill, every byzantine validator on a network of its own, one after another. */
import base from "./ava.config.js";

export default { ...base, files: ["**/*.nightly.ts", "!dist/**", "!node_modules/**"], timeout: "15m", concurrency: 1 };
