/**
 * ICS-23 proofs in the two forms that stock light clients check: `ics23:iavl` from a key to its store's root, and
 * `ics23:simple` from that root to the app hash. An absence is shown by the two neighbours of the missing key.
 */
import { CommitmentProof, type ExistenceProof, HashOp, type InnerOp, LengthOp } from "cosmjs-types/cosmos/ics23/v1/proofs";
import { compareBytes, concat, EMPTY, utf8 } from "#kernel/bytes.js";
import { type NamedRoot, pathTo } from "./merkle.js";
import { type Nodes } from "./nodes.js";
import { leafAt, rankOf } from "./tree.js";
import { type ProofOp } from "./types.js";

const header = (n: Nodes, id: number): Uint8Array => {
  const out = new Uint8Array(32);
  return out.slice(0, n.header(id, out));
};

/** The proof that the leaf at a rank is there. */
function existence(n: Nodes, root: number, rank: number): ExistenceProof {
  const path: InnerOp[] = [];
  let id = root;
  while (n.height[id] !== 0) {
    const left = n.left[id] as number;
    const right = n.right[id] as number;
    const below = n.size[left] as number;
    const goLeft = rank < below;
    path.push(
      goLeft
        ? {
            hash: HashOp.SHA256,
            prefix: concat(header(n, id), Uint8Array.of(32)),
            suffix: concat(Uint8Array.of(32), n.hashOf(right)),
          }
        : {
            hash: HashOp.SHA256,
            prefix: concat(header(n, id), Uint8Array.of(32), n.hashOf(left), Uint8Array.of(32)),
            suffix: EMPTY,
          },
    );
    if (goLeft) id = left;
    else {
      rank -= below;
      id = right;
    }
  }
  return {
    key: n.keys[id] as Uint8Array,
    value: n.values[id] as Uint8Array,
    leaf: {
      hash: HashOp.SHA256,
      prehashKey: HashOp.NO_HASH,
      prehashValue: HashOp.SHA256,
      length: LengthOp.VAR_PROTO,
      prefix: header(n, id),
    },
    path: path.reverse(),
  };
}

/** Presence or absence of a key in one store. An empty store has no neighbours to show: the proof is then as empty as iavl's. */
export function iavlProof(n: Nodes, root: number, key: Uint8Array): ProofOp {
  const rank = rankOf(n, root, key);
  const size = root === 0 ? 0 : (n.size[root] as number);
  const there = rank < size && compareBytes(n.keys[leafAt(n, root, rank)] as Uint8Array, key) === 0;
  const proof = there
    ? CommitmentProof.fromPartial({ exist: existence(n, root, rank) })
    : CommitmentProof.fromPartial({
        nonexist: {
          key,
          left: rank > 0 ? existence(n, root, rank - 1) : undefined,
          right: rank < size ? existence(n, root, rank) : undefined,
        },
      });
  return { type: "ics23:iavl", key, data: CommitmentProof.encode(proof).finish() };
}

/** A store's root among the sorted roots of all. */
export function simpleProof(stores: readonly NamedRoot[], index: number): ProofOp {
  const { name, root } = stores[index] as NamedRoot;
  const key = utf8(name);
  const path = pathTo(stores, index).map(({ side, hash }): InnerOp => ({
    hash: HashOp.SHA256,
    prefix: side === "left" ? concat(Uint8Array.of(1), hash) : Uint8Array.of(1),
    suffix: side === "right" ? hash : EMPTY,
  }));
  const proof = CommitmentProof.fromPartial({
    exist: {
      key,
      value: root,
      leaf: {
        hash: HashOp.SHA256,
        prehashKey: HashOp.NO_HASH,
        prehashValue: HashOp.SHA256,
        length: LengthOp.VAR_PROTO,
        prefix: Uint8Array.of(0),
      },
      path,
    },
  });
  return { type: "ics23:simple", key, data: CommitmentProof.encode(proof).finish() };
}
