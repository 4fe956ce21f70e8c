/** Convolutions: their plans, and which way they are computed. */
import type { FloatElement, Ptr } from '../api.js';
import { type ConvGeometry, type Triple, volume } from '../convolution.js';
import { Storage } from '../../storage.js';
import { recording } from '../recording.js';
import { parallel } from '../threads/index.js';
import { elementBytes } from '../views.js';
import { copy } from './convert.js';
import { type ConvFunctions, compileConv } from './convolution-code.js';
import { SLACK } from './convolution-frame.js';
import { makePlan, type Plan } from './convolution-plan.js';
import { matmul } from './gemm.js';
import { floatLanes } from './lanes.js';
import { fill } from './optimizers.js';
import { reduce } from './reduce.js';
import { addWindows } from './windows.js';

interface Plans {
  forward?: Plan;
  /** Of the gradient by the input as a convolution; null where it is none that slides by 1. */
  backward?: Plan | null;
  /** The same with samples side by side; null where that is no better. */
  turned?: ConvGeometry | null;
}

/** Frames of several samples are looked at together as long as a cache holds them. */
const BLOCK_BYTES = 128 * 1024;
/** Rows of fewer places than this are too short for vectors; samples side by side make long ones of them. */
const NARROW = 7;
/** For the gradient by the weight, which sums over them. */
const NARROW_SUMS = 10;
/** Multiplications that are worth a chunk of threads. */
const PER_CHUNK = 2 ** 20;
/** Gradients by the weight that are kept apart. */
const MOST_SUMS = 8;
/** As many samples side by side, where their number can be divided by one of these. */
const SIDE_BY_SIDE = [16, 24, 20, 12, 32, 8];

const functions: Partial<Record<FloatElement, ConvFunctions>> = {};
const plans: Readonly<Record<FloatElement, WeakMap<ConvGeometry, Plans>>> = {
  float32: new WeakMap(),
  float64: new WeakMap(),
};

function functionsOf(element: FloatElement): ConvFunctions {
  return (functions[element] ??= compileConv(floatLanes[element]));
}

function plansOf(element: FloatElement, g: ConvGeometry): Plans {
  let own = plans[element].get(g);
  if (own === undefined) plans[element].set(g, (own = {}));
  return own;
}

/** Plans that a compiled step was recorded with: it calls kernels with their addresses. */
const pinned = new Set<Storage>();

function addressOf({ storage }: Plan): Ptr {
  if (recording.current !== null) pinned.add(storage);
  return storage.ptr;
}

/** Samples in a chunk, a power of two: `least` multiplications and more. */
function samplesAtOnce(samples: number, perSample: number, least: number): number {
  const most = Math.max(1, Math.min(samples, least / perSample));
  return 2 ** Math.floor(Math.log2(most));
}

/** Multiplications of a sample. */
function perSample(g: ConvGeometry): number {
  return g.groups * g.channels * g.outChannels * volume(g.kernel) * volume(g.counts);
}

/** The kernel of a plan over all samples; `steps` are bytes of a sample of x and of out. */
function overSamples(
  element: FloatElement,
  g: ConvGeometry,
  plan: Plan,
  [x, weights, bias, out]: readonly [x: Ptr, weights: Ptr, bias: Ptr, out: Ptr],
  [xStep, outStep]: readonly [x: number, out: number],
): void {
  const size = samplesAtOnce(g.samples, perSample(g), PER_CHUNK);
  const frameBytes = Math.ceil((plan.frameBytes + SLACK) / 64) * 64;
  const room = Storage.allocate(Math.ceil(g.samples / size) * frameBytes, 'conv');
  parallel(functionsOf(element).conv, [g.samples, x, weights, bias, out, room.ptr, addressOf(plan), xStep], {
    count: 0,
    size,
    steps: [0, xStep, 0, 0, outStep, frameBytes / size, 0, 0],
  });
  room.release();
}

function forwardPlan(element: FloatElement, g: ConvGeometry): Plan {
  const own = plansOf(element, g);
  return (own.forward ??= makePlan(element, { ...g, flipped: false }));
}

/**
 * Weights in the order in which the code reads them: of each group fours of rows, the four numbers of a place side by
 * side, and then what is left row by row. `row` and `column` are the distances of rows and of the blocks of `inner`
 * neighbours that a row is made of.
 */
function packWeights(
  element: FloatElement,
  weight: Ptr,
  s: {
    groups: number;
    rows: number;
    blocks: number;
    inner: number;
    row: number;
    block: number;
    group: number;
  },
  out: Ptr,
): void {
  const bytes = elementBytes[element];
  const { rows, blocks, inner } = s;
  const fours = rows >> 2;
  for (let group = 0; group < s.groups; group++) {
    const from = weight + group * s.group * bytes;
    const to = out + group * rows * blocks * inner * bytes;
    if (fours > 0)
      copy(
        element,
        element,
        [fours, blocks, inner, 4],
        { ptr: from, strides: [4 * s.row, s.block, 1, s.row] },
        to,
      );
    if (rows > 4 * fours)
      copy(
        element,
        element,
        [rows - 4 * fours, blocks, inner],
        { ptr: from + 4 * fours * s.row * bytes, strides: [s.row, s.block, 1] },
        to + 4 * fours * blocks * inner * bytes,
      );
  }
}

/**
 * The same convolution of blocks of samples, which have them side by side as their last dimension; null where rows are long
 * enough, or samples few.
 */
function turned(element: FloatElement, g: ConvGeometry, narrow = NARROW): ConvGeometry | null {
  if (g.counts[2] >= narrow || g.samples < 4) return null;
  const own = plansOf(element, g);
  if (own.turned !== undefined) return own.turned;
  const { input, kernel, counts, stride, padding, dilation } = g;
  const { groups, channels, outChannels } = g;
  const n = sideBySide(g.samples);
  const same = { samples: g.samples / n, groups, channels, outChannels };
  if (stride[2] === 1) {
    // Samples and places of a row are one long row.
    const wide = ([depth, height, width]: Triple): Triple => [depth, height, width * n];
    const geometry = { ...same, kernel, stride, input: wide(input), counts: wide(counts) };
    return (own.turned = { ...geometry, padding: wide(padding), dilation: wide(dilation) });
  }
  if (input[0] !== 1 || kernel[0] !== 1 || padding[0] !== 0) return (own.turned = null);
  const moved = ([, height, width]: Triple, last: number): Triple => [height, width, last];
  return (own.turned = {
    ...{ ...same, input: moved(input, n), counts: moved(counts, n), kernel: moved(kernel, 1) },
    ...{ stride: moved(stride, 1), padding: moved(padding, 0), dilation: moved(dilation, 1) },
  });
}

function sideBySide(samples: number): number {
  return SIDE_BY_SIDE.find((n) => samples % n === 0) ?? samples;
}

/** A copy of samples of `size` numbers with those of a block side by side, or the way back. */
function turn(element: FloatElement, samples: number, size: number, back: boolean, x: Ptr, out: Ptr): void {
  const n = sideBySide(samples);
  const [rows, columns] = back ? [n, size] : [size, n];
  const from = { ptr: x, strides: [n * size, 1, rows] };
  copy(element, element, [samples / n, rows, columns], from, out);
}

/** Elements of a sample, of the input and of the result. */
function sampleSizes(g: ConvGeometry): [input: number, result: number] {
  return [g.groups * g.channels * volume(g.input), g.groups * g.outChannels * volume(g.counts)];
}

export function conv(element: FloatElement, g: ConvGeometry, x: Ptr, weight: Ptr, bias: Ptr, out: Ptr): void {
  const other = turned(element, g);
  if (other !== null) {
    const [size, outSize] = sampleSizes(g);
    const from = Storage.allocate(g.samples * size * elementBytes[element], 'conv');
    const to = Storage.allocate(g.samples * outSize * elementBytes[element], 'conv');
    turn(element, g.samples, size, false, x, from.ptr);
    slide(element, other, from.ptr, weight, bias, to.ptr);
    turn(element, g.samples, outSize, true, to.ptr, out);
    from.release();
    to.release();
  } else slide(element, g, x, weight, bias, out);
}

function slide(element: FloatElement, g: ConvGeometry, x: Ptr, weight: Ptr, bias: Ptr, out: Ptr): void {
  const plan = forwardPlan(element, g);
  const bytes = elementBytes[element];
  const k = g.channels * volume(g.kernel);
  const count = g.groups * g.outChannels * k;
  let packed: Storage | null = null;
  if (g.outChannels > 3) {
    packed = Storage.allocate(count * bytes, 'conv');
    packWeights(
      element,
      weight,
      {
        groups: g.groups,
        rows: g.outChannels,
        blocks: 1,
        inner: k,
        row: k,
        block: k,
        group: g.outChannels * k,
      },
      packed.ptr,
    );
  }
  const [size, outSize] = sampleSizes(g);
  overSamples(element, g, plan, [x, packed?.ptr ?? weight, bias, out], [size * bytes, outSize * bytes]);
  packed?.release();
}

/** With a stride of 1, the gradient by the input is a convolution with the kernel turned round. */
function backwardPlan(element: FloatElement, g: ConvGeometry): Plan | null {
  const own = plansOf(element, g);
  if (own.backward !== undefined) return own.backward;
  const padding = g.kernel.map((k, d) => (k - 1) * g.dilation[d] - g.padding[d]);
  if (g.stride.some((s) => s !== 1) || padding.some((p) => p < 0)) return (own.backward = null);
  return (own.backward = makePlan(element, {
    ...{ groups: g.groups, channels: g.outChannels, outChannels: g.channels, kernel: g.kernel },
    ...{ input: g.counts, counts: g.input, stride: [1, 1, 1], dilation: g.dilation, flipped: true },
    padding: [padding[0], padding[1], padding[2]],
  }));
}

export function convInputGrad(
  element: FloatElement,
  g: ConvGeometry,
  grad: Ptr,
  weight: Ptr,
  out: Ptr,
): void {
  const other = turned(element, g);
  if (other !== null) {
    const [size, outSize] = sampleSizes(g);
    const from = Storage.allocate(g.samples * outSize * elementBytes[element], 'conv');
    const to = Storage.allocate(g.samples * size * elementBytes[element], 'conv');
    turn(element, g.samples, outSize, false, grad, from.ptr);
    slideBack(element, other, from.ptr, weight, to.ptr);
    turn(element, g.samples, size, true, to.ptr, out);
    from.release();
    to.release();
  } else slideBack(element, g, grad, weight, out);
}

function slideBack(element: FloatElement, g: ConvGeometry, grad: Ptr, weight: Ptr, out: Ptr): void {
  // Where most of the frame would be zeros, products of matrices have less to do.
  const plan = volume(g.input) > 2 * volume(g.counts) ? null : backwardPlan(element, g);
  if (plan === null) {
    spreadInputGrad(element, g, grad, weight, out);
    return;
  }
  const bytes = elementBytes[element];
  const places = volume(g.kernel);
  let packed: Storage | null = null;
  if (g.channels > 1) {
    packed = Storage.allocate(g.groups * g.outChannels * g.channels * places * bytes, 'conv');
    packWeights(
      element,
      weight,
      {
        ...{ groups: g.groups, rows: g.channels, blocks: g.outChannels, inner: places },
        ...{ row: places, block: g.channels * places, group: g.outChannels * g.channels * places },
      },
      packed.ptr,
    );
  }
  const [size, outSize] = sampleSizes(g);
  overSamples(element, g, plan, [grad, packed?.ptr ?? weight, 0, out], [outSize * bytes, size * bytes]);
  packed?.release();
}

/** Otherwise a product of matrices gives what each place of the kernel adds, sample by sample. */
function spreadInputGrad(element: FloatElement, g: ConvGeometry, grad: Ptr, weight: Ptr, out: Ptr): void {
  const bytes = elementBytes[element];
  const k = g.channels * volume(g.kernel);
  const [area, outArea] = [volume(g.input), volume(g.counts)];
  const columns = Storage.allocate(k * outArea * bytes, 'conv');
  fill(element, out, g.samples * g.groups * g.channels * area, 0);
  for (let at = 0; at < g.samples * g.groups; at++) {
    const group = at % g.groups;
    matmul(
      element,
      { batch: 1, m: k, n: outArea, k: g.outChannels },
      { ptr: weight + group * g.outChannels * k * bytes, row: 1, col: k, batch: 0 },
      { ptr: grad + at * g.outChannels * outArea * bytes, row: outArea, col: 1, batch: 0 },
      columns.ptr,
      0,
    );
    addWindows(element, g, columns.ptr, out + at * g.channels * area * bytes);
  }
  columns.release();
}

export function convWeightGrad(element: FloatElement, g: ConvGeometry, grad: Ptr, x: Ptr, out: Ptr): void {
  const other = turned(element, g, NARROW_SUMS);
  if (other !== null) {
    const [size, outSize] = sampleSizes(g);
    const left = Storage.allocate(g.samples * outSize * elementBytes[element], 'conv');
    const right = Storage.allocate(g.samples * size * elementBytes[element], 'conv');
    turn(element, g.samples, outSize, false, grad, left.ptr);
    turn(element, g.samples, size, false, x, right.ptr);
    addUp(element, other, left.ptr, right.ptr, out);
    left.release();
    right.release();
  } else addUp(element, g, grad, x, out);
}

function addUp(element: FloatElement, g: ConvGeometry, grad: Ptr, x: Ptr, out: Ptr): void {
  const plan = forwardPlan(element, g);
  const bytes = elementBytes[element];
  const count = g.groups * g.outChannels * g.channels * volume(g.kernel);
  const work = perSample(g);
  // Each chunk has sums of its own, which are added up in order: few enough that this does not count.
  const size = Math.max(
    samplesAtOnce(g.samples, work, Math.max(PER_CHUNK, 32 * count)),
    2 ** Math.ceil(Math.log2(g.samples / MOST_SUMS)),
  );
  const chunks = Math.ceil(g.samples / size);
  const both = plan.frameBytes + plan.gradFrameBytes;
  const block = Math.max(1, Math.min(size, Math.floor(BLOCK_BYTES / both)));
  const room = (bytes: number): number => Math.ceil((block * bytes + SLACK) / 64) * 64;
  const [frameBytes, gradFrameBytes] = [room(plan.frameBytes), room(plan.gradFrameBytes)];
  const frames = Storage.allocate(chunks * (frameBytes + gradFrameBytes), 'conv');
  const sums = chunks === 1 ? null : Storage.allocate(chunks * count * bytes, 'conv');
  const [inSize, outSize] = sampleSizes(g);
  const [xStep, gradStep] = [inSize * bytes, outSize * bytes];
  const gradFrames = frames.ptr + chunks * frameBytes;
  const to = sums?.ptr ?? out;
  const steps = [0, xStep, gradStep, (count * bytes) / size, frameBytes / size, gradFrameBytes / size];
  parallel(
    functionsOf(element).weights,
    [
      ...[g.samples, x, grad, to, frames.ptr, gradFrames, addressOf(plan)],
      ...[xStep, gradStep, block, count * bytes],
    ],
    { count: 0, size, steps: [...steps, 0, 0, 0, 0, 0], apart: chunks > 1 },
  );
  if (sums !== null) reduce('sum', element, 1, chunks, count, sums.ptr, out);
  sums?.release();
  frames.release();
}
