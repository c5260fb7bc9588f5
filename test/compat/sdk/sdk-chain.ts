/** The Cosmos SDK's chain (simd/): a process that answers ABCI requests line by line. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import * as abci from "cosmjs-types/tendermint/abci/types";

export class SdkChain {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly waiting: { resolve(line: string): void; reject(e: Error): void }[] = [];
  private stderr = "";

  constructor(program: string) {
    this.process = spawn(program, { env: { ...process.env, GOMAXPROCS: "2" } });
    this.process.stderr.on("data", (b: Buffer) => (this.stderr = `${this.stderr}${b}`.slice(-4_000)));
    const fail = (why: string) => this.waiting.splice(0).forEach((w) => w.reject(new Error(`simd ${why}: ${this.stderr}`)));
    this.process.on("error", (e) => fail(e.message));
    this.process.on("exit", (code) => fail(`ended with ${code}`));
    createInterface({ input: this.process.stdout }).on("line", (line) => this.waiting.shift()?.resolve(line));
  }

  private async ask(method: string, data: Uint8Array = new Uint8Array(0)): Promise<Uint8Array> {
    const line = await new Promise<string>((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.process.stdin.write(`${JSON.stringify({ method, data: Buffer.from(data).toString("base64") })}\n`);
    });
    const answer = JSON.parse(line) as { readonly data?: string; readonly error?: string };
    if (answer.error !== undefined) throw new Error(`simd ${method}: ${answer.error}`);
    return Uint8Array.from(Buffer.from(answer.data ?? "", "base64"));
  }

  async initChain(r: abci.RequestInitChain): Promise<abci.ResponseInitChain> {
    return abci.ResponseInitChain.decode(await this.ask("InitChain", abci.RequestInitChain.encode(r).finish()));
  }
  async finalizeBlock(r: abci.RequestFinalizeBlock): Promise<abci.ResponseFinalizeBlock> {
    return abci.ResponseFinalizeBlock.decode(await this.ask("FinalizeBlock", abci.RequestFinalizeBlock.encode(r).finish()));
  }
  async checkTx(r: abci.RequestCheckTx): Promise<abci.ResponseCheckTx> {
    return abci.ResponseCheckTx.decode(await this.ask("CheckTx", abci.RequestCheckTx.encode(r).finish()));
  }
  async query(r: abci.RequestQuery): Promise<abci.ResponseQuery> {
    return abci.ResponseQuery.decode(await this.ask("Query", abci.RequestQuery.encode(r).finish()));
  }
  /** app_state as the chain exports it */
  async exported(): Promise<Record<string, unknown>> {
    return JSON.parse(Buffer.from(await this.ask("Export")).toString()) as Record<string, unknown>;
  }
  stop(): void {
    this.process.stdin.end();
  }
}
