/** The whole command line as a commander program that throws instead of exiting. */
import { Command } from "commander";
import { addChain } from "./chain.js";
import { addDaemons } from "./daemons.js";
import { addGenesis } from "./genesis.js";
import { addKeys } from "./keys.js";
import { addModel } from "./model.js";
import { addNode } from "./node.js";
import { optionsOf, shareOptions } from "./options.js";
import { addQuery } from "./query.js";
import { addTask } from "./task.js";
import { addTrain } from "./train.js";
import { addTx } from "./tx.js";
import { addValidator } from "./validator.js";

const TEXT = `A chain that pays for machine learning: clients submit training tasks, workers train and check them.`;
const MORE = `
First steps:
  pouwd keys add me                            make a key; its address is where coins are sent
  pouwd status                                 where the chain stands
  pouwd task submit task.yaml --from me        pay for a training task, give its data, reveal its test set
  pouwd task watch 1                           follow it

Every command explains itself: pouwd task submit --help. An error is one line on standard error, exit code 1.`;

export function pouwd(): Command {
  const program = new Command("pouwd").description(TEXT).addHelpText("after", MORE);
  addTask(program, optionsOf);
  addModel(program, optionsOf);
  addTrain(program, optionsOf);
  addQuery(program, optionsOf);
  addTx(program, optionsOf);
  addKeys(program, optionsOf);
  addChain(program, optionsOf);
  addValidator(program, optionsOf);
  addGenesis(program, optionsOf);
  shareOptions(program);
  addDaemons(program);
  addNode(program);
  throwing(program);
  return program;
}

/** Errors are told by main.ts, once; help goes where commander sends it. */
function throwing(c: Command): void {
  c.exitOverride().configureOutput({ outputError: () => {} });
  for (const child of c.commands) throwing(child);
}
