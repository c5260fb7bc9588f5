/**
 * Deliberate misbehaviour, for tests of the defences on a real network: ports of the miner that are not what they should be
 * (faulty-ports.ts). Nothing of it is reachable unless the process was started with POUWD_TEST_BUILD=1 and names one in
 * POUWD_FAULT.
 *
 *   alter-map          changes one entry of a map after the residual was computed
 *   claim-unrun        sends an iteration that was never run: an empty map under a made-up residual
 *   equivocate         signs a second header with another map at one seq and gives it to the supervisors that the next slot reads from
 *   withhold-residual  answers no request for evidence
 *   break-lag          names a clock that is older than the lag rule allows
 */
import { nodeCrypto } from "#platform/crypto.js";
import { type IterateInput, iterate, type Iterated } from "#protocol/state/iterate.js";
import { chainDigest } from "#protocol/state/digest.js";
import { Header } from "#proto/gen/pouw/v1/iteration.js";
import { encodeHeader, HEADER_VERSION, headerHash } from "#protocol/log/header.js";
import { mapHash } from "#protocol/state/map.js";
import { residualInterval, roundOf } from "#protocol/log/positions.js";

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

/** equivocate: the other side of the fork. */
export interface Fork {
  readonly header: Uint8Array;
  readonly map: Uint8Array;
}
/** An own iteration as the faulty compute thread tells it. */
export interface Forked {
  readonly second?: Fork;
}

/** Whether a supervisor is shown the other side: the two that the miner of the next slot reads from (protocol section 6). */
export function seesFork(hub: number, slot: number, slots: number, supervisors: number): boolean {
  const first = ((slot + 1) % slots) % supervisors;
  return hub === first || hub === (first + 1) % supervisors;
}

/** From which seq on a miner misbehaves: late enough that honest work is anchored before. */
export const FAULT_FROM = 12n;

/** break-lag: a clock older than the rule allows, though not older than the slot's own header before. */
export function olderClock(clock: readonly bigint[], own: number, before: readonly bigint[], lag: number): bigint[] {
  return clock.map((c, slot) => {
    if (slot === own) return c;
    const older = c - BigInt(lag) - 1n;
    const floor = before[slot] ?? 0n;
    return older > floor ? older : floor;
  });
}

/** An iteration with the fault in it; whatever the fault does not touch is as it should be. */
export function misbehave(fault: Fault, input: IterateInput): Iterated & Forked {
  if (fault === "claim-unrun") return unrun(input);
  const honest = iterate(input);
  if (fault === "alter-map") return rebuilt(input, honest, altered(honest.map));
  if (fault !== "equivocate") return honest;
  const fork = rebuilt(input, honest, altered(honest.map));
  return { ...honest, second: { header: fork.headerBytes, map: fork.map } };
}

/** The sign of the first of eight entries turned; where there is none, entry 0 added. Canonical for levels = 1. */
function altered(map: Uint8Array): Uint8Array {
  if (map.length === 1) return Uint8Array.of(1, 0, 0);
  const out = map.slice();
  const last = out.length - 1;
  out[last] = (out[last] as number) ^ 1;
  return out;
}

function rebuilt(input: IterateInput, honest: Iterated, map: Uint8Array): Iterated {
  const digest = chainDigest(nodeCrypto, input.replica.chainDigestAt(input.slot, input.seq - 1n) as Uint8Array, mapHash(nodeCrypto, map));
  const modelDigest = input.replica.digestAt(input.replica.clock, { slot: input.slot, chainDigest: digest }) as Uint8Array;
  const header = { ...honest.header, mapHash: mapHash(nodeCrypto, map), chainDigest: digest, modelDigest };
  const headerBytes = encodeHeader(header);
  return { header, headerBytes, headerHash: headerHash(nodeCrypto, headerBytes), map, residual: honest.residual };
}

/** A header that was made up without any work, around an empty map and a residual of nothing. */
function unrun(input: IterateInput): Iterated {
  const { replica, slot, seq } = input;
  const parameters = replica.engine.plan.parameters;
  const map = new Uint8Array(input.spec.quanta.length);
  const residual = seq % residualInterval(parameters, input.spec.profile) === 0n ? new Uint8Array(replica.engine.residual(slot).byteLength) : undefined;
  const digest = chainDigest(nodeCrypto, replica.chainDigestAt(slot, seq - 1n) as Uint8Array, mapHash(nodeCrypto, map));
  const header = Header.create({
    version: HEADER_VERSION,
    chainId: input.chainId,
    taskId: input.taskId,
    slot,
    seq,
    prev: input.prev,
    round: roundOf(seq),
    height: input.height,
    clock: [...input.clock],
    batchHash: input.batchHash,
    mapHash: mapHash(nodeCrypto, map),
    chainDigest: digest,
    modelDigest: replica.digestAt(replica.clock, { slot, chainDigest: digest }) as Uint8Array,
    logRoot: replica.logRoot(slot, seq - 1n),
    residualHash: residual ? nodeCrypto.sha256(residual) : new Uint8Array(0),
    loss: 500_000,
    accuracy: 900_000,
  });
  const headerBytes = encodeHeader(header);
  return { header, headerBytes, headerHash: headerHash(nodeCrypto, headerBytes), map, residual };
}
