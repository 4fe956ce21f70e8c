/** What a run comes to: how many ops are slower than plain JavaScript and than each peer, which, and by how much. */
import { formatTable, formatTime as formatLonger } from '../core/measure.mjs';

export const PEERS = ['plain', 'tfjs-wasm', 'tfjs-cpu', 'jax-js'];

/** Of milliseconds; what takes less than a microsecond in nanoseconds. */
export function formatTime(milliseconds) {
  return milliseconds < 1e-3 ? `${(milliseconds * 1e6).toFixed(0)} ns` : formatLonger(milliseconds);
}

/**
 * "lost: 3 of 40 (plain 1 of 20, tfjs-wasm 2 of 20)", and a line for each: how many comparisons Nabla lost, to whom, at
 * which size, and how many times as long it took. Peers are given each result's memory back at once; a loss to one of
 * them also says how many times as long Nabla takes where that is so for its own.
 */
export function summaryOf(present, results) {
  const lost = [];
  const parts = [];
  let compared = 0;
  for (const peer of present) {
    const measured = results.filter(({ times }) => times[peer] !== undefined);
    const slower = measured.filter(({ slowerThan }) => slowerThan?.[peer] !== undefined);
    compared += measured.length;
    parts.push(`${peer} ${slower.length} of ${measured.length}`);
    for (const { name, size, times, slowerThan, givenBack } of slower)
      lost.push({
        name,
        size,
        peer,
        own: times.Nabla.time,
        other: times[peer].time,
        ratio: slowerThan[peer],
        givenBack: givenBack?.[peer],
      });
  }
  const total = `lost: ${lost.length} of ${compared} (${parts.join(', ')})`;
  if (lost.length === 0) return total;
  const toPeers = lost.filter(({ givenBack }) => givenBack !== undefined);
  const still = toPeers.filter(({ givenBack }) => givenBack > 1).length;
  const note =
    toPeers.length === 0
      ? ''
      : `\nwith results given back at once, as the peers' are: ${still} of the ${toPeers.length} lost to peers`;
  const rows = lost
    .sort((a, b) => present.indexOf(a.peer) - present.indexOf(b.peer) || b.ratio - a.ratio)
    .map(({ name, size, peer, own, other, ratio, givenBack }) => [
      name,
      size,
      peer,
      formatTime(own),
      formatTime(other),
      `${ratio.toFixed(2)} x`,
      givenBack === undefined ? '-' : `${givenBack.toFixed(2)} x`,
    ]);
  const head = ['lost', 'size', 'to', 'Nabla', 'the other', 'takes', 'given back'];
  return `${total}${note}\n\n${formatTable(head, rows)}`;
}
