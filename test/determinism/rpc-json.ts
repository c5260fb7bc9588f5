/** The parts of CometBFT's JSON that a recording needs, and its ways to write bytes and times. */

export interface ValidatorJson {
  readonly address: string;
  readonly pub_key: { readonly value: string };
  readonly voting_power: string;
}
export interface ValidatorsAnswer {
  readonly validators: readonly ValidatorJson[];
  readonly total: string;
}

export interface GenesisAnswer {
  readonly genesis: {
    readonly genesis_time: string;
    readonly chain_id: string;
    readonly initial_height: string;
    readonly consensus_params: {
      readonly block: { readonly max_bytes: string; readonly max_gas: string };
      readonly evidence: { readonly max_age_num_blocks: string; readonly max_age_duration: string; readonly max_bytes: string };
      readonly validator: { readonly pub_key_types: string[] };
      readonly version?: { readonly app?: string };
      readonly abci?: { readonly vote_extensions_enable_height?: string };
    };
    readonly app_state: unknown;
  };
}

export interface Evidence {
  readonly type: string;
  readonly value: {
    readonly vote_a: { readonly height: string; readonly validator_address: string };
    readonly TotalVotingPower: string;
    readonly ValidatorPower: string;
    readonly Timestamp: string;
  };
}

export interface BlockAnswer {
  readonly block_id: { readonly hash: string };
  readonly block: {
    readonly header: {
      readonly height: string;
      readonly time: string;
      readonly next_validators_hash: string;
      readonly proposer_address: string;
      /** the state after the block before this one */
      readonly app_hash: string;
    };
    readonly data: { readonly txs: string[] | null };
    readonly evidence: { readonly evidence: readonly Evidence[] };
    readonly last_commit: { readonly round: number; readonly signatures: readonly { readonly block_id_flag: number; readonly validator_address: string }[] };
  };
}

export interface ResultsAnswer {
  readonly height: string;
  readonly txs_results: readonly { readonly code: number; readonly data: string | null; readonly gas_wanted: string; readonly gas_used: string }[] | null;
  readonly validator_updates: readonly { readonly pub_key: { readonly Sum: { readonly value: { readonly ed25519: string } } }; readonly power?: string }[] | null;
  readonly consensus_param_updates: unknown;
}

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
export const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

const NANOS_A_SECOND = 1_000_000_000n;

/** Nanoseconds as text. */
export function duration(text: string): { seconds: bigint; nanos: number } {
  const all = BigInt(text);
  return { seconds: all / NANOS_A_SECOND, nanos: Number(all % NANOS_A_SECOND) };
}

/** RFC 3339 in UTC with up to nine decimals: `Date` knows only three. */
export function timestamp(text: string): { seconds: bigint; nanos: number } {
  const [, whole, decimals = ""] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text) ?? [];
  if (whole === undefined) throw new Error(`time ${JSON.stringify(text)}: want RFC 3339 in UTC`);
  return { seconds: BigInt(Date.parse(`${whole}Z`)) / 1000n, nanos: Number(decimals.padEnd(9, "0")) };
}
