/** `pouwd train` */
import { type Command } from "commander";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pc from "picocolors";
import { fromHex, toHex, utf8 } from "#kernel/bytes.js";
import { nodeCrypto } from "#platform/crypto.js";
import { CliError } from "../cli-error.js";
import { Context, type GlobalOptions } from "../context.js";
import { lossText } from "../task/figures.js";
import { type Progress, trainLocally, type Validation } from "../task/local.js";
import { writeModel } from "../task/result.js";
import { readTaskFile } from "../task/task-file.js";

const BAR = 30;
const BEACON = toHex(nodeCrypto.sha256(utf8("pouwd train --local")));

export function addTrain(program: Command, options: (c: Command) => GlobalOptions): void {
  program
    .command("train")
    .description("train a task's model on this machine alone: the iterations of a whole group, in one process")
    .argument("<file>", "task file, YAML")
    .option("--local", "required: `pouwd task submit` trains on the network")
    .option("--out <dir>", "write the model as a LayersModel")
    .option("--beacon <hex>", "32 bytes that first weights and the order of batches are drawn from", BEACON)
    .action(async (path: string, o: { local?: boolean; out?: string; beacon: string }, c: Command) => {
      const context = new Context(options(c));
      if (!o.local) throw new CliError("usage", "train wants --local; `pouwd task submit` trains on the network.");
      if (!/^[0-9a-fA-F]{64}$/.test(o.beacon)) throw new CliError("usage", `--beacon is ${JSON.stringify(o.beacon.slice(0, 70))}, want 64 hexadecimal digits.`);
      const file = readTaskFile(path);
      for (const note of file.notes) console.error(`note: ${note}`);
      const result = await trainLocally(file, { chainId: "local", taskId: 1n, beacon: fromHex(o.beacon), progress: progressTo(process.stderr), note: (text) => console.error(`note: ${text}`) });
      if (o.out) writeModel(o.out, file.spec.topology, result.weights);
      if (o.out && result.vocabulary) writeFileSync(join(o.out, "vocabulary.json"), `${JSON.stringify(result.vocabulary)}\n`);
      const { iterations, seconds, modelDigest, validation, score, accuracy, host } = result;
      const rate = iterations / seconds;
      const told = { iterations, seconds: Number(seconds.toFixed(3)), iterationsPerSecond: Number(rate.toFixed(1)), host, modelDigest: toHex(modelDigest), ...(validation ? { validation } : {}), score, ...(accuracy === undefined ? {} : { accuracy }), ...(o.out ? { model: o.out } : {}) };
      context.print(told, () =>
        [
          `${iterations} iterations of ${file.spec.slots} slots in ${seconds.toFixed(1)} s (${rate.toFixed(0)} a second, ${host} kernels)`,
          ...(validation ? [`validation      ${figures(validation)}, ${validation.rows} rows`] : []),
          accuracy === undefined ? `test score      ${score}` : `test accuracy   ${(100 * accuracy).toFixed(2)} %`,
          `model digest    ${toHex(modelDigest)}`,
          ...(o.out ? [`model           ${o.out}`] : []),
        ].join("\n"),
      );
    });
}

const figures = ({ loss, accuracy }: Validation): string => `loss ${lossText(loss)}${accuracy === undefined ? "" : `, accuracy ${(100 * accuracy).toFixed(2)} %`}`;

/** A bar that moves on a terminal, ten lines elsewhere. */
function progressTo(out: NodeJS.WriteStream): (p: Progress) => void {
  let tenth = 0;
  let shown = 0;
  let smooth: number | undefined;
  return ({ done, of, loss, nulls, validation }) => {
    // after a round that was null as a whole the mean begins anew
    smooth = !Number.isFinite(loss) ? undefined : smooth === undefined ? loss : smooth * 0.9 + loss * 0.1;
    const text = `${done}/${of}  loss ${lossText(smooth ?? loss)}${smooth !== undefined && nulls > 0 ? `, ${nulls} of the last round's not finite` : ""}${validation ? `  validation ${figures(validation)}` : ""}`;
    if (!out.isTTY) {
      if (Math.floor((10 * done) / of) > tenth) {
        tenth = Math.floor((10 * done) / of);
        out.write(`${text}\n`);
      }
      return;
    }
    if (done < of && performance.now() - shown < 50) return;
    shown = performance.now();
    const full = Math.round((BAR * done) / of);
    // what an earlier, longer line left behind is erased
    out.write(`\r${pc.cyan("█".repeat(full))}${"░".repeat(BAR - full)} ${text}\x1b[K${done < of ? "" : "\n"}`);
  };
}
