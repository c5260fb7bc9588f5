/** What the page and Node both do, each with its own crypto: the course of two tasks on a test chain, and the protocol's vectors. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { secp256k1Address } from "#kernel/address.js";
import { EMPTY, toHex, utf8 } from "#kernel/bytes.js";
import type { QueryContext } from "#kernel/context.js";
import type { Crypto } from "#kernel/crypto.js";
import { ModuleError } from "#kernel/errors.js";
import { asGrpc } from "#app/query/errors.js";
import { MsgSend } from "#proto/gen/cosmos/bank/v1beta1/tx.js";
import { MsgRegisterBeaconKey } from "#proto/gen/pouw/beacon/v1/tx.js";
import { MsgAnchorLog, MsgReportEquivocation } from "#proto/gen/pouw/supervision/v1/tx.js";
import { MsgCreateTask } from "#proto/gen/pouw/tasks/v1/tx.js";
import { Phase } from "#proto/gen/pouw/tasks/v1/types.js";
import { Role, VerdictCode } from "#proto/gen/pouw/v1/types.js";
import { MsgSubmitWork } from "#proto/gen/pouw/work/v1/tx.js";
import { coin, TestChain } from "#test/chain/chain.js";
import { Course, enlist, FUNDS } from "#test/chain/course.js";
import { beaconSignerOf, possessionProof, signerOf } from "#test/chain/keys.js";
import { type Case, checkCase } from "#test/vectors/check.js";
import { operations } from "#test/vectors/operations.js";

export interface Ran {
  /** by step: of the exported state and of all events so far; at the end, of every query's answer */
  readonly digests: Readonly<Record<string, string>>;
  readonly height: string;
  readonly outcomes: readonly (number | undefined)[];
  /** types of all events that were emitted, ascending */
  readonly events: readonly string[];
  /** codes of what was refused, in order */
  readonly refused: readonly (string | undefined)[];
  /** how many queries were answered, how many refused */
  readonly queries: readonly [answered: number, refused: number];
  /** what only transactions, votes and addresses of accounts ask of a Crypto */
  readonly others: readonly (string | boolean)[];
}

export function ran(crypto: Crypto): Ran {
  const digests: Record<string, string> = {};
  const refused: (string | undefined)[] = [];
  const c = new TestChain({ crypto, funds: FUNDS, params: { work: { audit_ppm: 1_000_000 }, tasks: { seat_unlock_blocks: "3" } } });
  const digest = (value: unknown): string => toHex(crypto.sha256(utf8(JSON.stringify(value))));
  const step = (name: string): void => void (digests[name] = digest([`${c.height}`, c.exported(), c.history]));
  step("genesis");

  enlist(c);
  step("registered");
  const first = Course.submit(c);
  step("created");
  first.drawn();
  step("drawn");
  first.training();
  step("joined");
  c.block(() => {
    first.anchor({ 0: 1, 1: 2 });
    const forged = { ...first.log(0).head(3), signature: first.log(1).head(3).signature };
    refused.push(c.send(MsgAnchorLog, { supervisor: first.workers(Role.ROLE_SUPERVISOR)[0], taskId: first.id, heads: [forged], seen: [] }));
  });
  step("anchored");
  first.trained();
  c.blocks(c.k.work.params(c.ctx).drawDelay);
  c.block(() => {
    c.must(MsgSubmitWork, first.claim(0, 2, 4));
    refused.push(c.send(MsgSubmitWork, { ...first.claim(1, 3, 4), proof: first.log(1).proof(2, 4) }));
  });
  step("claimed");
  first.settle(Phase.PHASE_EVALUATION, VerdictCode.VERDICT_VALID);
  step("settled");
  c.block(() => refused.push(first.reveal(c.address("client"), EMPTY)));
  first.scored(900_000n, 950_000n);
  step("paid");

  // Another one, of which one miner is found out and the other signs two histories; and what else there is to do.
  c.blocks(3);
  const second = Course.submit(c).training();
  const beacon = beaconSignerOf(crypto, "another");
  const own = { validator: c.validators[0]?.operator, key: beacon.key };
  c.block(() => {
    second.anchor({ 0: 4, 1: 3 });
    c.must(MsgSend, { fromAddress: c.address("client"), toAddress: c.address("stranger"), amount: [coin(5n)] });
    refused.push(c.send(MsgCreateTask, { client: c.address("client"), fee: coin(1n), bond: coin(1n) }));
    refused.push(c.send(MsgRegisterBeaconKey, { ...own, proof: beacon.sign(utf8("something else")) }));
    c.must(MsgRegisterBeaconKey, { ...own, proof: possessionProof(crypto, beacon) });
  });
  c.blocks(c.k.work.params(c.ctx).drawDelay);
  c.block(() => c.must(MsgSubmitWork, second.claim(0, 1, 4)));
  c.block(() => c.must(MsgReportEquivocation, { reporter: c.address("stranger"), taskId: second.id, slot: 1, first: second.log(1).signed(2), second: second.log(1).fork(1).signed(2) }));
  second.settle(Phase.PHASE_CLOSED, VerdictCode.VERDICT_INVALID);
  step("found out");
  const queries = answers(c);
  digests["answers"] = digest(queries);
  const answered = queries.filter(([, , , log]) => log === undefined).length;
  return {
    digests,
    height: `${c.height}`,
    outcomes: [first, second].map((t) => t.task.outcome),
    events: [...new Set(c.history.map((e) => e.type))].sort(),
    refused,
    queries: [answered, queries.length - answered],
    others: others(crypto),
  };
}

function others(crypto: Crypto): (string | boolean)[] {
  const [digest, other] = [crypto.sha256(utf8("signed")), crypto.sha256(utf8("another"))];
  const secret = crypto.sha256(utf8("secp256k1"));
  const key = secp256k1.getPublicKey(secret, true);
  const signature = secp256k1.sign(digest, secret, { prehash: false });
  const voter = signerOf(crypto, "voter");
  const vote = voter.sign(digest);
  return [
    toHex(secp256k1Address(crypto, key)),
    crypto.verifySecp256k1(key, digest, signature),
    crypto.verifySecp256k1(key, other, signature),
    crypto.verifyEd25519Zip215(voter.key, digest, vote),
    crypto.verifyEd25519Zip215(voter.key, other, vote),
  ];
}

type Answer = readonly [path: string, request: string, response: string, refusal?: string];

/** Every query there is, asked without anything, about number 1, and about a name. */
function answers(c: TestChain): Answer[] {
  const requests = [EMPTY, Uint8Array.of(8, 1), Uint8Array.of(10, 45, ...utf8(c.address("client")).subarray(0, 45))];
  return [...c.app.queries].flatMap(([path, handler]) =>
    requests.map((request): Answer => {
      try {
        return [path, toHex(request), toHex(asGrpc(() => handler.run(c.at() as QueryContext, request)))];
      } catch (e) {
        if (e instanceof ModuleError) return [path, toHex(request), "", `${e.codespace}/${e.code} ${e.message}`];
        throw e;
      }
    }),
  );
}

/** What differs in the cases of a vector file. */
export function differing(crypto: Crypto, cases: readonly Case[]): string[] {
  const known = operations(crypto);
  return cases.flatMap((test, i) => {
    const differs = checkCase(known, test);
    return differs === undefined ? [] : [`case ${i} (${test.op}): ${differs}`];
  });
}
