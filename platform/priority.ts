/** How much of the machine a thread takes from others. */
import { readlinkSync } from "node:fs";
import { constants, setPriority } from "node:os";

/**
 * The calling thread gives way to every other one. Linux keeps a priority for each thread, by a number that it shows where the
 * thread itself reads it; elsewhere, or where that is not allowed, nothing is done.
 */
export function lowestPriority(): void {
  try {
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    if (thread > 0) setPriority(thread, constants.priority.PRIORITY_LOW);
  } catch {
    // another system
  }
}
