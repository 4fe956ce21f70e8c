/** Arithmetic of two operands. */
import { elementOf } from '../dtype.js';
import { kernels } from '../kernels/index.js';
import { computesInJavaScript } from '../kernels/recording.js';
import type { Tensor } from '../tensor.js';
import {
  applyBinary,
  type Binary,
  type BinaryDescription,
  BinaryKind,
  binaryInto,
  type BinaryMethod,
  binaryOp,
  binarySamples,
} from './binary.js';
import { isTensor, type Operand } from './operand.js';
import { axpyInto } from './axpy.js';
import { contiguousData, elements } from './raw.js';
import { eq, ge, logicalAnd } from './comparison.js';
import { log } from './pointwise.js';
import { type InPlaceOp, inPlaceOp, type MethodOp, methodOp } from './record.js';
import { where } from './choice.js';
import { type Unary, unaryOp } from './unary.js';
import type { CombinedOperands, FitsOperand } from '../types/methods.js';

type BinaryFunction = InPlaceOp<Binary, BinaryMethod>;

export interface AlphaOptions {
  /** What `other` is multiplied with first; default 1. */
  alpha?: number;
}

type Scaled = <A extends Operand, B extends Operand>(
  input: A,
  other: B & FitsOperand<'elementwise', A, B>,
  options?: AlphaOptions,
) => CombinedOperands<A, B>;
type ScaledMethod = (other: Operand, options?: AlphaOptions) => Tensor;

const addition: BinaryDescription = {
  name: 'add',
  compute: 'add',
  integers: 'keep',
  // As in PyTorch, adding booleans is "or".
  bools: 'maximum',
  a: { reads: '', vjp: (g) => g },
  b: { reads: '', vjp: (g) => g },
};

const subtraction: BinaryDescription = {
  name: 'sub',
  compute: 'sub',
  integers: 'keep',
  bools: 'refuse',
  a: { reads: '', vjp: (g) => g },
  b: { reads: '', vjp: (g) => neg(g) },
};

function scaledOp(description: BinaryDescription, sign: 1 | -1): InPlaceOp<Scaled, ScaledMethod> {
  const kind = new BinaryKind(description);
  return inPlaceOp<Scaled, ScaledMethod>(
    {
      samples: (make) => [...binarySamples(-2, 2)(make), [make([2, 3]), make([3]), { alpha: 0.5 }]],
      errors: (make) => [
        { args: [make([2, 3]), make([2])], message: /\[2, 3\] and \[2\] do not broadcast/ },
        { args: [make([2]), make([2]), { alhpa: 2 }], message: /no option 'alhpa'/ },
      ],
      name: description.name,
      onLevels: true,
      params: ['input', 'other', 'alpha'],
      into: (self, [other, options]) => {
        const alpha = alphaOf(description.name, options);
        if (alpha !== 1 && isTensor(other)) return axpyInto(self, other, sign * alpha);
        return binaryInto(kind, self, scaled(other as Operand, alpha));
      },
    },
    (input: Operand, other: Operand, options?: AlphaOptions): Tensor =>
      applyBinary(
        kind,
        input,
        options === undefined ? other : scaled(other, alphaOf(description.name, options)),
      ),
  );
}

function alphaOf(op: string, options: unknown): number {
  if (options === undefined) return 1;
  if (typeof options === 'object' && options !== null) {
    for (const key of Object.keys(options)) {
      if (key !== 'alpha') throw new TypeError(`${op}: there is no option '${key}'; the option is alpha`);
    }
    const { alpha } = options as { alpha?: unknown };
    if (alpha === undefined) return 1;
    if (typeof alpha === 'number') return alpha;
  }
  throw new TypeError(`${op}: the third argument is { alpha: number }`);
}

function scaled(other: Operand, alpha: number): Operand {
  if (alpha === 1) return other;
  return typeof other === 'number' ? other * alpha : mul(other, alpha);
}

/** input + alpha · other. */
export const add: InPlaceOp<Scaled, ScaledMethod> = scaledOp(addition, 1);

/** input − alpha · other. */
export const sub: InPlaceOp<Scaled, ScaledMethod> = scaledOp(subtraction, -1);

type Rsub = (input: Tensor, other: Operand, options?: number | AlphaOptions) => Tensor;

/** other − alpha · input, elementwise: `x.rsub(1)` is 1 − x. */
export const rsub: MethodOp<Rsub> = methodOp<Rsub>(
  {
    name: 'rsub',
    params: ['input', 'other', 'alpha'],
    options: true,
    samples: (make) => [
      [make([2, 3]), make([3])],
      [make([2]), 1, { alpha: 2 }],
    ],
  },
  (input: Tensor, other: Operand, alpha?: number) =>
    sub(other, alpha === undefined ? input : mul(input, alpha)),
);

/** input · other, elementwise. */
export const mul: BinaryFunction = binaryOp({
  name: 'mul',
  compute: 'mul',
  integers: 'keep',
  a: { reads: 'b', vjp: (g, _a, b) => mul(g, b) },
  b: { reads: 'a', vjp: (g, a) => mul(g, a) },
});

/** −x. */
export const neg: InPlaceOp<Unary> = unaryOp({
  name: 'neg',
  compute: 'neg',
  integers: 'keep',
  reads: 'nothing',
  vjp: (g) => neg(g),
});

export interface DivOptions {
  /** 'trunc' rounds the quotient towards 0, 'floor' downwards; by default it is not rounded. */
  roundingMode?: 'trunc' | 'floor' | null;
}

type Division = (input: Operand, other: Operand, options?: DivOptions) => Tensor;
type DivisionMethod = (other: Operand, options?: DivOptions) => Tensor;

const division: BinaryDescription = {
  name: 'div',
  compute: 'div',
  integers: 'float',
  a: { reads: 'b', vjp: (g, _a, b) => div(g, b) },
  b: { reads: 'by', vjp: (g, _a, b, y) => neg(div(mul(g, y), b)) },
};

function someElement(x: Operand, holds: (value: number) => boolean): boolean {
  if (typeof x === 'number') return holds(x);
  return elements(contiguousData(x, 'check')).some(holds);
}

function holdsZero(b: Tensor): boolean {
  computesInJavaScript();
  return kernels.hasZero(elementOf(b.dtype), b.layout.size, b.ptr);
}

/** Integers have no infinity that a division by 0 could give. */
export function refuseZero(op: string): (b: Operand) => void {
  return (b) => {
    if (typeof b === 'number' ? b === 0 : holdsZero(contiguousData(b, op))) {
      throw new RangeError(
        `${op}: integers cannot be divided by 0; convert with x.float(), where the result is infinite or NaN`,
      );
    }
  };
}

const quotientDown: BinaryDescription = {
  name: 'floorDivide',
  compute: 'floorDivide',
  integers: 'keep',
  checkIntegers: refuseZero('div'),
  a: { reads: '', vjp: (g) => mul(g, 0) },
  b: { reads: '', vjp: (g) => mul(g, 0) },
};

const quotientTowardsZero: BinaryDescription = {
  ...quotientDown,
  name: 'div',
  compute: (a, b) => Math.trunc(a / b),
};

const divisionKind = new BinaryKind(division);
const quotientDownKind = new BinaryKind(quotientDown);
const quotientTowardsZeroKind = new BinaryKind(quotientTowardsZero);

/** input / other, elementwise; of integers the result is of the default float dtype unless it is rounded. */
export const div: InPlaceOp<Division, DivisionMethod> = inPlaceOp<Division, DivisionMethod>(
  {
    name: 'div',
    numbers: true,
    params: ['input', 'other', 'roundingMode'],
    samples: binarySamples(0.5, 2),
    errors: (make) => [
      { args: [make([2]), make([2]), { roundingMode: 'up' }], message: /'trunc', 'floor' or null, got 'up'/ },
    ],
    into: (self, [other, options]) =>
      options === undefined && binaryInto(divisionKind, self, other as Operand),
  },
  (input, other, options) => {
    const mode: string | null | undefined = options?.roundingMode;
    if (mode === undefined || mode === null) return applyBinary(divisionKind, input, other);
    if (mode === 'floor') return applyBinary(quotientDownKind, input, other);
    if (mode === 'trunc') return applyBinary(quotientTowardsZeroKind, input, other);
    throw new TypeError(`div: roundingMode is 'trunc', 'floor' or null, got '${mode}'`);
  },
);

/** input / other, elementwise. */
export const trueDivide: BinaryFunction = binaryOp({
  ...division,
  name: 'trueDivide',
  samples: binarySamples(0.5, 2),
});

/** ⌊input / other⌋. No gradient flows. */
export const floorDivide: BinaryFunction = binaryOp({
  name: 'floorDivide',
  compute: 'floorDivide',
  integers: 'keep',
  checkIntegers: refuseZero('floorDivide'),
});

/** inputᵒᵗʰᵉʳ. */
export const pow: BinaryFunction = binaryOp({
  name: 'pow',
  params: ['input', 'exponent'],
  compute: 'pow',
  integers: 'keep',
  checkIntegers: (b) => {
    if (someElement(b, (value) => value < 0)) {
      throw new RangeError('pow: integers have no negative powers; convert with x.float()');
    }
  },
  samples: (make) => [...binarySamples(0.5, 2)(make), [make([3]), 2], [make([3]), 0], [2, make([3])]],
  a: {
    reads: 'ab',
    vjp: (g, a, b) => {
      if (typeof b === 'number') return b === 0 ? mul(g, 0) : mul(g, mul(pow(a, b - 1), b));
      return where(eq(b, 0), 0, mul(g, mul(pow(a, sub(b, 1)), b)));
    },
  },
  b: {
    reads: 'aby',
    vjp: (g, a, b, y) => {
      if (typeof a === 'number')
        return a === 0 ? where(ge(b, 0), 0, mul(g, mul(y, -Infinity))) : mul(g, mul(y, Math.log(a)));
      return where(logicalAnd(eq(a, 0), ge(b, 0)), 0, mul(g, mul(y, log(a))));
    },
  },
});
