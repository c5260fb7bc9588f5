/** What is only suspicious is not a rule; what is here is refused. See protocol/check.ts for the rules themselves. */
import { type Incoming } from "#net/log-machine.js";

/** The rules of protocol section 7 on the state of one log. */
export interface Rules {
  /** what a message breaks, or undefined; the log holds all that its clock names */
  check(m: Incoming): string | undefined;
  /** the message is in the log now */
  apply(m: Incoming): void;
}
