/** What becomes of a message that came in: one bounded table of codes, which feeds counters and a peer's budget, never a string. */
import type { Rule } from "./check.js";

/** Names of the rules (check.ts), as outcomes. */
export type RuleOutcome = `rule_${Rule}`;

export type Outcome =
  /** logged, and everything that its clock names before it */
  | "accepted"
  /** kept until a block, a round or other messages are here */
  | "held"
  /** here already */
  | "duplicate"
  /** the bytes are no canonical header, or of a length that none can have */
  | "malformed"
  /** another chain or task, or no place in this one: slot, seq, clock */
  | "misfit"
  /** not signed by the slot's session key */
  | "signature"
  /** the map is not the one that the signed header names */
  | "map_hash"
  /** too many seqs or blocks ahead of what is here */
  | "far"
  /** the slot's share of held-back bytes is used up: to be sent again when it has room */
  | "full"
  /** above the entry where the slot was closed for a fault */
  | "closed"
  /** below the slot's head, and not what was logged there */
  | "below"
  /** known to have broken a rule */
  | "broken"
  /** a second signed head at one seq: proof of equivocation, at the cost of whoever signed, not of whoever sent */
  | "equivocation"
  | RuleOutcome;

/**
 * What costs the peer that sent it: an honest one checks this itself before it passes a message on. What only the
 * signer can be blamed for is not among them (a supervisor may have judged with another view of run_ahead), nor what
 * happens to honest peers when they are slow or early.
 */
export const isPeersFault = (outcome: Outcome): boolean => outcome === "malformed" || outcome === "misfit" || outcome === "signature" || outcome === "map_hash";
