/** The clients of @cosmjs/stargate and @cosmjs/tendermint-rpc for one chain, and which of their methods were called. */
import { Secp256k1Wallet } from "@cosmjs/amino";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import {
  AminoTypes, createDefaultAminoConverters, GasPrice, QueryClient, setupAuthExtension, setupAuthzExtension, setupBankExtension, setupDistributionExtension, setupFeegrantExtension, setupGovExtension, setupIbcExtension,
  setupMintExtension, setupSlashingExtension, setupStakingExtension, setupTxExtension, SigningStargateClient, StargateClient,
} from "@cosmjs/stargate";
import { Comet38Client } from "@cosmjs/tendermint-rpc";
import type { Setting } from "#test/compat/sdk/genesis.js";
import { keyOf } from "#test/compat/sdk/signer.js";

const makeQuery = (comet: Comet38Client) =>
  QueryClient.withExtensions(
    comet, setupAuthExtension, setupAuthzExtension, setupBankExtension, setupDistributionExtension, setupFeegrantExtension, setupGovExtension, setupIbcExtension, setupMintExtension, setupSlashingExtension,
    setupStakingExtension,
  );
// `withExtensions` takes ten at once at most.
const makeTx = (comet: Comet38Client) => QueryClient.withExtensions(comet, setupTxExtension);

export interface Clients {
  /** of accounts that sign in either mode, by the name of their key */
  direct(name: string): Promise<SigningStargateClient>;
  amino(name: string): Promise<SigningStargateClient>;
  readonly stargate: StargateClient;
  readonly query: ReturnType<typeof makeQuery> & ReturnType<typeof makeTx>;
  readonly comet: Comet38Client;
  /** over a web socket of its own */
  socket(): Promise<Comet38Client>;
  disconnect(): void;
}

/** Inner workings that their types call private or protected, and what only takes a client apart. */
const HIDDEN = new Set(["constructor", "getCometClient", "forceGetCometClient", "getQueryClient", "forceGetQueryClient", "txsQuery", "signDirect", "signAmino", "disconnect", "doCall", "subscribe", "calculateFeeForTransaction", "queryAbci", "queryStoreVerified", "queryRawProof", "queryVerified", "queryUnverified", "getNextHeader"]);

/** `called` hears of each method that is used. */
export async function connect(rpc: string, { face }: Setting, called: (method: string) => void): Promise<Clients> {
  const comet = await Comet38Client.connect(rpc);
  const open: { disconnect(): void }[] = [comet];
  const kept = <T extends { disconnect(): void }>(client: T): T => {
    open.push(client);
    return client;
  };
  const options = { gasPrice: GasPrice.fromString(`0.01${face.fee}`), broadcastPollIntervalMs: 200, broadcastTimeoutMs: 30_000, aminoTypes: new AminoTypes(createDefaultAminoConverters()) };
  const signing = async (wallet: DirectSecp256k1Wallet | Secp256k1Wallet) => watched(kept(await SigningStargateClient.connectWithSigner(rpc, wallet, options)), "signing", called);
  const query = Object.assign(makeQuery(comet), makeTx(comet));
  return {
    direct: async (name) => signing(await DirectSecp256k1Wallet.fromKey(keyOf(name), face.prefix)),
    amino: async (name) => signing(await Secp256k1Wallet.fromKey(keyOf(name), face.prefix)),
    stargate: watched(kept(await StargateClient.connect(rpc)), "stargate", called),
    query: watched(query, "query", called),
    comet: watched(comet, "comet", called),
    async socket() {
      return watched(kept(await Comet38Client.connect(rpc.replace("http:", "ws:"))), "comet", called);
    },
    disconnect() {
      for (const client of open) client.disconnect();
    },
  };
}

/** The methods of all clients, as `called` names them. */
export function methodsOf({ query }: Clients): string[] {
  const own = (at: string, type: { readonly prototype: object }) => Object.getOwnPropertyNames(type.prototype).filter((m) => !HIDDEN.has(m)).map((m) => `${at}.${m}`);
  const nested = (at: string, value: object): string[] =>
    Object.entries(value).flatMap(([name, v]) => (typeof v === "function" ? [`${at}.${name}`] : typeof v === "object" && v !== null && !name.startsWith("cometClient") ? nested(`${at}.${name}`, v as object) : []));
  return [...own("signing", SigningStargateClient), ...own("stargate", StargateClient), ...own("comet", Comet38Client), ...nested("query", query)].sort();
}

function watched<T extends object>(target: T, at: string, called: (method: string) => void): T {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(target, name, target) as unknown;
      const here = `${at}.${String(name)}`;
      if (typeof value === "function") {
        return (...args: unknown[]) => {
          called(here);
          return (value as (...a: unknown[]) => unknown).apply(target, args);
        };
      }
      return typeof value === "object" && value !== null && at.startsWith("query") ? watched(value, here, called) : value;
    },
  });
}
