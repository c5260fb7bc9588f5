/**
 * How a validator stands, and what its operator does next: one line. Nothing is asked here; facts.ts has asked the chain.
 */

export interface ValidatorFacts {
  /** of the node that was asked */
  readonly height: bigint;
  /** it still fetches blocks, so what it says is old */
  readonly catchingUp: boolean;
  /** time of the newest block */
  readonly nowMs: number;
  /** by the clock of this machine, when the node was asked */
  readonly askedMs: number;
  /** absent: there is none */
  readonly validator?: {
    readonly moniker: string;
    /** bech32, as an operator is written */
    readonly operator: string;
    readonly status: "bonded" | "unbonding" | "unbonded";
    readonly jailed: boolean;
    /** base units */
    readonly tokens: bigint;
    readonly ownStake: bigint;
    readonly minSelfDelegation: bigint;
  };
  /** hexadecimal; absent: none */
  readonly beacon?: { readonly key?: string; readonly next?: { readonly key: string; readonly height: bigint } };
  readonly signing?: { readonly missed: bigint; readonly jailedUntilMs: number; readonly tombstoned: boolean };
  readonly window: { readonly blocks: bigint; /** more than so many missed ones: jail */ readonly mayMiss: bigint };
  /** base units of one unit of power, and of the weakest of a full set */
  readonly leastStake: bigint;
  /** of the keys in this home; absent: there are none */
  readonly home?: { readonly consensusKeyIsValidators: boolean; readonly beaconKey: string };
  /** name of the operator's key, where the keyring has it */
  readonly from: string;
}

/** A few blocks' time: a chain whose newest block is older makes none. */
const STANDS_MS = 20_000;

/** What to do next, one sentence that is a command where there is one. */
export function nextStep(f: ValidatorFacts): string {
  const { validator: v, beacon, signing, home, from } = f;
  const signed = `--from ${from}`;
  const stands = f.askedMs - f.nowMs > STANDS_MS ? `no block was made since ${f.height}, which is of ${iso(f.nowMs)}: see that validators with more than two thirds of the stake run and reach each other (node.log, engine.log)` : undefined;
  if (f.catchingUp) return `wait: the node still fetches blocks, it is at ${f.height}`;
  if (!v) return `make the validator: pouwd tx staking create-validator AMOUNT ${signed}`;
  if (home && !home.consensusKeyIsValidators) return "this home's consensus key is not the validator's: restore config/priv_validator_key.json, or give --home of the one that has it";
  if (signing?.tombstoned) return "it signed two blocks of one height and never signs again: take the stake back (pouwd tx staking unbond), and begin anew with another key and another operator";
  if (v.jailed && v.ownStake === 0n) return `nothing: its own stake is taken back, so it has left and its node may be stopped; to come back: pouwd tx staking delegate ${v.operator} AMOUNT ${signed}, then pouwd tx slashing unjail ${signed}`;
  if (v.jailed) {
    if (signing && f.nowMs < signing.jailedUntilMs) return `mend what kept it from signing, and wait until ${iso(signing.jailedUntilMs)}; then: pouwd tx slashing unjail ${signed}`;
    if (v.ownStake < v.minSelfDelegation) return `its own stake is ${v.ownStake}, less than the ${v.minSelfDelegation} that it promised: pouwd tx staking delegate ${v.operator} AMOUNT ${signed}, then pouwd tx slashing unjail ${signed}`;
    return `let it sign again: pouwd tx slashing unjail ${signed}`;
  }
  if (!beacon?.key && !beacon?.next) return `register its beacon key, without which it signs nothing: pouwd tx beacon register-beacon-key ${signed}`;
  if (home && ![beacon.key, beacon.next?.key].includes(home.beaconKey)) return `this home's beacon key is not the registered one, so its proposals are refused: restore config/beacon_key.json, or pouwd tx beacon register-beacon-key ${signed}`;
  if (!beacon.key && beacon.next) return stands ?? `wait: its beacon key is effective from block ${beacon.next.height} on, and the node is at ${f.height}`;
  if (v.status !== "bonded") {
    if (v.tokens < f.leastStake) return `its stake is ${v.tokens} base units, and ${f.leastStake} are needed to sign: pouwd tx staking delegate ${v.operator} AMOUNT ${signed}`;
    return stands ?? "wait: it is bonded with the next block";
  }
  if (stands) return stands;
  if (signing && signing.missed > 0n && signing.missed * 2n > f.window.mayMiss) return `it has missed ${signing.missed} of the last ${f.window.blocks} blocks, and more than ${f.window.mayMiss} are jail: look whether its node runs (node.log, engine.log)`;
  return "nothing: it signs";
}

export const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
