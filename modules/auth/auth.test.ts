import test from "ava";
import { createMultisigThresholdPubkey, encodeSecp256k1Pubkey } from "@cosmjs/amino";
import { encodePubkey } from "@cosmjs/proto-signing";
import { address } from "#test/modules/chain.js";
import { Account, TestNode } from "#test/modules/node.js";
import { send } from "#test/modules/shaped-tx.js";

interface AuthState {
  accounts: { address: string; pub_key: unknown; account_number: string; sequence: string }[];
}

const exported = (node: TestNode): AuthState => {
  const auth = node.modules.modules.find((m) => m.name === "auth");
  return auth?.exportGenesis?.({ block: { chainId: "", height: node.height, timeMs: 0n }, ...node.state }) as AuthState;
};

test("accounts keep number, sequence and key through export and genesis", async (t) => {
  const [a, b] = await Promise.all([Account.of("a"), Account.of("b")]);
  const first = await TestNode.start(t, { balances: { [a.address]: 1_000n, [b.address]: 1_000n } });
  for (let i = 0; i < 2; i++) t.is((await first.block([await first.tx(a, [send(a.address, address("new"))])]))[0]?.code, 0);
  const auth = exported(first);
  t.like(auth.accounts.find((x) => x.address === a.address), { sequence: "2", pub_key: { "@type": "/cosmos.crypto.secp256k1.PubKey", key: Buffer.from(a.key).toString("base64") } });

  const second = await TestNode.make(t, { balances: { [a.address]: 1_000n } });
  second.app.initChain(second.genesis({ ...second.appState(), auth }));
  await second.block([]);
  t.deepEqual(exported(second), auth);
  t.is((await second.block([await second.tx(a, [send(a.address, address("newest"))])]))[0]?.code, 0);
  const numbers = exported(second).accounts.map((x) => Number(x.account_number));
  t.is(new Set(numbers).size, numbers.length);
  t.is(Number(exported(second).accounts.find((x) => x.address === address("newest"))?.account_number), Math.max(...numbers));
});

test("a threshold key goes through genesis, and what is wrong with an account is named", async (t) => {
  const members = await Promise.all(["m0", "m1"].map((n) => Account.of(n)));
  const key = encodePubkey(createMultisigThresholdPubkey(members.map((m) => encodeSecp256k1Pubkey(m.key)), 2, true));
  const threshold = { "@type": key.typeUrl, threshold: 2, public_keys: members.map((m) => ({ "@type": "/cosmos.crypto.secp256k1.PubKey", key: Buffer.from(m.key).toString("base64") })) };
  const start = async (accounts: unknown) => {
    const node = await TestNode.make(t);
    node.app.initChain(node.genesis({ ...node.appState(), auth: { accounts } }));
    await node.block([]);
    return node;
  };
  const node = await start([{ address: address("multi"), pub_key: threshold }, { address: address("x"), account_number: "7" }]);
  t.deepEqual(node.modules.keepers.auth.get(node.state, address("multi"))?.pubKey?.value, key.value);
  t.is(node.modules.keepers.auth.get(node.state, address("multi"))?.accountNumber, 8n);
  const fault = async (...accounts: unknown[]): Promise<string> => (await t.throwsAsync(start(accounts)))?.message ?? "";
  t.regex(await fault({ address: address("x"), account_number: -1 }), /accounts\[0\]\.account_number: got -1, want a whole number of 64 bits/);
  t.regex(await fault({ address: address("x"), account_number: 1 }, { address: address("y"), account_number: "1" }), /accounts\[1\]\.account_number: 1 stands there twice/);
  t.regex(await fault({ address: address("x") }, { address: address("x") }), /pouw1\w+ stands there twice/);
  t.regex(await fault({ address: address("x").toUpperCase() }), /upper-case/);
  t.regex(await fault({ address: address("x"), pub_key: { "@type": "/other" } }), /accounts\[0\]\.pub_key: got/);
});
