/** This chain: the real application over a real store in a folder of its own, without the engine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import blst from "@chainsafe/blst";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { exportState } from "#app/app-state.js";
import { Application } from "#app/application.js";
import { assemble } from "#app/assemble.js";
import { headerOf, readHead } from "#app/block/head.js";
import { faultsFrom } from "#app/faults.js";
import { answeredHere } from "#app/query/here.js";
import { type MultiStore, openMultiStore } from "#app/store/index.js";
import { viewOf } from "#app/tx/context.js";
import { nodeCrypto } from "#platform/crypto.js";
import { beaconSecretOf } from "#test/chain/keys.js";
import { environment } from "./genesis.js";

export class OurChain {
  private constructor(
    private readonly dir: string,
    private readonly modules: ReturnType<typeof assemble>,
    private readonly store: MultiStore,
    private readonly app: Application,
  ) {}

  /** `proposer`: the number of the validator that proposes every block. */
  static async make(proposer: number): Promise<OurChain> {
    const dir = mkdtempSync(join(tmpdir(), "pouwd-sdk-"));
    const modules = assemble();
    const store = await openMultiStore(dir, { names: modules.stores, keepVersions: 100 });
    const beacon = blst.SecretKey.fromBytes(beaconSecretOf(nodeCrypto, `validator ${proposer}`));
    const app = new Application({
      store, modules,
      crypto: nodeCrypto,
      signBeacon: (m) => Uint8Array.from(beacon.sign(m).toBytes()),
      extension: () => new Uint8Array(0),
      committed: () => {},
      query: answeredHere(),
      minGasPricePerMillion: 0n,
      faults: faultsFrom({}, () => {}),
      unexpected: (e) => console.error("a transaction met an error without a code:", e),
    });
    return new OurChain(dir, modules, store, app);
  }

  initChain = (r: abci.RequestInitChain): abci.ResponseInitChain => this.app.initChain(r);

  /** The block with transaction 0 before the others; answers without its result. */
  async finalizeBlock(r: abci.RequestFinalizeBlock): Promise<abci.ResponseFinalizeBlock> {
    const votes = (r.decidedLastCommit?.votes ?? []).map((v) => ({ ...v, voteExtension: new Uint8Array(0), extensionSignature: new Uint8Array(0) }));
    const first = this.app.prepareProposal(abci.RequestPrepareProposal.fromPartial({ height: r.height, txs: [], maxTxBytes: 1_000_000n, proposerAddress: r.proposerAddress, localLastCommit: { round: 0, votes } })).txs;
    const done = this.app.finalizeBlock({ ...r, txs: [...first, ...r.txs] });
    await this.app.commit();
    return { ...done, txResults: done.txResults.slice(first.length) };
  }

  checkTx = (r: abci.RequestCheckTx): abci.ResponseCheckTx => this.app.checkTx(r);
  query = (r: abci.RequestQuery): abci.ResponseQuery => this.app.query(r) as abci.ResponseQuery;

  account(address: string): { readonly accountNumber: bigint; readonly sequence: bigint } | undefined {
    return this.modules.keepers.auth.get(viewOf(environment, this.store.latest()), address);
  }

  /** app_state as the chain exports it */
  exported(): Record<string, unknown> {
    const head = readHead(this.store.latest());
    if (!head) throw new Error("the chain has no block yet");
    return exportState({ ...viewOf(environment, this.store.latest()), block: headerOf(head) }, this.modules.modules);
  }

  async stop(): Promise<void> {
    await this.store.close();
    rmSync(this.dir, { recursive: true });
  }
}
