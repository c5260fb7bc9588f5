/**
 * Parameters as a person writes them in genesis: names of the .proto, whole numbers as decimal strings (or JSON numbers
 * for the 32-bit ones), bytes in hexadecimal. What is left out takes its default.
 */
import { fromHex, toHex } from "#kernel/bytes.js";
import { Params } from "#proto/gen/pouw.js";
import { paramsErrors } from "./errors.js";

const MAX: Readonly<Record<string, bigint>> = { uint32: 0xffffffffn, uint64: 0xffffffffffffffffn };

export function paramsFromJson(json: unknown, defaults: Params): Params {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw paramsErrors.invalid("params: want an object of names and values");
  const out = { ...defaults } as unknown as Record<string, unknown>;
  const known = new Map(Params.fields.map((f) => [f.proto, f]));
  for (const [name, value] of Object.entries(json)) {
    const field = known.get(name);
    if (!field) throw paramsErrors.invalid(`params.${name} is not a parameter of this chain`);
    out[field.name] = parse(name, field.type, value);
  }
  return checkParams(out as unknown as Params);
}

export function paramsToJson(params: Params): Record<string, string | number> {
  const values = params as unknown as Record<string, unknown>;
  const out: Record<string, string | number> = {};
  for (const f of Params.fields) {
    const v = values[f.name];
    out[f.proto] = v instanceof Uint8Array ? toHex(v) : typeof v === "bigint" ? `${v}` : (v as string | number);
  }
  return out;
}

function parse(name: string, type: string, value: unknown): unknown {
  const got = JSON.stringify(value) ?? "nothing";
  if (type === "string") {
    if (typeof value !== "string") throw paramsErrors.invalid(`params.${name}: got ${got}, want a string`);
    return value;
  }
  if (type === "bytes") {
    if (typeof value !== "string" || value.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(value)) throw paramsErrors.invalid(`params.${name}: got ${got}, want hexadecimal bytes`);
    return fromHex(value);
  }
  const max = MAX[type] as bigint;
  const text = typeof value === "number" ? `${value}` : value;
  if (typeof text !== "string" || !/^[0-9]{1,20}$/.test(text) || BigInt(text) > max) throw paramsErrors.invalid(`params.${name}: got ${got}, want a whole number from 0 to ${max}`);
  return type === "uint32" ? Number(text) : BigInt(text);
}

const SHARES = [
  "slashNoShow",
  "slashStall",
  "slashUnavailable",
  "slashResidual",
  "slashInvalid",
  "slashEquivocation",
  "slashEvaluator",
  "minersShare",
  "supervisorsShare",
  "evaluatorsShare",
  "verifiersShare",
  "rankShare",
  "verifiersCut",
  "equivocationBounty",
  "burnShare",
  "clientBond",
  "auditPpm",
  "auditDeposit",
] as const;

/** Blocks or counts that must not be zero: a zero would divide, or end what it bounds at once. */
const POSITIVE = [
  "anchorInterval",
  "stallBlocks",
  "supervisorStallBlocks",
  "drawDelay",
  "claimWindow",
  "verdictWindow",
  "evidenceTimeout",
  "targetSpacingMs",
  "retargetClaims",
  "halvingInterval",
  "minFlop",
  "minSeatStake",
  "minTaskFee",
  "unbondBlocks",
  "seatUnlockBlocks",
  "registrationBlocks",
  "joinBlocks",
  "submissionBlocks",
  "revealKeyBlocks",
  "commitBlocks",
  "revealScoresBlocks",
  "maxParameters",
] as const;

/** Answers the parameters; throws params/2 with the name of what is out of range. */
export function checkParams(p: Params): Params {
  const bad = (field: string, got: unknown, want: string) => {
    const proto = Params.fields.find((f) => f.name === field)?.proto ?? field;
    return paramsErrors.invalid(`params.${proto}: got ${got instanceof Uint8Array ? `${got.length} bytes` : `${got as string}`}, want ${want}`);
  };
  if (!/^[a-z][a-z0-9]{2,31}$/.test(p.denom)) throw bad("denom", p.denom, "3 to 32 of a–z and 0–9");
  for (const s of SHARES) if (p[s] > 1_000_000) throw bad(s, p[s], "parts per million, at most 1000000");
  for (const n of POSITIVE) if (p[n] === 0n) throw bad(n, 0, "at least 1");
  const parts = p.minersShare + p.supervisorsShare + p.evaluatorsShare + p.verifiersShare;
  if (parts !== 1_000_000) throw bad("minersShare", `shares that sum to ${parts}`, "shares that sum to 1000000");
  if (p.maxOpenJobs === 0) throw bad("maxOpenJobs", 0, "at least 1");
  if (p.maxSlots < 1 || p.maxSlots > 1024) throw bad("maxSlots", p.maxSlots, "1 to 1024");
  if (p.maxSupervisors < 1 || p.maxSupervisors > 31 || p.maxSupervisors % 2 === 0) throw bad("maxSupervisors", p.maxSupervisors, "an odd number from 1 to 31");
  if (p.minEvaluators < 1 || p.minEvaluators % 2 === 0) throw bad("minEvaluators", p.minEvaluators, "an odd number from 1");
  if (p.maxEvaluators < p.minEvaluators || p.maxEvaluators > 31 || p.maxEvaluators % 2 === 0) throw bad("maxEvaluators", p.maxEvaluators, `an odd number from ${p.minEvaluators} to 31`);
  if (p.maxParameters > 1n << 26n) throw bad("maxParameters", p.maxParameters, "at most 67108864");
  if (p.target0.length !== 32 || p.target0.every((b) => b === 0)) throw bad("target0", p.target0, "32 bytes above zero");
  return p;
}
