/** `pouwd start`: runs a validator's unit until it is asked to end. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EX_CONFIG, FAULT_MARK } from "./config-fault.js";
import { superviseProcesses } from "./supervise/index.js";
import { pidFileOf, type UnitOptions, validatorUnit } from "./unit.js";

/** Resolves when everything has ended; throws when a process cannot be started as it is configured. */
export async function runValidator(options: UnitOptions, signal: AbortSignal, log: (line: string) => void): Promise<void> {
  const unit = await superviseProcesses(validatorUnit(options), { log, pidFile: pidFileOf(options.home) });
  const stop = () => void unit.stop();
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  unit.ready.then(
    () => log(`running: ${Object.entries(unit.pids()).map(([name, pid]) => `${name} ${pid}`).join(", ")}. Logs are in ${options.home}/*.log`),
    () => {},
  );
  const fatal = await unit.finished;
  if (!fatal) return;
  const logFile = join(options.home, `${fatal.name}.log`);
  const said = fatal.reason.endsWith(` ${EX_CONFIG}`) ? lastFault(logFile) : undefined;
  throw new Error(said ?? `${fatal.reason}. Its last lines are in ${logFile}`);
}

/** What a process that ended for its configuration said last. */
function lastFault(logFile: string): string | undefined {
  try {
    const lines = readFileSync(logFile, "utf8").split("\n");
    return lines.findLast((line) => line.startsWith(FAULT_MARK))?.slice(FAULT_MARK.length);
  } catch {
    return undefined;
  }
}
