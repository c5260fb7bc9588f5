/**
 * Deliberate misbehaviour, for tests of the defences on a real network. Nothing of it is reachable unless the process was
 * started with POUWD_TEST_BUILD=1 and names one in POUWD_FAULT.
 *
 *   alter-map          changes one entry of a map after the residual was computed
 *   claim-unrun        sends an iteration that was never run: an empty map under a made-up residual
 *   equivocate         signs a second header at one seq and gives it to one supervisor
 *   withhold-residual  answers no request for evidence
 *   break-lag          names a clock that is older than the lag rule allows
 */
export const FAULTS = ["alter-map", "claim-unrun", "equivocate", "withhold-residual", "break-lag"] as const;
export type Fault = (typeof FAULTS)[number];

/** The fault asked for, or undefined. Throws on a fault without the test build and on an unknown one. */
export function faultFromEnvironment(env: Readonly<Record<string, string | undefined>>): Fault | undefined {
  const name = env["POUWD_FAULT"];
  if (name === undefined || name === "") return undefined;
  if (env["POUWD_TEST_BUILD"] !== "1") throw new Error("POUWD_FAULT is set without POUWD_TEST_BUILD=1: a miner does not misbehave outside a test");
  if (!(FAULTS as readonly string[]).includes(name)) throw new Error(`POUWD_FAULT is ${JSON.stringify(name)}, want one of ${FAULTS.join(", ")}`);
  return name as Fault;
}

/** From which seq on a miner misbehaves: late enough that honest work is anchored before. */
export const FAULT_FROM = 12n;
