/** Formulas on tensors, unrecorded. */
import { gradMode } from '../autograd/mode.js';
import { levels } from '../autograd/levels/wrapped.js';
import { elementOfFloat, isWideFloat } from '../dtype.js';
import type { Formula, FormulaNumbers, FormulaOperands } from '../kernels/formula.js';
import { kernels } from '../kernels/index.js';
import { broadcastShapes, Layout, sameShape } from '../layout.js';
import { allocate, type Tensor } from '../tensor.js';
import { expandedData } from './binary.js';

const NONE: FormulaNumbers = [];
/** Kernels run one at a time. */
const places: FormulaOperands = { a: 0, b: 0, c: 0, aStep: 0, bStep: 0, cStep: 0 };

/**
 * Whether nothing is recorded and no function is transformed: a derivative may then be computed as a whole, since
 * nobody will differentiate it.
 */
export function isPlain(): boolean {
  return !gradMode.enabled && levels.top === null;
}

/** Whether formulas can be applied to tensors: of one dtype, float32 or float64. */
export function areFloats(x: Tensor, other: Tensor): boolean {
  return isWideFloat(x.dtype) && x.dtype === other.dtype;
}

/** formula(a, b, c) elementwise, of float32 or float64 tensors of one dtype that broadcast. */
export function evaluate(
  formula: Formula,
  numbers: FormulaNumbers,
  a: Tensor,
  b: Tensor = a,
  c: Tensor = a,
): Tensor {
  const layout = commonLayout(formula.name, a, b, c);
  const out = allocate(layout, a.dtype, formula.name);
  const { size } = layout;
  if (size === 0) return out;
  // What is repeated along some dimensions is written out; what is one number is not.
  const x = inOrder(a, layout, formula.name);
  const y = b === a ? x : inOrder(b, layout, formula.name);
  const z = c === a ? x : inOrder(c, layout, formula.name);
  places.a = x.ptr;
  places.b = y.ptr;
  places.c = z.ptr;
  places.aStep = x.layout.size === size ? 1 : 0;
  places.bStep = y.layout.size === size ? 1 : 0;
  places.cStep = z.layout.size === size ? 1 : 0;
  kernels.mapFormula(formula, elementOfFloat(a), size, places, numbers, out.ptr);
  return out;
}

function commonLayout(operation: string, a: Tensor, b: Tensor, c: Tensor): Layout {
  const { shape } = a.layout;
  if (sameShape(shape, b.layout.shape) && sameShape(shape, c.layout.shape)) return a.layout.compact();
  const both = broadcastShapes(operation, shape, b.layout.shape);
  return Layout.contiguous(broadcastShapes(operation, both, c.layout.shape));
}

function inOrder(x: Tensor, layout: Layout, operation: string): Tensor {
  if (x.layout.size === 1 || (x.layout.contiguous && x.layout.size === layout.size)) return x;
  return expandedData(x, layout.shape, operation);
}

/** Σ formula(a, b) / divisor over all elements of tensors of one shape; 0 of none. */
export function evaluateSum(
  formula: Formula,
  divisor: number,
  numbers: FormulaNumbers = NONE,
  a: Tensor,
  b: Tensor = a,
): Tensor {
  const x = inOrder(a, a.layout, formula.name);
  const y = b === a ? x : inOrder(b, a.layout, formula.name);
  const out = allocate(Layout.scalar, a.dtype, formula.name);
  places.a = x.ptr;
  places.b = places.c = y.ptr;
  places.aStep = places.bStep = places.cStep = 1;
  kernels.sumFormula(formula, elementOfFloat(a), a.layout.size, places, numbers, divisor, out.ptr);
  return out;
}
