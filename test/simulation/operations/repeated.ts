/** What was sent before is sent again, or in another's name: mostly refused by then. */
import type { Operations, Simulation } from "../simulation.js";

const MESSAGES_OF_GOVERNANCE = /MsgUpdateParams$/;

function again(s: Simulation): void {
  const m = s.random.some(s.recent);
  if (m && !MESSAGES_OF_GOVERNANCE.test(m.typeUrl)) s.sendEncoded(m);
}

export const repeated: Operations = [[6, again]];
