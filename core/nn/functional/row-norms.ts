/**
 * Normalization of rows as one node: (x − mean) / √(var + eps) weight + bias over the last dimensions, or without the
 * mean. Few elements take one loop forward and one backward; many take the kernels of the ops they are made of.
 */
import { levels } from '../../autograd/levels/wrapped.js';
import { gradMode } from '../../autograd/mode.js';
import type { Gradients } from '../../autograd/node.js';
import { isWideFloat } from '../../dtype.js';
import { kernels } from '../../kernels/index.js';
import type { RowNormRows } from '../../kernels/row-norms.js';
import { Layout, type Shape } from '../../layout.js';
import { f32, f64 } from '../../memory.js';
import { add, mul, sub } from '../../ops/arithmetic.js';
import { isFew } from '../../ops/few.js';
import { isPlain } from '../../ops/formulas.js';
import { allocateLike } from '../../ops/operand.js';
import { rsqrt, square } from '../../ops/pointwise.js';
import { apply, type Context, type Primitive } from '../../ops/primitive.js';
import { contiguousData } from '../../ops/raw.js';
import { mean } from '../../ops/reduction.js';
import { sumTo } from '../../ops/sum.js';
import { allocate, allocateShape, type Tensor } from '../../tensor.js';

type Optional = Tensor | null;

interface RowAttributes {
  /** The last dimensions, which are normalized over. */
  readonly dims: readonly number[];
  /** The number of elements of a row. */
  readonly columns: number;
  readonly eps: number;
  /** Whether the mean is taken off. */
  readonly centered: boolean;
  /** What was found for each of many rows, for the first derivative: higher ones have to find it again. */
  found: Found | null;
  /** The same, as the kernels leave it: two numbers a row. */
  kept: Tensor | null;
}

interface Found {
  readonly average: Tensor | null;
  readonly factor: Tensor;
}

/** Up to so many elements loops take less time than calls of kernels. */
const FEW = 512;

type Elements = Float32Array | Float64Array;

function arrayOf(x: Tensor): Elements {
  return x.dtype === 'float32' ? f32 : f64;
}

function start(x: Tensor | undefined, array: Elements): number {
  return x === undefined ? -1 : x.ptr / array.BYTES_PER_ELEMENT;
}

/** Mean and 1 / √(var + eps) of the row that was looked at last. */
let center = 0;
let scale = 0;

function lookAt(array: Elements, from: number, attributes: RowAttributes): void {
  const { columns, eps, centered } = attributes;
  const end = from + columns;
  center = 0;
  if (centered) {
    let total = 0;
    let other = 0;
    let i = from;
    for (; i < end - 1; i += 2) {
      total += array[i];
      other += array[i + 1];
    }
    if (i < end) total += array[i];
    center = (total + other) / columns;
  }
  const middle = center;
  let squares = 0;
  let others = 0;
  let i = from;
  for (; i < end - 1; i += 2) {
    const d = array[i] - middle;
    const e = array[i + 1] - middle;
    squares += d * d;
    others += e * e;
  }
  if (i < end) squares += (array[i] - middle) * (array[i] - middle);
  scale = 1 / Math.sqrt((squares + others) / columns + eps);
}

function forwardFew([given, ...factors]: readonly Tensor[], attributes: RowAttributes): Tensor {
  const x = contiguousData(given, 'layerNorm');
  const [w, b] = factors.map((factor) => contiguousData(factor, 'layerNorm'));
  const out = allocateLike(x, x.dtype, 'layerNorm');
  const array = arrayOf(x);
  const weight = start(w, array);
  const bias = start(b, array);
  const { columns } = attributes;
  const shift = start(out, array) - start(x, array);
  const first = start(x, array);
  for (let from = first; from < first + x.layout.size; from += columns) {
    lookAt(array, from, attributes);
    const middle = center;
    const factor = scale;
    for (let k = 0; k < columns; k++) {
      let y = (array[from + k] - middle) * factor;
      if (weight >= 0) y *= array[weight + k];
      if (bias >= 0) y += array[bias + k];
      array[from + k + shift] = y;
    }
  }
  return out;
}

/** Sums of float32 gradients are kept in float64 until they are complete. */
let weightSums = new Float64Array(64);
let biasSums = new Float64Array(64);

function backwardFew(grad: Tensor, context: Context<RowAttributes>, factors: number): Gradients {
  const { attributes } = context;
  const x = contiguousData(context.input(0), 'layerNorm');
  const g = contiguousData(grad, 'layerNorm');
  const w = factors > 0 ? contiguousData(context.input(1), 'layerNorm') : undefined;
  const out = context.needs(0) ? allocateLike(x, x.dtype, 'layerNorm') : undefined;
  const { columns, centered } = attributes;
  const array = arrayOf(x);
  if (weightSums.length < columns) {
    weightSums = new Float64Array(columns);
    biasSums = new Float64Array(columns);
  }
  weightSums.fill(0, 0, columns);
  biasSums.fill(0, 0, columns);
  const weight = start(w, array);
  const first = start(x, array);
  const toGrad = start(g, array) - first;
  const toOut = start(out, array) - first;
  for (let from = first; from < first + x.layout.size; from += columns) {
    lookAt(array, from, attributes);
    const middle = center;
    const factor = scale;
    let total = 0;
    let along = 0;
    for (let k = 0; k < columns; k++) {
      const normal = (array[from + k] - middle) * factor;
      const given = array[from + k + toGrad];
      weightSums[k] += given * normal;
      biasSums[k] += given;
      const weighted = weight >= 0 ? given * array[weight + k] : given;
      total += weighted;
      along += weighted * normal;
    }
    if (out === undefined) continue;
    total = centered ? total / columns : 0;
    along /= columns;
    for (let k = 0; k < columns; k++) {
      const normal = (array[from + k] - middle) * factor;
      const given = array[from + k + toGrad];
      const weighted = weight >= 0 ? given * array[weight + k] : given;
      array[from + k + toOut] = (weighted - total - normal * along) * factor;
    }
  }
  return [
    out ?? null,
    factors > 0 && context.needs(1) ? written(weightSums, x, context.input(1).shape) : null,
    factors > 1 && context.needs(2) ? written(biasSums, x, context.input(1).shape) : null,
  ];
}

/** Sums as a tensor of the dtype of `like`. */
function written(sums: Float64Array, like: Tensor, shape: Shape): Tensor {
  const out = allocate(Layout.contiguous(shape), like.dtype, 'layerNorm');
  const array = arrayOf(like);
  const to = start(out, array);
  for (let k = 0; k < out.layout.size; k++) array[to + k] = sums[k];
  return out;
}

/** (x − mean) / √(var + eps), and what of that is the same for a row. */
function standardized(x: Tensor, { dims, eps, centered }: RowAttributes): [normal: Tensor, found: Found] {
  const average = centered ? mean(x, dims, true) : null;
  const around = average === null ? x : sub(x, average);
  const factor = rsqrt(add(mean(square(around), dims, true), eps));
  return [mul(around, factor), { average, factor }];
}

/** The same from what was found before. */
function again(x: Tensor, found: Found): [normal: Tensor, found: Found] {
  const { average, factor } = found;
  return [mul(average === null ? x : sub(x, average), factor), found];
}

function rowsOf(
  x: Tensor,
  factors: readonly Tensor[],
  { columns, eps, centered }: RowAttributes,
  kept: Tensor,
): RowNormRows {
  const [weight = 0, bias = 0] = factors.map((factor) => factor.ptr);
  const rows = x.layout.size / columns;
  return { rows, columns, x: x.ptr, weight, bias, eps, centered, kept: kept.ptr };
}

function forwardRows([given, ...others]: readonly Tensor[], attributes: RowAttributes): Tensor {
  const x = contiguousData(given, 'layerNorm');
  const factors = others.map((factor) => contiguousData(factor, 'layerNorm'));
  const out = allocateLike(x, x.dtype, 'layerNorm');
  const kept = allocateShape([x.layout.size / attributes.columns, 2], x.dtype, 'layerNorm');
  attributes.kept = kept;
  kernels.rowNorm(rowsOf(x, factors, attributes, kept), out.ptr);
  return out;
}

function backwardRows(
  grad: Tensor,
  context: Context<RowAttributes>,
  factors: number,
  kept: Tensor,
): Gradients {
  const x = contiguousData(context.input(0), 'layerNorm');
  const g = contiguousData(grad, 'layerNorm');
  const weight = factors > 0 ? [contiguousData(context.input(1), 'layerNorm')] : [];
  const result = [
    context.needs(0) ? allocateLike(x, x.dtype, 'layerNorm') : null,
    ...Array.from({ length: factors }, (_, i) =>
      context.needs(i + 1) ? allocateShape(context.input(1).shape, x.dtype, 'layerNorm') : null,
    ),
  ];
  const [byX = 0, byWeight = 0, byBias = 0] = result.map((tensor) => tensor?.ptr ?? 0);
  const rows = rowsOf(x, weight, context.attributes, kept);
  kernels.rowNormGrad(rows, g.ptr, { x: byX, weight: byWeight, bias: byBias });
  return result;
}

function rowNorm(factors: number, name: string): Primitive<RowAttributes> {
  const reads = [
    [0, 1],
    [0, 1],
    [0, 1],
  ];
  return {
    name,
    // The gradient of a bias reads the shape of the weight, which is saved anyway.
    reads: reads.slice(0, factors + 1).map((read) => (factors === 0 ? [0] : read)),
    forward: (inputs, attributes) => {
      if (isFew(inputs[0].layout.size, FEW)) return forwardFew(inputs, attributes);
      if (inputs[0].dtype === 'float32') return forwardRows(inputs, attributes);
      const [normal, found] = standardized(inputs[0], attributes);
      attributes.found = found;
      let y = normal;
      if (factors > 0) y = mul(y, inputs[1]);
      return factors > 1 ? add(y, inputs[2]) : y;
    },
    vjp: (grad, context) => {
      const x = context.input(0);
      if (isPlain() && isFew(x.layout.size, FEW) && grad.dtype === x.dtype)
        return backwardFew(grad, context, factors);
      const { attributes } = context;
      const { dims, centered, found, kept } = attributes;
      if (isPlain() && kept !== null && grad.dtype === x.dtype)
        return backwardRows(grad, context, factors, kept);
      const plain = found !== null && isPlain();
      const [normal, { factor }] = plain ? again(x, found) : standardized(x, attributes);
      const result: (Tensor | null)[] = [null];
      if (context.needs(0)) {
        const g = factors > 0 ? mul(grad, context.input(1)) : grad;
        const rest = centered ? sub(g, mean(g, dims, true)) : g;
        result[0] = mul(sub(rest, mul(normal, mean(mul(g, normal), dims, true))), factor);
      }
      for (let i = 1; i <= factors; i++) {
        const part = (): Tensor => sumTo(i === 1 ? mul(grad, normal) : grad, context.input(1).shape);
        result.push(context.needs(i) ? part() : null);
      }
      return result;
    },
  };
}

const layerNorms = [0, 1, 2].map((factors) => rowNorm(factors, 'nativeLayerNorm'));
const rmsNorms = [0, 1].map((factors) => rowNorm(factors, 'rmsNorm'));

/**
 * Normalization over the last dimensions with factors and, of layer normalization, summands of their shape; null where
 * the composed ops are to be used: inside of function transforms, for mixed dtypes and for nothing.
 */
export function normalizeRows(
  x: Tensor,
  dims: readonly number[],
  weight: Optional,
  bias: Optional,
  eps: number,
  centered: boolean,
): Tensor | null {
  const { watch } = gradMode;
  if (levels.top !== null || (watch !== null && !watch.passive)) return null;
  const { dtype } = x;
  if (!isWideFloat(dtype) || x.layout.size === 0 || (bias !== null && weight === null)) return null;
  if ((weight !== null && weight.dtype !== dtype) || (bias !== null && bias.dtype !== dtype)) return null;
  let columns = 1;
  for (const dim of dims) columns *= x.layout.shape[dim];
  const primitives = centered ? layerNorms : rmsNorms;
  const attributes: RowAttributes = { dims, columns, eps, centered, found: null, kept: null };
  if (weight === null) return apply(primitives[0], [x], attributes);
  if (bias === null) return apply(primitives[1], [x, weight], attributes);
  return apply(primitives[2], [x, weight, bias], attributes);
}
