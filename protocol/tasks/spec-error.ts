/** A field of a task that cannot be accepted: one line with what was got and what would do. */
export class SpecError extends Error {
  override readonly name = "SpecError";
  constructor(
    /** As in the .proto file: snake_case, dots between. */
    readonly field: string,
    readonly text: string,
  ) {
    super(`${field}: ${text}`);
  }
}
