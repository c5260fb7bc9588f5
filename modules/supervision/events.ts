/** What `supervision` tells of anchors, of slots and of who answers for the log. */
import { defineEvent } from "#kernel/events.js";

export const supervisionEvents = {
  dataConfirmed: defineEvent("data_confirmed", "task", "supervisor", "seat"),
  anchorLog: defineEvent("anchor_log", "task", "supervisor", "heads", "seen"),
  /** a seat attested two hashes for one sequence number; `supervisor` is the seat */
  attestationConflict: defineEvent("attestation_conflict", "task", "slot", "seq", "supervisor", "first", "second"),
  headAnchored: defineEvent("head_anchored", "task", "slot", "seq", "hash", "from"),
  supervisorDropped: defineEvent("supervisor_dropped", "task", "supervisor", "seat", "since", "slashed"),
  closedLate: defineEvent("slot_closed", "task", "slot", "reason", "seq", "height", "slashed"),
  closedForFault: defineEvent("slot_closed", "task", "slot", "reason", "seq", "height"),
  auditRequested: defineEvent("audit_requested", "task", "slot", "seq", "supervisor", "deposit", "job"),
  equivocation: defineEvent("equivocation", "task", "slot", "seq", "miner", "reporter", "slashed"),
};
