/**
 * Faults for reliability tests: crashes at named points, and a byzantine validator. They exist only in a process started
 * with POUWD_TEST_BUILD=1; everywhere else each of these does nothing.
 *   CRASH_AT         before- or after- finalize, batch, commit-response: the process kills itself there, once in the life of its home
 *   POUWD_BYZANTINE  forge-beacon, omit-beacon, huge-extension, garbage-extension, empty-extension
 */
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Faults {
  crash(point: string): void;
  beacon(sign: (message: Uint8Array) => Uint8Array): (message: Uint8Array) => Uint8Array;
  dropBlockData(): boolean;
  extension(honest: Uint8Array): Uint8Array | Promise<Uint8Array>;
  refused(verdict: { readonly ok: boolean; readonly reason?: string }): void;
}

const HUGE = 900_000;

export function faultsFrom(env: Readonly<Record<string, string | undefined>>, warn: (text: string) => void, home = "."): Faults {
  const on = env.POUWD_TEST_BUILD === "1";
  const kind = on ? env.POUWD_BYZANTINE : undefined;
  const crashAt = on ? env.CRASH_AT : undefined;
  if (kind || crashAt) warn(`this node misbehaves on purpose: ${kind ?? ""} ${crashAt ?? ""}`);
  return {
    crash(point) {
      if (point !== crashAt) return;
      // Its environment is the same after the restart: what has happened must stand on disk.
      const marker = join(home, `crashed.${point}`);
      if (existsSync(marker)) return;
      writeFileSync(marker, "");
      process.kill(process.pid, "SIGKILL");
    },
    beacon: (sign) => (kind === "forge-beacon" ? () => new Uint8Array(randomBytes(96)) : sign),
    dropBlockData: () => kind === "omit-beacon",
    extension(honest) {
      if (kind === "huge-extension") return new Uint8Array(HUGE);
      if (kind === "garbage-extension") return new Uint8Array(randomBytes(500));
      return kind === "empty-extension" ? new Uint8Array(0) : honest;
    },
    refused(verdict) {
      if (!verdict.ok) warn(`a proposal was refused: ${verdict.reason ?? ""}`);
    },
  };
}
