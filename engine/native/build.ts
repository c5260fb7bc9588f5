/**
 * Builds the native addon when a C compiler is there: node --conditions=source --import tsx engine/native/build.ts
 * Nothing needs it: without it engines run on WebAssembly and give the same bits.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nativePlace } from "#engine/native/place.js";

/** The addon's path, or why there is none. */
export function buildNative(place = nativePlace()): { addon: string } | { reason: string } {
  if (!place) return { reason: "the source engine/native/kernels.c is not there" };
  const { root, source, flags, addon } = place;
  if (existsSync(addon)) return { addon };
  const headers = join(root, "node_modules", "node-api-headers", "include");
  if (!existsSync(headers)) return { reason: "the package node-api-headers is not installed" };
  mkdirSync(dirname(addon), { recursive: true });
  // Renamed when whole: several processes may build at once.
  const unfinished = `${addon}.${process.pid}`;
  const undefinedSymbols = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
  try {
    execFileSync(process.env["CC"] ?? "gcc", [...flags, ...undefinedSymbols, `-I${headers}`, source, "-o", unfinished, "-lm"], { stdio: ["ignore", "ignore", "pipe"] });
    renameSync(unfinished, addon);
    return { addon };
  } catch (error) {
    rmSync(unfinished, { force: true });
    return { reason: `${process.env["CC"] ?? "gcc"} did not build it: ${String((error as Error).message).split("\n").slice(0, 4).join(" ")}` };
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = buildNative();
  console.log("addon" in built ? `native kernels: ${built.addon}` : `no native kernels (${built.reason}); WebAssembly does the work`);
}
