/** What no supervisor serves. Anything else that goes wrong on the way is this verifier's own fault and never a verdict. */
export class Unserved extends Error {
  override readonly name = "Unserved";
  constructor(
    readonly what: string,
    /** at or below an anchored head, so supervisors have to serve it */
    readonly anchored: boolean,
    why: string,
  ) {
    super(`${what} is served by no supervisor: ${why}`);
  }
}
