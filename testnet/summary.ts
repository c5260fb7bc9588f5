/** What the demo prints at its end, and where each figure comes from. */

export interface Summary {
  readonly chainId: string;
  readonly height: number;
  /** from the first process started to the summary */
  readonly seconds: number;
  readonly setupSeconds: number;
  readonly task: {
    readonly id: number;
    readonly accuracy: number;
    readonly iterations: number;
    /** null: it revealed no score of the best model */
    readonly evaluators: readonly { readonly address: string; readonly accuracy: number | null }[];
  };
  readonly claims: { readonly submitted: number; readonly accepted: number; readonly rejected: number };
  readonly verdicts: { readonly valid: number; readonly invalid: number; readonly void: number; readonly noResidual: number; readonly unserved: number };
  readonly audits: { readonly drawn: number; readonly valid: number };
  /** base units, decimal */
  readonly supply: { readonly before: string; readonly minted: string; readonly burned: string; readonly after: string };
  readonly appHashes: { readonly height: number; readonly byValidator: Readonly<Record<string, string>> };
  readonly payouts: readonly { readonly address: string; readonly role: string; readonly amount: string }[];
  readonly stakesReleased: boolean;
  /** folder of the LayersModel */
  readonly model: string;
  /** path of testnet.json */
  readonly testnet: string;
}

/** A reason why the demo did not show what it should, or undefined. */
export function shortcoming(s: Summary): string | undefined {
  const { before, minted, burned, after } = s.supply;
  if (BigInt(before) + BigInt(minted) - BigInt(burned) !== BigInt(after)) {
    return `supply: ${before} + ${minted} − ${burned} is not ${after}`;
  }
  if (new Set(Object.values(s.appHashes.byValidator)).size !== 1) return `the validators' app hashes differ at height ${s.appHashes.height}`;
  if (!s.stakesReleased) return "a worker's stake is smaller than at the start, or still locked";
  if (s.audits.valid !== s.audits.drawn) return `${s.audits.drawn - s.audits.valid} of ${s.audits.drawn} audits were not VALID`;
  if (s.task.evaluators.some((e) => e.accuracy !== s.task.accuracy)) return "the evaluators do not agree";
  return undefined;
}

/** The summary for a person. */
export function render(s: Summary, unit: (base: string) => string): string {
  const line = (name: string, text: string) => `  ${name.padEnd(14)}${text}`;
  return [
    "",
    `Task ${s.task.id} is done: test accuracy ${(100 * s.task.accuracy).toFixed(2)} %, ${s.task.evaluators.length} evaluators agree`,
    line("iterations", `${s.task.iterations}`),
    line("claims", `${s.claims.submitted} submitted, ${s.claims.accepted} paid, ${s.claims.rejected} not`),
    line("audits", `${s.audits.drawn} drawn, ${s.audits.valid} VALID`),
    line("verdicts", `${s.verdicts.valid} VALID, ${s.verdicts.invalid} INVALID, ${s.verdicts.void} VOID, ${s.verdicts.noResidual} NO_RESIDUAL, ${s.verdicts.unserved} UNSERVED`),
    line("supply", `${unit(s.supply.before)} + ${unit(s.supply.minted)} minted − ${unit(s.supply.burned)} burned = ${unit(s.supply.after)}`),
    line("stakes", s.stakesReleased ? "all released" : "NOT all released"),
    line("app hash", `${Object.values(s.appHashes.byValidator)[0]} on ${Object.keys(s.appHashes.byValidator).length} validators at height ${s.appHashes.height}`),
    line("paid", ""),
    ...s.payouts.map((p) => `    ${p.role.padEnd(12)}${p.address}  ${unit(p.amount)}`),
    line("model", s.model),
    line("network", s.testnet),
    line("time", `${s.setupSeconds} s set-up, ${s.seconds.toFixed(0)} s`),
    "",
  ].join("\n");
}
