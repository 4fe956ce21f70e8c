/** Attention row by row, as its formula says it. */
import type { Ptr } from '../api.js';
import type { AttentionArrays, AttentionShape } from '../attention.js';
import { f32, i32 } from '../../memory.js';
import { computesInJavaScript } from '../recording.js';

/** Scores of one row, -infinity where it does not see. */
function scoresOf(s: AttentionShape, a: AttentionArrays, head: number, row: number): number[] {
  const { mask } = s;
  return Array.from({ length: s.columns }, (_, column) => {
    if (s.causal && column > row) return -Infinity;
    let score = 0;
    for (let e = 0; e < s.width; e++)
      score +=
        f32[a.query / 4 + (head * s.rows + row) * s.width + e] *
        f32[a.key / 4 + (head * s.columns + column) * s.width + e];
    score *= s.scale;
    if (mask === null) return score;
    const start = (mask.ptr + (mask.offsets === 0 ? 0 : i32[mask.offsets / 4 + head])) / 4;
    return score + f32[start + row * mask.row + column];
  });
}

export function attention(s: AttentionShape, a: AttentionArrays): void {
  computesInJavaScript();
  for (let head = 0; head < s.heads; head++)
    for (let row = 0; row < s.rows; row++) {
      const scores = scoresOf(s, a, head, row);
      const max = Math.max(...scores);
      const powers = scores.map((score) => (max === -Infinity ? 0 : Math.exp(score - max)));
      const sum = powers.reduce((total, power) => total + power, 0);
      f32[a.kept / 4 + head * s.rows + row] = sum === 0 ? Infinity : max + Math.log(sum);
      for (let d = 0; d < s.valueWidth; d++) {
        let total = 0;
        powers.forEach((power, column) => {
          total += power * f32[a.value / 4 + (head * s.columns + column) * s.valueWidth + d];
        });
        f32[a.out / 4 + (head * s.rows + row) * s.valueWidth + d] = sum === 0 ? 0 : total / sum;
      }
    }
}

export function attentionGrad(
  s: AttentionShape,
  a: AttentionArrays,
  grad: Ptr,
  [byQuery, byKey, byValue]: readonly [Ptr, Ptr, Ptr],
): void {
  computesInJavaScript();
  const keys = s.heads * s.columns;
  const sums = [
    new Float64Array(s.heads * s.rows * s.width),
    new Float64Array(keys * s.width),
    new Float64Array(keys * s.valueWidth),
  ];
  for (let head = 0; head < s.heads; head++)
    for (let row = 0; row < s.rows; row++) {
      const at = head * s.rows + row;
      const kept = f32[a.kept / 4 + at];
      const weights = scoresOf(s, a, head, row).map((score) => Math.exp(score - kept));
      const g = (d: number): number => f32[grad / 4 + at * s.valueWidth + d];
      let dot = 0;
      for (let d = 0; d < s.valueWidth; d++) dot += g(d) * f32[a.out / 4 + at * s.valueWidth + d];
      weights.forEach((weight, column) => {
        const key = head * s.columns + column;
        let byWeight = 0;
        for (let d = 0; d < s.valueWidth; d++) {
          byWeight += g(d) * f32[a.value / 4 + key * s.valueWidth + d];
          sums[2][key * s.valueWidth + d] += weight * g(d);
        }
        const byScore = weight * (byWeight - dot) * s.scale;
        for (let e = 0; e < s.width; e++) {
          sums[0][at * s.width + e] += byScore * f32[a.key / 4 + key * s.width + e];
          sums[1][key * s.width + e] += byScore * f32[a.query / 4 + at * s.width + e];
        }
      });
    }
  [byQuery, byKey, byValue].forEach((ptr, i) => f32.set(sums[i], ptr / 4));
}
