const M = 0x5bd1e995;

/**
 * MurmurHash2 (32 bits) of the UTF-8 form of a text. Frontends compute the same for a cell's text, and so find the file
 * name by which the kernel speaks of the cell.
 * Source: A. Appleby, MurmurHash2 (public domain).
 */
export function murmur2(text: string, seed: number): number {
  const data = new TextEncoder().encode(text);
  const view = new DataView(data.buffer);
  const whole = data.length - (data.length % 4);
  let hash = seed ^ data.length;
  for (let at = 0; at < whole; at += 4) {
    let block = Math.imul(view.getUint32(at, true), M);
    block = Math.imul(block ^ (block >>> 24), M);
    hash = Math.imul(hash, M) ^ block;
  }
  if (whole < data.length) {
    for (let at = data.length - 1; at >= whole; at--) hash ^= data[at] << (8 * (at - whole));
    hash = Math.imul(hash, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return (hash ^ (hash >>> 15)) >>> 0;
}
