/** What opens a bus stream: a nonce of the hub, signed with the session key of the seat that attaches. */
import { concat, u32be, u64be, utf8 } from "#kernel/bytes.js";
import type { Hash } from "#kernel/crypto.js";
import type { Attach } from "#proto/gen/pouw/v1/services.js";

const text = (s: string): Uint8Array => {
  const b = utf8(s);
  return concat(u32be(b.length), b);
};

/** H('pouw/attach/1'; chain_id, u64 task, u32 role, u32 index, nonce, supervisor's address). The address keeps a hub from using an answer elsewhere. */
export function attachSignBytes(hash: Hash, chainId: string, a: Pick<Attach, "taskId" | "role" | "index">, nonce: Uint8Array, supervisor: string): Uint8Array {
  const tag = utf8("pouw/attach/1");
  return hash.sha256(concat(Uint8Array.of(tag.length), tag, text(chainId), u64be(a.taskId), u32be(a.role), u32be(a.index), nonce, text(supervisor)));
}
