/** `pouwd start`: runs a validator's unit until it is asked to end. */
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
  if (fatal) throw new Error(`${fatal.reason}. Its last lines are in ${options.home}/${fatal.name}.log`);
}
