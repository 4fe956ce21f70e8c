/** Attention and bags of rows of few floats as one loop each; what is not usual, and every error, is left to the op. */
import { Layout } from '../../layout.js';
import { f64 } from '../../memory.js';
import { isFew } from '../../ops/few.js';
import { cleared, floatsOf, isFewFloats, startOf } from '../../ops/few-lines.js';
import { areInside, isFewIndices } from '../../ops/few-movement.js';
import type { Few } from '../../ops/record.js';
import { allocate } from '../../tensor.js';

/** Up to so many products a loop takes less time than the kernel with all that is made for it. */
const FEW = 512;
/** Elements of each operand. */
const MOST = 128;

const weights = new Float64Array(MOST);

/** (query, key, value, attnMask, dropoutP, isCausal) without a mask and dropout, all of one batch. */
export const fewAttention: Few = (q, k, v, mask, dropped, causal) => {
  if ((mask !== undefined && mask !== null) || (dropped !== undefined && dropped !== 0)) return null;
  if (causal !== undefined && typeof causal !== 'boolean') return null;
  if (!isFewFloats(q, MOST) || !isFewFloats(k, MOST) || !isFewFloats(v, MOST)) return null;
  const { shape, ndim } = q.layout;
  if (ndim < 2 || k.dtype !== q.dtype || v.dtype !== q.dtype || k.ndim !== ndim || v.ndim !== ndim)
    return null;
  for (let d = 0; d < ndim - 2; d++)
    if (k.layout.shape[d] !== shape[d] || v.layout.shape[d] !== shape[d]) return null;
  const rows = shape[ndim - 2];
  const width = shape[ndim - 1];
  const columns = k.layout.shape[ndim - 2];
  const wide = v.layout.shape[ndim - 1];
  if (k.layout.shape[ndim - 1] !== width || v.layout.shape[ndim - 2] !== columns) return null;
  const heads = q.layout.size / (rows * width);
  if (!isFew(heads * rows * columns * Math.max(width, wide), FEW)) return null;
  let layout = v.layout;
  if (rows !== columns) {
    const sizes = shape.slice();
    sizes[ndim - 1] = wide;
    layout = Layout.contiguous(sizes);
  }
  const out = allocate(layout.compact(), q.dtype, 'attention');
  const array = floatsOf(q);
  const scale = 1 / Math.sqrt(width);
  let from = startOf(q);
  let to = startOf(out);
  for (let head = 0; head < heads; head++) {
    const keys = startOf(k) + head * columns * width;
    const values = startOf(v) + head * columns * wide;
    for (let r = 0; r < rows; r++, from += width, to += wide) {
      const seen = causal === true && r < columns ? r + 1 : columns;
      let top = -Infinity;
      for (let c = 0, at = keys; c < seen; c++) {
        let score = 0;
        for (let i = 0; i < width; i++) score += array[from + i] * array[at++];
        score *= scale;
        weights[c] = score;
        if (!(score <= top)) top = score;
      }
      let sum = 0;
      for (let c = 0; c < seen; c++) sum += weights[c] = Math.exp(weights[c] - top);
      for (let i = 0; i < wide; i++) {
        let value = 0;
        for (let c = 0, at = values + i; c < seen; c++, at += wide) value += weights[c] * array[at];
        array[to + i] = value / sum;
      }
    }
  }
  return out;
};

/** (input, weight, …) of a matrix of indices: means of rows. */
export const fewEmbeddingBag: Few = (index, table, offsets, maxNorm, normType, scaled) => {
  if (
    (offsets !== undefined && offsets !== null) ||
    (maxNorm !== undefined && maxNorm !== null) ||
    normType !== undefined ||
    (scaled !== undefined && scaled !== false)
  )
    return null;
  if (!isFewIndices(index, MOST) || index.ndim !== 2 || !isFewFloats(table, FEW) || table.ndim !== 2)
    return null;
  const [count, size] = index.layout.shape;
  const [rows, width] = table.layout.shape;
  if (!isFew(count * size * width, FEW) || !areInside(index, rows)) return null;
  const out = cleared(allocate(Layout.contiguous([count, width]), table.dtype, 'embeddingBag'));
  const array = floatsOf(table);
  const start = startOf(table);
  let to = startOf(out);
  let place = index.start(3);
  for (let bag = 0; bag < count; bag++, to += width) {
    for (let k = 0; k < size; k++) {
      const from = start + (f64[place++] | 0) * width;
      for (let i = 0; i < width; i++) array[to + i] += array[from + i];
    }
    for (let i = 0; i < width; i++) array[to + i] /= size;
  }
  return out;
};
