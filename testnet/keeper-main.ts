/** Entry point of the keeper: `keeper-main DIR`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { keep } from "./keeper.js";

const dir = process.argv[2];
if (!dir) throw new Error("usage: keeper-main DIR");
writeFileSync(join(dir, "keeper.pid"), `${process.pid}\n`);
await keep(dir);
