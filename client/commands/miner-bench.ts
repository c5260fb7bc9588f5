/** `pouwd miner bench` */
import { type Command } from "commander";
import Table from "cli-table3";
import { wantsJson } from "./options.js";

type BenchResult = import("#miner/bench.js").BenchResult;

export function addMinerBench(miner: Command): void {
  miner
    .command("bench")
    .description("what this machine delivers on the reference models, protocol work included, and how many seats that makes")
    .option("--json", "one JSON object")
    .option("-o, --output <form>", "text or json (POUWD_OUTPUT)")
    .action(async (o: { json?: boolean }) => {
      const { bench } = await import("#miner/bench.js");
      const json = o.json || wantsJson(process.argv.slice(2), process.env);
      const result = await bench((what) => json || console.error(`measuring ${what}`));
      console.log(json ? JSON.stringify(result) : text(result));
    });
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

function text(b: BenchResult): string {
  const table = new Table({ head: ["model, batch", "host", "iterations/s", "rows/s", "GFLOP/s", "peak memory", "seats"], style: { head: [], border: [] }, colAligns: ["left", "left", "right", "right", "right", "right", "right"] });
  for (const r of b.rows) table.push([`${r.title}, ${r.batch}`, r.host, r.iterationsPerSecond.toFixed(0), r.samplesPerSecond.toFixed(0), r.gigaflopPerSecond.toFixed(1), mebibytes(r.peakBytes), r.seats]);
  const lines = [
    `${b.cpu}, ${b.cores} cores, Node ${b.node}`,
    ...Object.entries(b.absent).map(([host, why]) => `without ${host} kernels: ${why}`),
    "An iteration has its gradient, map, hashes, header and signature made and ten peers' maps added, on one thread.",
    `A seat is 10 GFLOP/s, which run_ahead and iteration_blocks assume; one core is left for network, log and peers' signatures; each seat in a task of its own takes its peak memory of the ${mebibytes(b.memoryBytes)} that a miner here offers.`,
    b.seats > 0 ? `seats  ${b.seats}  (pouwd miner --max-seats ${b.seats})` : "seats  0  this machine is slower than a slot is taken to be: its groups would wait for it",
  ];
  return `${table.toString()}\n${lines.join("\n")}`;
}
