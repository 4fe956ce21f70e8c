/** Places labels so that none covers another. */
import { overlaps, type Box } from './shapes.js';

/**
 * Centres for labels of equal height on a vertical strip, each as near to where it should be as the others allow: the
 * exact least-squares solution, found by pooling neighbours that collide. Order is kept. When they do not all fit
 * between `top` and `bottom`, they are spread evenly.
 */
export function spread(wanted: readonly number[], height: number, top: number, bottom: number): number[] {
  const n = wanted.length;
  if (n === 0) return [];
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b] || a - b);
  const low = top + height / 2;
  const high = bottom - height / 2;
  const room = high - low;
  const pitch = n > 1 ? Math.min(height, Math.max(0, room) / (n - 1)) : height;
  // In coordinates with the k-th label moved up by k pitches, "not overlapping" is "not decreasing".
  const limit = high - (n - 1) * pitch;
  const pools: { sum: number; count: number }[] = [];
  order.forEach((index, k) => {
    pools.push({ sum: wanted[index] - k * pitch, count: 1 });
    while (pools.length > 1) {
      const last = pools.at(-1)!;
      const before = pools.at(-2)!;
      if (before.sum / before.count <= last.sum / last.count) break;
      before.sum += last.sum;
      before.count += last.count;
      pools.pop();
    }
  });
  const out = new Array<number>(n);
  let k = 0;
  for (const pool of pools) {
    const place = Math.min(Math.max(pool.sum / pool.count, low), Math.max(low, limit));
    for (let i = 0; i < pool.count; i++, k++) out[order[k]] = place + k * pitch;
  }
  return out;
}

/**
 * The candidate box that covers the least ink (points that lines pass through), the earliest among equals; only boxes
 * within `bounds` that touch none of those taken. Null when there is no such box.
 */
export function clearest(
  candidates: readonly Box[],
  taken: readonly Box[],
  ink: readonly { x: number; y: number }[],
  bounds: Box,
): { index: number; box: Box } | null {
  let best: { index: number; box: Box; covered: number } | null = null;
  for (const [index, box] of candidates.entries()) {
    if (!within(box, bounds) || taken.some((other) => overlaps(box, other, 2))) continue;
    const covered = ink.filter(
      ({ x, y }) => x > box.x - 2 && x < box.x + box.width + 2 && y > box.y - 2 && y < box.y + box.height + 2,
    ).length;
    if (best === null || covered < best.covered) best = { index, box, covered };
    if (covered === 0) break;
  }
  return best;
}

function within(box: Box, bounds: Box): boolean {
  return (
    box.x >= bounds.x &&
    box.y >= bounds.y &&
    box.x + box.width <= bounds.x + bounds.width &&
    box.y + box.height <= bounds.y + bounds.height
  );
}
