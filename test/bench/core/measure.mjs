/** Timing: medians of many samples, each long enough for the clock. */

/**
 * The median time of one call in milliseconds.
 *
 * @param {() => unknown} run what is timed
 * @param {{ milliseconds?: number, samples?: number }} [options] time to spend on sampling, and samples at least
 */
export function medianTime(run, { milliseconds = 600, samples = 15 } = {}) {
  const warmUpUntil = performance.now() + Math.min(300, milliseconds / 2);
  let runs = 0;
  let started = performance.now();
  const first = started;
  while (runs < 3 || (started < warmUpUntil && runs < 20_000)) {
    run();
    runs++;
    started = performance.now();
  }
  const each = (started - first) / runs;
  const perSample = Math.max(1, Math.round(Math.max(2, milliseconds / 100) / each));
  const times = [];
  const until = performance.now() + milliseconds;
  while (times.length < samples || performance.now() < until) {
    const began = performance.now();
    for (let i = 0; i < perSample; i++) run();
    times.push((performance.now() - began) / perSample);
    if (performance.now() > until + 4 * milliseconds && times.length >= 3) break;
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1];
}

/** Rows of cells as a table with aligned columns; the first column to the left, numbers to the right. */
export function formatTable(header, rows) {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

export function formatTime(milliseconds) {
  if (milliseconds === undefined) return '-';
  if (milliseconds < 1) return `${(milliseconds * 1000).toFixed(milliseconds < 0.1 ? 1 : 0)} us`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 1)} ms`;
}

/** How many times slower a peer is; below 1 it is faster. */
export function formatRatio(peer, own) {
  return peer === undefined ? '-' : `${(peer / own).toFixed(peer / own < 10 ? 2 : 1)} x`;
}
