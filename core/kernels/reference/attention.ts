/** Attention row by row, as its formula says it. */
import type { FloatElement, Ptr } from '../api.js';
import type { AttentionArrays, AttentionShape } from '../attention.js';
import { f32, f64, i32 } from '../../memory.js';
import { Storage } from '../../storage.js';
import { computesInJavaScript } from '../recording.js';

/** The tensor memory as numbers of a type, at addresses. */
class Numbers {
  readonly #array: Float32Array | Float64Array;
  readonly #bytes: 4 | 8;

  constructor(element: FloatElement) {
    this.#array = element === 'float32' ? f32 : f64;
    this.#bytes = element === 'float32' ? 4 : 8;
  }

  get(ptr: Ptr, at: number): number {
    return this.#array[ptr / this.#bytes + at];
  }

  set(ptr: Ptr, at: number, value: number): void {
    this.#array[ptr / this.#bytes + at] = value;
  }

  /** Numbers that somebody writes. */
  written(count: number, write: (ptr: Ptr, count: number) => void): Float32Array | Float64Array {
    const storage = Storage.allocate(this.#bytes * count, 'attention');
    write(storage.ptr, count);
    const start = storage.ptr / this.#bytes;
    const values = this.#array.slice(start, start + count);
    storage.release();
    return values;
  }
}

/** Scores of one row, -infinity where it does not see. */
function scoresOf(x: Numbers, s: AttentionShape, a: AttentionArrays, head: number, row: number): number[] {
  const { mask } = s;
  return Array.from({ length: s.columns }, (_, column) => {
    if (s.causal && column > row) return -Infinity;
    let score = 0;
    for (let e = 0; e < s.width; e++)
      score +=
        x.get(a.query, (head * s.rows + row) * s.width + e) *
        x.get(a.key, (head * s.columns + column) * s.width + e);
    score *= s.scale;
    if (mask === null) return score;
    const start = mask.ptr + (mask.offsets === 0 ? 0 : i32[mask.offsets / 4 + head]);
    return score + x.get(start, row * mask.row + column);
  });
}

/** The factors of dropout of one row, which is a part of its own. */
function factorsOf(
  x: Numbers,
  { dropout, columns }: AttentionShape,
  part: number,
  fill: 'draw' | 'repeat',
): ArrayLike<number> {
  if (dropout === null) return new Array<number>(columns).fill(1);
  return x.written(columns, (ptr, count) => dropout[fill](part, ptr, count));
}

export function attention(element: FloatElement, s: AttentionShape, a: AttentionArrays): void {
  computesInJavaScript();
  const x = new Numbers(element);
  for (let head = 0; head < s.heads; head++)
    for (let row = 0; row < s.rows; row++) {
      const at = head * s.rows + row;
      const scores = scoresOf(x, s, a, head, row);
      const factors = factorsOf(x, s, at, 'draw');
      const max = Math.max(...scores);
      const powers = scores.map((score) => (max === -Infinity ? 0 : Math.exp(score - max)));
      const sum = powers.reduce((total, power) => total + power, 0);
      x.set(a.kept, at, sum === 0 ? Infinity : max + Math.log(sum));
      for (let d = 0; d < s.valueWidth; d++) {
        let total = 0;
        powers.forEach((power, column) => {
          total += power * factors[column] * x.get(a.value, (head * s.columns + column) * s.valueWidth + d);
        });
        x.set(a.out, at * s.valueWidth + d, sum === 0 ? 0 : total / sum);
      }
    }
}

export function attentionGrad(
  element: FloatElement,
  s: AttentionShape,
  a: AttentionArrays,
  grad: Ptr,
  [byQuery, byKey, byValue]: readonly [Ptr, Ptr, Ptr],
): void {
  computesInJavaScript();
  const x = new Numbers(element);
  const keys = s.heads * s.columns;
  const sums = [
    new Float64Array(s.heads * s.rows * s.width),
    new Float64Array(keys * s.width),
    new Float64Array(keys * s.valueWidth),
  ];
  for (let head = 0; head < s.heads; head++)
    for (let row = 0; row < s.rows; row++) {
      const at = head * s.rows + row;
      const kept = x.get(a.kept, at);
      const factors = factorsOf(x, s, at, 'repeat');
      const weights = scoresOf(x, s, a, head, row).map((score) => Math.exp(score - kept));
      const g = (d: number): number => x.get(grad, at * s.valueWidth + d);
      let dot = 0;
      for (let d = 0; d < s.valueWidth; d++) dot += g(d) * x.get(a.out, at * s.valueWidth + d);
      weights.forEach((weight, column) => {
        const key = head * s.columns + column;
        let byWeight = 0;
        for (let d = 0; d < s.valueWidth; d++) {
          byWeight += g(d) * x.get(a.value, key * s.valueWidth + d) * factors[column];
          sums[2][key * s.valueWidth + d] += weight * factors[column] * g(d);
        }
        const byScore = weight * (byWeight - dot) * s.scale;
        for (let e = 0; e < s.width; e++) {
          sums[0][at * s.width + e] += byScore * x.get(a.key, key * s.width + e);
          sums[1][key * s.width + e] += byScore * x.get(a.query, at * s.width + e);
        }
      });
    }
  [byQuery, byKey, byValue].forEach((ptr, i) => sums[i].forEach((value, at) => x.set(ptr, at, value)));
}
