/** What a run comes to: how many ops are slower than plain JavaScript and than each peer, which, and by how much. */
import { formatTable, formatTime as formatLonger } from '../core/measure.mjs';

export const PEERS = ['plain', 'tfjs-wasm', 'tfjs-cpu', 'jax-js'];

/** Of milliseconds; what takes less than a microsecond in nanoseconds. */
export function formatTime(milliseconds) {
  return milliseconds < 1e-3 ? `${(milliseconds * 1e6).toFixed(0)} ns` : formatLonger(milliseconds);
}

/** Losses that are listed with their times. */
const LISTED = 60;

/** "Slower than tfjs-wasm: 2 of 40 (add 16, 1000; exp 16)" */
export function summaryOf(peer, lost, results) {
  const compared = results.filter(({ times }) => times[peer] !== undefined);
  const sizes = new Map();
  for (const { name, size } of lost) sizes.set(name, [...(sizes.get(name) ?? []), size]);
  const names = [...sizes].map(([name, list]) => `${name} ${list.join(', ')}`);
  const forward = lost.filter(({ withGradient }) => !withGradient).length;
  const kinds = lost.length === 0 ? '' : `, of which ${forward} without gradient`;
  return `Slower than ${peer === 'plain' ? 'plain JavaScript' : peer}: ${lost.length} of ${compared.length}${kinds}${
    names.length > 0 ? ` (${names.join('; ')})` : ''
  }`;
}

/** The worst of them as a table. */
export function worstOf(lost) {
  if (lost.length === 0) return '';
  const rows = [...lost]
    .sort((a, b) => b.ratio - a.ratio)
    .slice(0, LISTED)
    .map(({ name, size, nabla, peer, ratio }) => [
      name,
      size,
      formatTime(nabla),
      formatTime(peer),
      `${ratio.toFixed(2)} x`,
    ]);
  return `\n${formatTable(['the worst', 'size', 'Nabla', 'the other', 'takes'], rows)}`;
}
