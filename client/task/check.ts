/** A task held against the chain before anything is paid: amounts, funds, the chain's own bounds, with the task file's places. */
import { acceptSpec, ANY_CHAIN, SpecError, type SpecParams } from "#protocol/tasks/task-spec.js";
import type { TaskSpec } from "#proto/gen/pouw/tasks/v1/types.js";
import { type ChainParams } from "../chain/params.js";
import { CliError } from "../cli-error.js";
import { DataFileError } from "../data/errors.js";
import { prepareData, type PreparedData } from "../data/prepare.js";
import { displayUnit, formatCoin } from "./amount.js";
import { withBatches } from "./fit.js";
import { fieldName, TaskFileError } from "./places.js";
import { fieldOfSpec, textOfSpec } from "./spec-fields.js";
import { type Money, type TaskFile } from "./task-file.js";

/** Fee and bond in the chain's own coin, at least the chain's minimum. Throws TaskFileError. */
export function checkMoney(file: TaskFile, { tasks, staking }: ChainParams): Money {
  const { minTaskFee, clientBond } = tasks;
  const denom = staking.bondDenom;
  const { fee, bond } = file.money(denom);
  const write = (amount: bigint) => `write ${amount % 1_000_000n === 0n ? `${amount / 1_000_000n} ${displayUnit(denom)}` : `${amount}${denom}`}`;
  if (fee < minTaskFee) file.places.fail(["fee"], `got ${formatCoin(fee, denom)}, want at least ${formatCoin(minTaskFee, denom)}, the chain's minimum: ${write(minTaskFee)}.`);
  const least = (fee * BigInt(clientBond) + 999_999n) / 1_000_000n;
  if (bond < least) file.places.fail(["bond"], `got ${formatCoin(bond, denom)}, want at least ${formatCoin(least, denom)}, ${clientBond / 10_000} % of the fee: ${write(least)}, or leave it out.`);
  return { fee, bond };
}

/** Throws CliError when the account cannot pay what the task holds in escrow. */
export function checkFunds(file: TaskFile, { fee, bond }: Money, balance: bigint, address: string, denom: string): void {
  if (balance >= fee + bond) return;
  const place = file.places.tell(["fee"], `${formatCoin(fee, denom)} and a bond of ${formatCoin(bond, denom)} are ${formatCoin(fee + bond, denom)}`);
  throw new CliError("funds", `${place}, the account ${address} has ${formatCoin(balance, denom)}. Send it coins, give --from another key, or lower the fee.`);
}

/** The data of the task file. Throws TaskFileError for what the file names wrongly, DataFileError for what a data file holds. */
export async function checkData(file: TaskFile): Promise<PreparedData> {
  const { plan, shape, spec } = file;
  try {
    return await prepareData(file.data, shape, { name: spec.title, inputShape: plan.inputShape, targetShape: shape.classes > 0 ? [] : [plan.outputSize], batchSize: spec.batchSize });
  } catch (e) {
    if (!(e instanceof DataFileError) || !e.field) throw e;
    const inFile = [...file.data.train, file.data.test, ...(file.data.trainLabels ?? []), file.data.testLabels].some((path) => typeof path === "string" && e.message.startsWith(path));
    // a fault inside a data file is told at its own place, the field behind it
    if (inFile && !/^[^:]+: there is no such file/.test(e.message)) throw new DataFileError(`${e.message} (${fieldName(e.field)}).`, e.field);
    throw new TaskFileError(file.places.tell(e.field, `${e.message}.`));
  }
}

/** What a chain's parameters let a task have. */
export const boundsOf = ({ tasks, work }: ChainParams): SpecParams => ({ ...tasks, verdictWindow: work.verdictWindow });

/**
 * The spec with its data, and what was fitted to them, accepted by the chain's own rules: those of `bounds`, or where none is
 * asked, what every chain wants. Throws TaskFileError with the field.
 */
export function completeSpec(file: TaskFile, data: PreparedData, bounds: SpecParams = ANY_CHAIN, { spec: fitted }: { readonly spec: TaskSpec } = withBatches(file, data)): TaskSpec {
  const { cid, plaintextHash, keyHash, rows } = data.test;
  const spec: TaskSpec = { ...fitted, testSet: { cid, plaintextHash, keyHash, rows } };
  try {
    acceptSpec(spec, bounds);
  } catch (e) {
    if (!(e instanceof SpecError)) throw e;
    const layer = e.field === "topology" ? /^layer "([^"]+)": /.exec(e.text)?.[1] : undefined;
    const field = layer === undefined ? fieldOfSpec(e.field) : file.fieldOfLayer({ layer, message: e.text });
    file.places.fail(field, textOfSpec(e.field, e.text));
  }
  return spec;
}
