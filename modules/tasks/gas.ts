/**
 * Gas of a topology, which is charged before it is read: by its layers and edges, as its text counts them. Measured by
 * bench/gas-costs.ts; 150 gas are a microsecond.
 */
const GAS_PER_BYTE = 1n;
/** An object of the text: a layer has two, itself and what it is configured with. */
const GAS_PER_OBJECT = 6_000n;
/** A list of the text: an edge of a graph has one. */
const GAS_PER_LIST = 1_500n;

export function topologyGas(text: string): bigint {
  let [objects, lists] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x7b) objects++;
    else if (c === 0x5b) lists++;
  }
  return GAS_PER_BYTE * BigInt(text.length) + GAS_PER_OBJECT * BigInt(objects) + GAS_PER_LIST * BigInt(lists);
}
