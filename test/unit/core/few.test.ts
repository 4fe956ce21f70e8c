/** Loops over a few elements give what the kernels give: for every op that has one, from its record's samples and more. */
import { grad, jvp, noGrad, setDefaultDtype, slice, tensor, Tensor, vmap } from 'nabla/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type DType, isFloat } from '../../../core/dtype.js';
import { fewElements } from '../../../core/ops/few.js';
import { type OpRecord, registry, type SampleMaker } from '../../../core/ops/record.js';
import { callOf, replaceTensors, sampleMaker, tensorsIn } from './samples.js';

const USUAL = fewElements.limit;
const withLoops = [...registry.values()].filter((record) => record.few !== undefined);

const places = (make: SampleMaker, shape: readonly number[], high: number): Tensor =>
  make(shape, { dtype: 'int64', low: 0, high });

type Samples = (make: SampleMaker) => readonly (readonly unknown[])[];

const addc: Samples = (make) => [
  [make([2, 3]), make([3]), make([2, 3]), 0.5],
  [make([3]), make([3]), make([])],
];

const even =
  (ndim: number): Samples =>
  (make) => [[make([2, 1, ...[4, 4, 2].slice(0, ndim)]), 2]];

const wholeNumbers: Samples = (make) => [
  [make([2, 3], { dtype: 'int32', low: -9, high: 9 }), make([2, 3], { dtype: 'int32', low: 1, high: 5 })],
  [make([2, 3], { dtype: 'int32', low: -9, high: 9 }), make([2, 3], { dtype: 'int32', low: -5, high: 0 })],
  [make([2, 3], { dtype: 'uint8', low: 0, high: 200 }), make([3], { dtype: 'uint8', low: 1, high: 5 })],
];

const withReduction: Samples = (make) => [
  [make([2, 3]), make([2, 3], { low: 0.1, high: 1 })],
  [make([2, 3]), make([2, 3], { low: 0.1, high: 1 }), 'sum'],
];

/** Calls that the samples of the records do not have. */
const FURTHER: Readonly<Partial<Record<string, Samples>>> = {
  'linalg.solveTriangular': (make) => [
    [make([3, 3]), make([3, 3]), true, true],
    [make([3, 3]), make([3, 2]), true, false],
  ],
  'linalg.svd': (make) => [[make([3, 3])], [make([3, 2]), false], [make([2, 4]), false]],
  'linalg.lstsq': (make) => [[make([3, 3]), make([3, 2])]],
  sort: (make) => [[make([3, 4]), 0, true]],
  kthvalue: (make) => [
    [make([3, 4]), 2, 0],
    [make([5]), 3, -1, true],
  ],
  median: (make) => [
    [make([3, 4]), 0],
    [make([2, 5]), 1, true],
  ],
  nanmedian: (make) => [[make([3, 4]), 0]],
  quantile: (make) => [
    [make([3, 4]), 0.3, 0],
    [make([3, 4]), 0.75],
    [make([3, 4]), 1, 1, true],
  ],
  nanquantile: (make) => [
    [make([3, 4]), 0.3, 0],
    [make([3, 4]), 0.75],
  ],
  instanceNorm: (make) => [[make([2, 2, 3]), null, null, make([2]), make([2])]],
  batchNorm: (make) => [
    [make([3, 2]), null, null, make([2]), make([2]), true],
    [make([2, 2, 3]), null, null, undefined, undefined, true],
  ],
  cat: (make) => [[[make([2, 3]), make([2, 3]), make([2, 1])], -1], [[make([3]), make([2])]]],
  stack: (make) => [
    [[make([2, 3]), make([2, 3])], 1],
    [[make([2, 3]), make([2, 3])], -1],
  ],
  indexSelect: (make) => [[make([2, 3, 2]), 1, places(make, [5], 3)]],
  gather: (make) => [
    [make([4, 4]), 0, places(make, [3, 4], 4)],
    [make([2, 3, 2]), 1, places(make, [2, 5, 2], 3)],
    [make([4, 4]), -1, places(make, [4, 4], 4)],
    [make([20, 30]), 1, places(make, [20, 50], 30)],
  ],
  takeAlongDim: (make) => [[make([4, 4]), places(make, [4, 4], 4), 1]],
  scatter: (make) => [[make([4, 4]), 1, places(make, [4, 4], 4), make([4, 4])]],
  scatterAdd: (make) => [
    [make([4, 4]), 0, places(make, [4, 4], 4), make([4, 4])],
    [make([2, 3, 2]), 1, places(make, [2, 2, 2], 3), make([2, 2, 2])],
    [make([20, 30]), 1, places(make, [20, 50], 30), make([20, 50])],
  ],
  scatterReduce: (make) =>
    ['sum', 'prod', 'amax', 'amin', 'mean'].flatMap((reduce) => [
      [make([4, 4]), 0, places(make, [4, 4], 4), make([4, 4]), reduce],
      [make([2, 3, 2]), 1, places(make, [2, 5, 2], 3), make([2, 5, 2]), reduce],
    ]),
  multilabelMarginLoss: (make) => [
    [make([2, 8]), make([2, 8], { dtype: 'int64', low: -1, high: 8 })],
    [make([3, 5]), make([3, 5], { dtype: 'int64', low: 0, high: 5 }), 'sum'],
  ],
  logsumexp: (make) => [[make([2, 3]), [0, 1]]],
  indexAdd: (make) => [[make([2, 3, 2]), 1, places(make, [4], 3), make([2, 4, 2])]],
  maskedSelect: (make) => [[make([2, 3]), make([2, 3], { dtype: 'bool', low: 0, high: 2 })]],
  at: (make) => [
    [make([2, 3]), make([2, 3], { dtype: 'bool', low: 0, high: 2 })],
    [make([4, 2]), places(make, [3], 4)],
  ],
  flip: (make) => [
    [make([2, 3]), 1],
    [make([2, 3, 2]), [-2]],
    [make([4, 100]), 0],
    [make([3, 150]), 1],
  ],
  diff: (make) => [[make([3, 4])]],
  cumsum: (make) => [
    [make([2, 3, 2]), 0],
    [make([5]), -1],
  ],
  cumprod: (make) => [
    [make([2, 3, 2]), 0],
    [make([5]), -1],
  ],
  cross: (make) => [
    [make([4, 3]), make([4, 3])],
    [make([2, 3, 2]), make([2, 3, 2]), 1],
  ],
  diag: (make) => [
    [make([3]), 1],
    [make([3]), -2],
    [make([3, 4])],
    [make([3, 4]), 3],
    [make([4, 3]), -2],
    [make([4, 3]), 5],
  ],
  tril: (make) => [[make([2, 3, 4])], [make([3, 4]), 2], [make([3, 4]), -1]],
  triu: (make) => [[make([2, 3, 4])], [make([3, 4]), 2], [make([3, 4]), -1]],
  indexFill: (make) => [
    [make([2, 3, 2]), 1, places(make, [2], 3), 0.5],
    [make([4]), -1, places(make, [5], 4), -1],
  ],
  blockDiag: (make) => [
    [make([2, 3])],
    [make([2, 3]), make([1, 1]), make([3, 1])],
    [make([2]), make([1, 2])],
  ],
  cartesianProd: (make) => [[make([3])], [make([3]), make([1])], [make([2]), make([2]), make([2])]],
  pad: (make) => [
    [make([2, 3]), [1, 2], 'constant', 0.5],
    [make([2, 2, 3]), [1, 0, 2, 1]],
    [make([2, 2, 3]), [0, 2]],
    [make([3]), [2, 1]],
  ],
  pixelShuffle: (make) => [
    [make([2, 9, 2, 1]), 3],
    [make([8, 1, 3]), 2],
  ],
  pixelUnshuffle: (make) => [
    [make([2, 2, 3, 6]), 3],
    [make([1, 4, 6]), 2],
  ],
  interpolate: (make) => [
    [make([2, 1, 2, 3]), undefined, 2],
    [make([1, 2, 3]), undefined, 3, 'nearest'],
  ],
  affineGrid: (make) => [
    [make([2, 2, 3]), [2, 1, 3, 4]],
    [make([1, 2, 3]), [1, 2, 1, 5], true],
  ],
  clamp: (make) => [
    [make([2, 3]), -0.3, 0.4],
    [make([2, 3]), 0.5, -0.5],
  ],
  bitwiseLeftShift: (make) => [
    [make([2, 3], { dtype: 'int32', low: -9, high: 9 }), make([2, 3], { dtype: 'int32', low: 0, high: 32 })],
    [make([4], { dtype: 'int32', low: -9, high: 9 }), make([4], { dtype: 'int32', low: -2, high: 70 })],
    [make([4], { dtype: 'uint8', low: 0, high: 256 }), make([4], { dtype: 'uint8', low: 0, high: 9 })],
  ],
  bitwiseRightShift: (make) => [
    [
      make([2, 3], { dtype: 'int32', low: -99, high: 99 }),
      make([2, 3], { dtype: 'int32', low: 0, high: 32 }),
    ],
    [make([4], { dtype: 'int32', low: -99, high: 99 }), make([4], { dtype: 'int32', low: -2, high: 70 })],
    [make([4], { dtype: 'uint8', low: 0, high: 256 }), make([4], { dtype: 'uint8', low: 0, high: 9 })],
  ],
  diagflat: (make) => [[make([3]), -1]],
  diagEmbed: (make) => [[make([4])]],
  addcmul: addc,
  addmv: (make) => [
    [make([2]), make([2, 3]), make([3]), 0.5, 2],
    [make([1]), make([3, 2]).t(), make([3])],
  ],
  addr: (make) => [[make([3]), make([2]), make([3]), 0.5, 2]],
  matmul: (make) => [[make([3, 2]).t(), make([3, 4])]],
  maxPool2d: (make) => [[make([1, 2, 4, 5]), [3, 2], [1, 2], [1, 0]]],
  maxPool3d: (make) => [[make([1, 1, 2, 4, 4]), 2]],
  avgPool2d: (make) => [[make([2, 5, 4]), 3, 2, 1]],
  avgPool3d: (make) => [[make([1, 1, 2, 4, 4]), 2]],
  adaptiveAvgPool1d: even(1),
  adaptiveAvgPool2d: even(2),
  adaptiveAvgPool3d: even(3),
  adaptiveMaxPool1d: even(1),
  adaptiveMaxPool2d: even(2),
  adaptiveMaxPool3d: even(3),
  layerNorm: (make) => [[make([2, 2, 3]), [2, 3], make([2, 3]), make([2, 3]), 0.5]],
  groupNorm: (make) => [[make([2, 4, 3]), 2, make([4]), make([4])]],
  floorDivide: wholeNumbers,
  fmod: wholeNumbers,
  remainder: wholeNumbers,
  bitwiseAnd: wholeNumbers,
  bitwiseOr: wholeNumbers,
  bitwiseXor: wholeNumbers,
  bitwiseNot: (make) => [[make([2, 3], { dtype: 'int32', low: -9, high: 9 })]],
  addcdiv: addc,
  maskedFill: (make) => [[make([2, 3]), make([2, 3], { dtype: 'bool', low: 0, high: 2 }), 2.5]],
  dist: (make) => [[make([2, 3]), make([2, 3])]],
  lerp: (make) => [[make([2, 3]), make([3]), make([])]],
  klDiv: withReduction,
  poissonNllLoss: (make) => [[make([2, 3]), make([2, 3], { low: 0, high: 3 })]],
  hingeEmbeddingLoss: (make) => [[make([3]), make([3]).sign(), 0.5, 'sum']],
  marginRankingLoss: (make) => [[make([3]), make([3]), make([3]).sign(), 0.5, 'sum']],
  smoothL1Loss: withReduction,
  huberLoss: withReduction,
  softMarginLoss: withReduction,
  nllLoss: (make) => [[make([3, 4]), places(make, [3], 4), undefined, undefined, 'sum']],
  crossEntropy: (make) => [[make([3, 4]), places(make, [3], 4)]],
  pairwiseDistance: (make) => [[make([2, 3]), make([2, 3]), 2, 1e-6, true]],
  cosineSimilarity: (make) => [[make([2, 3, 2]), make([2, 3, 2]), -2, 0.5]],
  where: (make) => [[make([2, 3], { dtype: 'bool', low: 0, high: 2 }), make([2, 3]), make([3])]],
  dstack: (make) => [[[make([2, 3]), make([2, 3])]]],
  hstack: (make) => [[[make([2, 3]), make([2, 1])]], [[make([2]), make([3])]]],
  vstack: (make) => [[[make([2, 3]), make([1, 3])]], [[make([3]), make([3])]]],
  columnStack: (make) => [[[make([2, 3]), make([2, 1])]], [[make([3]), make([3])]]],
  bilinear: (make) => [[make([2, 3]), make([2, 4]), make([2, 3, 4])]],
  einsum: (make) => [
    ['ij,jk->ki', [make([2, 3]), make([3, 4])]],
    ['bij,bjk->bik', [make([2, 2, 3]), make([2, 3, 2])]],
    ['i,j->ij', [make([2]), make([3])]],
    ['ij,ij->', [make([2, 3]), make([2, 3])]],
    ['bi,bi->b', [make([2, 3]), make([2, 3])]],
    ['ij,jk->ik', [make([2, 3]), make([2, 3])]],
  ],
  tensordot: (make) => [
    [make([2, 3]), make([3, 2]), 1],
    [make([2, 3]), make([2, 2]), 1],
    [make([3]), make([3]), 1],
  ],
  roll: (make) => [
    [make([2, 3, 2]), 1, 1],
    [make([4]), -3, 0],
    [make([2, 3]), 7, -1],
  ],
  rot90: (make) => [
    [make([2, 3]), 2],
    [make([2, 3]), -1],
    [make([2, 3]), 5],
  ],
  tile: (make) => [
    [make([2, 3]), [2, 3]],
    [make([3]), [2, 2]],
  ],
  repeatInterleave: (make) => [
    [make([2, 3, 2]), 2, 1],
    [make([2, 3]), 3, -1],
  ],
  selectScatter: (make) => [[make([2, 3, 2]), make([2, 2]), -2, 1]],
  sliceScatter: (make) => [
    [make([5, 2]), make([2, 2]), 0, -4, -1, 2],
    [make([3]), make([3])],
  ],
  cosineEmbeddingLoss: (make) => [[make([2, 3]), make([2, 3]), make([2]).sign(), 0.5]],
  trapezoid: (make) => [[make([2, 3, 2]), undefined, 0.5, 1]],
  cumulativeTrapezoid: (make) => [[make([2, 3, 2]), undefined, 0.5, 1]],
  glu: (make) => [[make([2, 4, 2]), 1]],
  to: (make) =>
    (['float32', 'float64', 'int32', 'int64', 'uint8', 'bool', 'float17'] as const).map((dtype) => [
      make([2, 3], { low: -300, high: 300 }),
      dtype,
    ]),
  add: (make) => [
    [make([3, 4]), make([3, 1])],
    [make([3, 4]), make([1, 4])],
    [make([3, 4]), make([4, 3]).t()],
    [make([4, 3]).t(), 0.5],
    [make([4, 3]).t(), make([3, 1])],
  ],
  sum: (make) => [[make([4, 3]).t(), 1]],
  logicalXor: (make) => [[make([2, 3]), make([3])]],
  maskedScatter: (make) => [[make([3, 40]), make([3, 40], { dtype: 'bool', low: 0, high: 2 }), make([120])]],
};

/** Every reduction over all, a dimension in front, in the middle and at the end, and with it kept. */
const reductions = (make: SampleMaker): readonly (readonly unknown[])[] => [
  [make([2, 3, 2])],
  [make([2, 3, 2]), 0],
  [make([2, 3, 2]), 1],
  [make([2, 3, 2]), -1],
  [make([5]), 0],
];

function samplesOf(record: OpRecord): (readonly unknown[])[] {
  const make = sampleMaker();
  const isReduction = record.params[1] === 'dim' && record.params[2] === 'keepdim';
  return [
    ...record.samples!(make),
    ...(FURTHER[record.name]?.(make) ?? []),
    ...(isReduction || /^(var|std|varMean|stdMean|countNonzero)$/.test(record.name) ? reductions(make) : []),
  ];
}

type Change = (x: Tensor) => Tensor;

const special = tensor([NaN, -0, 0, Infinity, -Infinity, 1.5, -2.25, -0], { dtype: 'float64' });

/** Other elements in every second place of float tensors. */
const extraordinary: Change = (x) => {
  if (!isFloat(x.dtype) || x.numel() === 0) return x;
  const values = x.reshape([-1]).toArray() as number[];
  const others = special.toArray();
  return tensor(
    values.map((value, i) => (i % 2 === 1 ? value : others[(i / 2) % others.length])),
    { dtype: x.dtype },
  ).reshape(x.shape);
};

const changes: Readonly<Record<string, Change>> = {
  'in float64': (x) => x.detach(),
  'in float32': (x) => (isFloat(x.dtype) ? x.detach().to('float32') : x),
  'in int32': (x) => (isFloat(x.dtype) ? x.detach().to('int32') : x),
  'in int64': (x) => (isFloat(x.dtype) ? x.detach().to('int64') : x),
  'in uint8': (x) => (isFloat(x.dtype) ? x.detach().abs().mul(100).to('uint8') : x),
  'in bool': (x) => (isFloat(x.dtype) ? x.detach().to('bool') : x),
  'of NaN, infinities and zeros of both signs': (x) => extraordinary(x.detach()),
  'with gaps in memory': (x) =>
    x
      .detach()
      .repeatInterleave(2, x.ndim - 1)
      .at('...', slice(0, null, 2)),
};

function changed(args: readonly unknown[], change: Change): readonly unknown[] {
  return replaceTensors(
    args,
    tensorsIn(args).map((x) => (x.ndim === 0 ? x.detach() : change(x))),
  );
}

/** Results, or what was thrown instead, of the loop and of the op. */
function expectAlike(actual: readonly unknown[], expected: readonly unknown[]): void {
  const areTensors = expected.every((x) => x instanceof Tensor) && actual.every((x) => x instanceof Tensor);
  if (areTensors) expectSame(tensorsIn(actual), tensorsIn(expected));
  else expect(actual).toEqual(expected);
}

/** Kernels round float32 at every step, loops at the end: of normalized elements that differs most. */
const ROUNDED = 1e-5;

function expectSame(actual: readonly Tensor[], expected: readonly Tensor[]): void {
  expect(actual.map((x) => [x.dtype, x.shape])).toEqual(expected.map((x) => [x.dtype, x.shape]));
  actual.forEach((x, i) => {
    const [a, b] = [x, expected[i]].map((y) => y.to('float64').reshape([-1]).toArray());
    a.forEach((value, k) => {
      const close =
        Math.abs(value - b[k]) <= (x.dtype === 'float32' ? ROUNDED : 1e-14) * Math.max(1, Math.abs(b[k]));
      if (!close && !Object.is(value, b[k])) expect(a).toEqual(b);
    });
  });
}

describe('the loop over a few elements of', () => {
  beforeAll(() => setDefaultDtype('float64'));
  afterAll(() => setDefaultDtype('float32'));
  afterEach(() => {
    fewElements.limit = USUAL;
  });

  for (const record of withLoops)
    describe(record.name, () => {
      const call = callOf(record);
      const compute = (args: readonly unknown[], limit: number): readonly unknown[] => {
        fewElements.limit = limit;
        try {
          const result = call(...args);
          return typeof result === 'boolean' ? [result] : tensorsIn(result);
        } catch (error) {
          return [String(error)];
        }
      };

      for (const [how, change] of Object.entries(changes))
        it(`gives what kernels give ${how}`, () => {
          for (const sample of samplesOf(record)) {
            const args = changed(sample, change);
            expectAlike(compute(args, USUAL), compute(args, 0));
          }
        });

      if (record.options)
        it('leaves what is given by name to who knows the names', () => {
          for (const sample of samplesOf(record)) {
            const args = changed(sample, changes['in float32']);
            const last = args.length - 1;
            if (last < 1 || args[last] === undefined) continue;
            const [a, b, c, d, e, f] = [...args.slice(0, last), { [record.params[last]]: args[last] }];
            expect(record.few!(a, b, c, d, e, f)).toBeNull();
          }
        });

      it('is what runs, unless it is switched off or the result is to be recorded', () => {
        const calls = samplesOf(record).flatMap((sample) =>
          ['in float32', 'in int32'].map((how) => changed(sample, changes[how])),
        );
        const taken = calls.map(([a, b, c, d, e, f]) => {
          fewElements.limit = USUAL;
          const result = record.few!(a, b, c, d, e, f);
          fewElements.limit = 0;
          expect(record.few!(a, b, c, d, e, f)).toBeNull();
          return result !== null;
        });
        expect(taken).toContain(true);
        fewElements.limit = USUAL;
        for (const [a, b, c, d, e, f] of samplesOf(record)) {
          const recorded = tensorsIn([a, b, c]).some((x) => x.requiresGrad);
          // Views of what is recorded record themselves.
          if (recorded && record.name !== 'at') expect(record.few!(a, b, c, d, e, f)).toBeNull();
          if (recorded)
            expect(tensorsIn([noGrad(() => record.few!(a, b, c, d, e, f))]).some((x) => x.requiresGrad)).toBe(
              false,
            );
        }
      });
    });

  it('sums over what a row or a column was repeated to gives the gradients that kernels give', () => {
    const make = sampleMaker();
    const matrix = make([3, 4]);
    for (const shape of [[4], [1, 4], [3, 1], [1, 1], [1], []])
      for (const dtype of ['float64', 'float32'] as const) {
        const [a, b] = [matrix, make(shape)].map((x) => x.detach().to(dtype).requiresGrad_());
        const [given] = [make([3, 4]).detach().to(dtype)];
        const gradients = (): Tensor[] => [
          a.mul(b),
          b.sub(a),
          ...grad(a.mul(b), [a, b], { gradOutputs: given }),
          ...grad(b.sub(a), [a, b], { gradOutputs: given }),
        ];
        fewElements.limit = USUAL;
        const actual = gradients();
        fewElements.limit = 0;
        expectSame(actual, gradients());
        expectSame([actual[0]], [a.mul(b.expand([3, 4]).clone())]);
        expectSame([actual[1]], [b.expand([3, 4]).clone().sub(a)]);
      }
  });

  it('copies few elements of any strides and dtypes as kernels do', () => {
    const wide = [-3.7, -1, -0, 0, 0.4, 1, 2.5, 200, NaN, Infinity, -Infinity, 1e10];
    const whole = [-3, -1, 0, 0, 1, 1, 2, 200, 7, 9, 250, 3];
    const dtypes: readonly DType[] = ['float32', 'float64', 'int32', 'int64', 'uint8', 'bool'];
    for (const from of dtypes) {
      const values = from.startsWith('float') ? wide : whole.map((v) => (from === 'uint8' ? Math.abs(v) : v));
      const x = tensor(values, { dtype: 'float64' }).to(from);
      const views: Tensor[] = [
        x,
        x.reshape([3, 4]),
        x.reshape([3, 4]).t(),
        x.reshape([3, 4]).at('...', slice(1, 3)),
        x.at(4),
        x.reshape([3, 4]).at(1).expand([2, 4]),
        x.reshape([2, 3, 2]).transpose(0, 2),
      ];
      for (const view of views)
        for (const into of dtypes) {
          fewElements.limit = USUAL;
          const actual = [view.to(into), view.clone(), view.contiguous()];
          fewElements.limit = 0;
          expectSame(actual, [view.to(into), view.clone(), view.contiguous()]);
        }
    }
  });

  it('computes operands of any strides as kernels do', () => {
    const make = sampleMaker();
    const [a, b] = [make([4, 3]), make([3, 4])].map((x) => x.detach());
    const operands = [
      b,
      a.t(),
      b.at(1),
      b.at(slice(), slice(1, 2)),
      make([3, 8])
        .detach()
        .at('...', slice(0, null, 2)),
      b.at(1, 2),
    ];
    for (const dtype of ['float64', 'float32'] as const)
      for (const x of operands)
        for (const y of operands) {
          const [p, q] = [x.to(dtype), y.to(dtype)];
          const compute = (): Tensor[] => [p.add(q), p.div(q), p.expand([3, 4]).sub(q.expand([3, 4]))];
          fewElements.limit = USUAL;
          const actual = compute();
          fewElements.limit = 0;
          expectSame(actual, compute());
        }
  });

  it('sums and joins leaves function transforms and derivatives alone', () => {
    const x = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'float64', requiresGrad: true },
    );
    expect(
      grad(
        x
          .sum(0)
          .mul(tensor([2, 3]))
          .sum(),
        x,
      )[0].toArray(),
    ).toEqual([
      [2, 3],
      [2, 3],
    ]);
    expect(vmap((row: Tensor) => row.sum())(x.detach()).toArray()).toEqual([3, 7]);
    expect(vmap((row: Tensor) => row.flip(0))(x.detach()).toArray()).toEqual([
      [2, 1],
      [4, 3],
    ]);
    const [, tangent] = jvp(
      (y: Tensor) => y.amax(1),
      [x.detach()],
      [
        tensor(
          [
            [1, 10],
            [100, 1000],
          ],
          { dtype: 'float64' },
        ),
      ],
    );
    expect(tangent.toArray()).toEqual([10, 1000]);
  });
});

describe('a spread', () => {
  it('divides by the number of elements where it is to be biased, however many there are', () => {
    const x = tensor([1, 2, 4, 8], { dtype: 'float64' });
    // Deviations from 3.75: (7.5625 + 3.0625 + 0.0625 + 18.0625) / 4
    expect(x.var({ unbiased: false }).item()).toBe(7.1875);
    expect(x.var(0, false).item()).toBe(7.1875);
    expect(x.std({ unbiased: false }).item()).toBe(Math.sqrt(7.1875));
    expect(x.var({ unbiased: true }).item()).toBeCloseTo((7.1875 * 4) / 3, 12);
  });
});
