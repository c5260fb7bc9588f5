/** Transactions that no daemon sends in an ordinary course. Whether the chain takes or refuses one, it is recorded: both must be the same everywhere. */
import { readHomeFacts } from "#app/keys.js";
import { MsgMultiSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { MsgRegisterBeaconKey } from "#proto/gen/pouw/beacon/v1/tx.js";
import { MsgSubmitModel } from "#proto/gen/pouw/evaluation/v1/tx.js";
import { MsgRequestAudit } from "#proto/gen/pouw/supervision/v1/tx.js";
import { MsgCancelTask, MsgCreateTask, MsgStopTraining } from "#proto/gen/pouw/tasks/v1/tx.js";
import { Role } from "#proto/gen/pouw/v1/types.js";
import { MsgAddStake, MsgRegisterWorker, MsgUnbond, MsgUpdateWorker } from "#proto/gen/pouw/workers/v1/tx.js";
import { type Course } from "#test/network/course.js";
import { type TestNetwork } from "#test/network/network.js";
import { message, sender } from "#test/network/sender.js";

const STAKE = 500_000_000n;
const FEE = 100_000_000n;

/** During training: a supervisor wants iterations audited, one of which nobody made, a miner hands in its model too early, and the client has enough. */
export async function meanwhile(network: TestNetwork, course: Course): Promise<void> {
  const s = await sender(network, "supervisor0");
  for (const seq of [1n, 1_000_000n]) await s.send(message(MsgRequestAudit, { supervisor: s.address, taskId: course.id, slot: 1, seq }));
  const m = await sender(network, "miner1");
  await m.send(message(MsgSubmitModel, MsgSubmitModel.create({ miner: m.address, taskId: course.id, slot: 1 })));
  const c = await sender(network, "client");
  await c.send(message(MsgStopTraining, { client: c.address, taskId: course.id }));
}

/** After the task: a worker that comes and goes, a task that is cancelled, a beacon key that is registered again. */
export async function rest(network: TestNetwork, course: Course): Promise<void> {
  const { denom } = network.facts();
  const coin = (amount: bigint) => ({ denom, amount: `${amount}` });
  const bob = await sender(network, "bob");
  const client = await sender(network, "client");
  await bob.send(
    message(MsgMultiSend, {
      inputs: [{ address: bob.address, coins: [coin(3n)] }],
      outputs: [
        { address: client.address, coins: [coin(1n)] },
        { address: bob.address, coins: [coin(2n)] },
      ],
    }),
  );
  const worker = { worker: bob.address, roles: [Role.ROLE_EVALUATOR], profiles: ["exact"], memory: 1n << 30n, maxSeats: 1, preferences: [], minFee: coin(0n) };
  await bob.send(message(MsgRegisterWorker, MsgRegisterWorker.create({ ...worker, stake: coin(STAKE) })));
  await bob.send(message(MsgUpdateWorker, MsgUpdateWorker.create({ ...worker, maxSeats: 2 })), message(MsgAddStake, { worker: bob.address, amount: coin(5n) }));
  await bob.send(message(MsgUnbond, { worker: bob.address, amount: coin(STAKE) }));

  const spec = (await course.state()).task?.spec;
  if (!spec) throw new Error("the chain has lost its task");
  const bond = (FEE * 2n) / 10n;
  await client.send(message(MsgCreateTask, MsgCreateTask.create({ client: client.address, spec, fee: coin(FEE), bond: coin(bond) })));
  await client.send(message(MsgCancelTask, { client: client.address, taskId: course.id + 1n }));

  const home = network.facts().validators[0]?.home ?? "";
  const validator = await sender(network, "validator0");
  const { beaconKey: key, beaconProof: proof } = readHomeFacts(home);
  await validator.send(message(MsgRegisterBeaconKey, { validator: validator.address, key, proof }));
}
