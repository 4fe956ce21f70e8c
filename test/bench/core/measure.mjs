/**
 * Timing. The contenders take turns, and a ratio is the median of the ratios within the turns: what disturbs the
 * machine for a while disturbs all of them alike.
 */

/**
 * @param {Record<string, { run: () => unknown, prepare?: () => void }>} contenders the first is the one the others
 *   are compared with; `prepare` is called before each turn and not timed
 * @param {{ milliseconds?: number }} [options] time to spend on each contender, warming up excluded
 * @returns {Record<string, { time: number, ratio: number }>} median milliseconds a call, and by how much a contender is
 *   slower than the first
 */
export function compareTimes(contenders, { milliseconds = 600 } = {}) {
  const entries = Object.entries(contenders).map(([name, { run, prepare }]) => {
    prepare?.();
    const each = warmUp(run, milliseconds / 3);
    return { name, run, prepare, calls: Math.max(1, Math.round(milliseconds / 25 / each)), times: [] };
  });
  const until = performance.now() + milliseconds * entries.length;
  let turns = 0;
  while (turns < 5 || (performance.now() < until && turns < 200)) {
    for (const { run, prepare, calls, times } of entries) {
      prepare?.();
      const began = performance.now();
      for (let i = 0; i < calls; i++) run();
      times.push((performance.now() - began) / calls);
    }
    turns++;
  }
  const [own] = entries;
  return Object.fromEntries(
    entries.map(({ name, times }) => [
      name,
      { time: median(times), ratio: median(times.map((time, turn) => time / own.times[turn])) },
    ]),
  );
}

/** Runs until compiled and the caches are warm; the mean time of a call towards the end. */
function warmUp(run, milliseconds) {
  const until = performance.now() + milliseconds;
  let each = 0;
  let calls = 0;
  do {
    const began = performance.now();
    run();
    each = calls === 0 ? performance.now() - began : 0.8 * each + 0.2 * (performance.now() - began);
    calls++;
  } while (calls < 3 || performance.now() < until);
  return Math.max(each, 1e-4);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
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
  if (milliseconds < 1e-3) return `${(milliseconds * 1e6).toFixed(0)} ns`;
  if (milliseconds < 1) return `${(milliseconds * 1000).toFixed(milliseconds < 0.1 ? 1 : 0)} us`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 1)} ms`;
}

/** Names of all contenders but the first, in the order in which they appear. */
export function peerNames(results) {
  return [...new Set(results.flatMap((result) => Object.keys(result.times).slice(1)))];
}

/** Cells of a table: the time of a peer and how many times longer that is; dashes where it did not take part. */
export function peerCells(result, peers) {
  return peers.flatMap((peer) => {
    const entry = result.times[peer];
    return entry === undefined ? ['-', '-'] : [formatTime(entry.time), `${entry.ratio.toFixed(1)} x`];
  });
}
