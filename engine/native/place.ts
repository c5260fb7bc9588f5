/** Where the native addon's source and its build lie, found from the sources and from dist alike. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = join("engine", "native");
const SOURCE = join(FOLDER, "kernels.c");
const FLAGS = ["-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-strict-aliasing", "-fPIC", "-shared"];

export interface Place {
  root: string;
  source: string;
  flags: string[];
  /** Named by all that its bytes depend on, so that a stale build is never found. */
  addon: string;
}

/** `level` counts down from the widest that this machine has, which is 0. */
export function nativePlace(level = 0): Place | undefined {
  const extra = levelFlags()[level];
  if (!extra) return undefined;
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, SOURCE))) {
    const up = dirname(root);
    if (up === root) return undefined;
    root = up;
  }
  const source = join(root, SOURCE);
  const flags = [...FLAGS, ...extra];
  const hash = createHash("sha256").update(flags.join(" "));
  for (const name of readdirSync(join(root, FOLDER)).sort()) if (/\.[ch]$/.test(name)) hash.update(readFileSync(join(root, FOLDER, name)));
  const key = hash.digest("hex").slice(0, 16);
  return { root, source, flags, addon: join(root, ".cache", "native", `kernels-${platform()}-${arch()}-${key}.node`) };
}

/** Compiler flags of the x86-64 levels that this processor has, widest first; others take the compiler's baseline. */
function levelFlags(): string[][] {
  if (arch() !== "x64") return [[]];
  let flags: Set<string>;
  try {
    flags = new Set(/^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.trim().split(/\s+/));
  } catch {
    return [[]];
  }
  const has = (...names: string[]) => names.every((n) => flags.has(n));
  const levels: string[][] = [];
  if (has("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")) levels.push(["-march=x86-64-v4", "-mprefer-vector-width=512"]);
  if (has("avx2", "bmi1", "bmi2", "fma", "f16c", "movbe")) levels.push(["-march=x86-64-v3"]);
  if (has("sse4_2", "popcnt", "ssse3")) levels.push(["-march=x86-64-v2"]);
  return [...levels, []];
}
