/** What the command line refuses by itself. */

/** Stable words for programs that read `--output json`; an error of the chain is told as `codespace/code` instead. */
export type ErrorCode = "usage" | "task_file" | "model_file" | "data_file" | "disk" | "amount" | "key" | "node" | "chain_id" | "funds" | "pending" | "state" | "diverged";

/** A refusal with its remedy in the message. */
export class CliError extends Error {
  override readonly name: string = "CliError";
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}
