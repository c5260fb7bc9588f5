/** A data file that cannot become a task's data. */
import { CliError } from "../cli-error.js";

/** Where in the task file the fault is told, when it has a place there. */
export type DataField = readonly (string | number)[];

export class DataFileError extends CliError {
  override readonly name = "DataFileError";
  constructor(
    message: string,
    readonly field?: DataField,
  ) {
    super("data_file", message);
  }
}
