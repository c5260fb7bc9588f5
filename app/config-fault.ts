/**
 * What is wrong with files that a person wrote or copied: one line that names file and field and says what to do. Starting
 * again cannot help, so the process ends with a code of its own and is left ended.
 */
export class ConfigFault extends Error {
  override name = "ConfigFault";
}

/** Exit code of a process that cannot start as it is configured (sysexits.h). */
export const EX_CONFIG = 78;

export const FAULT_MARK = "✖ ";

/** The line by which a process says why it ended so. */
export const faultLine = (message: string): string => `${FAULT_MARK}${message.replace(/\s*[\r\n]+\s*/g, " ")}`;
