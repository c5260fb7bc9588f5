/** What differs between the two chains, field by field, and which differences are known and why. */
import type * as abci from "cosmjs-types/tendermint/abci/types";
import { definitions } from "#app/assemble.js";
import { toHex } from "#kernel/bytes.js";
import { toJson } from "#proto/json.js";
import type { Codec, MethodInfo } from "#proto/wire.js";

export interface Difference {
  /** where: an operation and a field */
  readonly at: string;
  readonly sdk: string;
  readonly ours: string;
}

export interface Allowed {
  readonly reason: string;
  readonly matches: (d: Difference) => boolean;
}

/** Gas may differ by a quarter: it counts reads and writes of records that are laid out otherwise. */
const GAS_TOLERANCE = 25n;
/** Modules whose exported state both have. */
const STATES = ["auth", "bank", "staking", "distribution", "slashing", "mint", "gov", "authz", "feegrant", "evidence"];

/** Modules of useful work: what they do in a block says nothing of the others. */
const OWN = ["beacon", "workers", "tasks", "matching", "supervision", "work", "evaluation"];
const typesOf = (own: boolean): Set<string> => new Set(definitions.filter((d) => OWN.includes(d.name) === own).flatMap((d) => Object.values(d.events).map((e) => e.type)));
const COMMON_EVENTS = typesOf(false);
const OWN_EVENTS = new Set([...typesOf(true)].filter((type) => !COMMON_EVENTS.has(type)));

/** Accounts of modules have other numbers, since there are other modules, and the SDK makes some when they are first needed. */
function withoutModules(auth: unknown): unknown {
  const { accounts = [], ...rest } = (auth ?? {}) as { readonly accounts?: readonly Record<string, unknown>[] };
  return { ...rest, accounts: accounts.filter((a) => a["@type"] !== "/cosmos.auth.v1beta1.ModuleAccount") };
}

const text = (v: unknown): string => (v === undefined ? "nothing" : JSON.stringify(v, (_, x: unknown) => (typeof x === "bigint" ? `${x}` : x)));

export class Differences {
  readonly found: Difference[] = [];
  readonly known = new Map<string, number>();
  /** fields that were compared */
  compared = 0;

  constructor(private readonly allowed: readonly Allowed[]) {}

  private note(at: string, sdk: unknown, ours: unknown): void {
    this.compared++;
    const [a, b] = [text(sdk), text(ours)];
    if (a === b) return;
    const d = { at, sdk: a, ours: b };
    const rule = this.allowed.find((r) => r.matches(d));
    if (rule) this.known.set(rule.reason, (this.known.get(rule.reason) ?? 0) + 1);
    else this.found.push(d);
  }

  private gas(at: string, sdk: bigint, ours: bigint): void {
    const far = sdk > ours ? sdk - ours : ours - sdk;
    if (far * 100n > sdk * GAS_TOLERANCE) this.note(`${at}: gas used`, sdk, ours);
    else this.compared++;
  }

  /** Without what the SDK tells of nothing: transfers of no coins, and as a block begins commission and rewards of none. */
  private moving(list: readonly abci.Event[]): readonly abci.Event[] {
    const moved = (e: abci.Event): boolean => e.attributes.some((x) => x.key === "mode") || ["coin_spent", "coin_received", "transfer"].includes(e.type);
    const empty = (e: abci.Event | undefined): boolean => e !== undefined && moved(e) && e.attributes.some((x) => x.key === "amount" && x.value === "");
    const kept = list.filter((e, i) => !empty(e) && !(e.type === "message" && list[i - 1]?.type === "transfer" && empty(list[i - 1])));
    const reason = "where nothing is minted, no fees were paid or a share is worth nothing, the SDK tells of transfers, commission and rewards of no coins; this chain seldom does";
    if (kept.length < list.length) this.known.set(reason, (this.known.get(reason) ?? 0) + 1);
    return kept;
  }

  private events(at: string, sdk: readonly abci.Event[], ours: readonly abci.Event[]): void {
    const lines = (list: readonly abci.Event[]) => list.map((e) => `${e.type}{${e.attributes.map((a) => `${a.key}=${a.value}`).join(", ")}}`);
    const [a, b] = [lines(this.moving(sdk)), lines(this.moving(ours.filter((e) => !OWN_EVENTS.has(e.type))))];
    const first = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).find((i) => a[i] !== b[i]);
    if (first === undefined) this.note(`${at}: events`, a.length, b.length);
    else this.note(`${at}: events[${first}]`, a.slice(first, first + 3), b.slice(first, first + 3));
  }

  block(at: string, sdk: abci.ResponseFinalizeBlock, ours: abci.ResponseFinalizeBlock): void {
    this.note(`${at}: results`, sdk.txResults.length, ours.txResults.length);
    sdk.txResults.forEach((a, i) => {
      const b = ours.txResults[i];
      if (!b) return;
      const here = `${at}, tx ${i}`;
      this.note(`${here}: code`, `${a.codespace}/${a.code}`, `${b.codespace}/${b.code}`);
      this.note(`${here}: log`, a.log, b.log);
      this.note(`${here}: data`, toHex(a.data), toHex(b.data));
      this.note(`${here}: gas wanted`, a.gasWanted, b.gasWanted);
      this.gas(here, a.gasUsed, b.gasUsed);
      this.events(here, a.events, b.events);
    });
    this.events(`${at}, begin and end`, sdk.events, ours.events);
    const updates = (r: abci.ResponseFinalizeBlock) => r.validatorUpdates.map((u) => `${toHex(u.pubKey?.ed25519 ?? new Uint8Array(0))}=${u.power}`).sort(); // the engine sorts them too
    this.note(`${at}: validator updates`, updates(sdk), updates(ours));
  }

  check(at: string, a: abci.ResponseCheckTx, b: abci.ResponseCheckTx): void {
    this.note(`${at}, check: code`, `${a.codespace}/${a.code}`, `${b.codespace}/${b.code}`);
    this.note(`${at}, check: log`, a.log, b.log);
    this.gas(`${at}, check`, a.gasUsed, b.gasUsed);
    this.events(`${at}, check`, a.events, b.events);
  }

  query(method: MethodInfo, request: string, a: abci.ResponseQuery, b: abci.ResponseQuery): void {
    const at = `${method.path} ${request}`;
    this.note(`${at}: refusal`, `${a.codespace}/${a.code} ${a.log}`, `${b.codespace}/${b.code} ${b.log}`);
    this.note(`${at}: height`, a.height, b.height);
    if (toHex(a.value) === toHex(b.value)) return this.note(`${at}: value`, 0, 0);
    const codec = method.response as Codec<unknown>;
    const [x, y] = [toJson(codec, codec.decode(a.value)), toJson(codec, codec.decode(b.value))];
    this.deep(`${at}: value`, x, y);
    // What decodes alike must be the same bytes.
    if (text(x) === text(y)) this.note(`${at}: bytes`, toHex(a.value), toHex(b.value));
  }

  states(at: string, sdk: Record<string, unknown>, ours: Record<string, unknown>): void {
    for (const module of STATES) {
      const of = (state: Record<string, unknown>) => (module === "auth" ? withoutModules(state[module]) : state[module]);
      this.deep(`${at}: ${module}`, of(sdk), of(ours));
    }
  }

  private deep(at: string, a: unknown, b: unknown): void {
    if (Array.isArray(a) && Array.isArray(b)) {
      if (a.length !== b.length) this.note(`${at}: length`, a.length, b.length);
      const [x, y] = a.length === b.length ? [a, b] : [a.filter((i) => !b.some((j) => text(i) === text(j))), b.filter((i) => !a.some((j) => text(i) === text(j)))];
      for (let i = 0; i < Math.max(x.length, y.length); i++) this.deep(`${at}[${i}]`, x[i], y[i]);
    } else if (isObject(a) && isObject(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) this.deep(`${at}.${key}`, a[key], b[key]);
    } else this.note(at, a, b);
  }

  /** What a person reads: every unknown difference, and how often each known one was met. */
  report(limit = 60): string {
    const lines = this.found.slice(0, limit).map((d) => `${d.at}\n    sdk:  ${d.sdk}\n    ours: ${d.ours}`);
    const more = this.found.length > limit ? [`… and ${this.found.length - limit} more`] : [];
    const known = [...this.known].map(([reason, n]) => `known, ${n} times: ${reason}`);
    return [...lines, ...more, ...known, `${this.compared} fields compared, ${this.found.length} differ`].join("\n");
  }
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === "object" && v !== null && !Array.isArray(v);
