/** The code of the gradient of convolutions by their weight: sums over the places of the window. */
import {
  i32,
  type FunctionBuilder,
  type FunctionHandle,
  type I32,
  type Local,
  type ModuleBuilder,
  type V128,
  v128,
} from '../assembler/index.js';
import { ConvWord, FrameWord, SLACK, word } from './convolution-frame.js';
import type { FloatLanes } from './lanes.js';

const WEIGHTS = {
  samples: 'i32',
  x: 'i32',
  grad: 'i32',
  out: 'i32',
  frame: 'i32',
  gradFrame: 'i32',
  plan: 'i32',
  xStep: 'i32',
  gradStep: 'i32',
  /** So many samples are looked at together. */
  block: 'i32',
  /** Of the sums, which begin with zeros. */
  outBytes: 'i32',
} as const;

interface WeightWalk {
  /** Of so many samples in frames one behind the other. */
  readonly samples: I32;
  readonly frameBytes: I32;
  /** Where the gradients of these channels begin, and the sums that are added to. */
  readonly grad: I32;
  readonly sums: I32;
  readonly base: I32;
  readonly depths: I32;
  readonly heights: I32;
  readonly rowVectors: I32;
  readonly depthStep: I32;
  readonly heightStep: I32;
  readonly table: I32;
  readonly tableBytes: I32;
  readonly tableEnd: I32;
  readonly gradPlaneBytes: I32;
  /** From the end of a channel to where it begins in the next sample. */
  readonly gradRest: I32;
}

/** Adds some samples' gradient of `m` rows of weights, `places` at a time. */
function emitWeights(f: FunctionBuilder, lanes: FloatLanes, m: number, places: number, s: WeightWalk): void {
  const { ops } = lanes;
  const offset = f.let(s.table);
  const sum = f.let(s.sums);
  const sample = f.let(i32.const(0));
  const base = f.let(i32.const(0));
  const depth = f.let(i32.const(0));
  const height = f.let(i32.const(0));
  const left = f.let(i32.const(0));
  const slice = f.let(i32.const(0));
  const row = f.let(i32.const(0));
  const grads = Array.from({ length: m }, () => f.let(i32.const(0)));
  const rowBytes = f.let(i32.mul(s.tableBytes, lanes.bytes / 4));
  const tile = (count: number): void => {
    f.scope(() => {
      const totals = grads.map(() => Array.from({ length: count }, () => f.let(ops.const(0))));
      const offsets = Array.from({ length: count }, (_, k) => f.let(i32.load(offset, 4 * k)));
      const from = offsets.map(() => f.let(i32.const(0)));
      const values = grads.map(() => f.let(ops.const(0)));
      const x = f.let(ops.const(0));
      grads.forEach((grad, i) =>
        f.set(grad, i === 0 ? s.grad : i32.add(s.grad, i32.mul(s.gradPlaneBytes, i))),
      );
      f.set(base, s.base);
      f.set(sample, s.samples);
      f.while(sample, () => {
        f.set(slice, base);
        f.set(depth, s.depths);
        f.while(depth, () => {
          f.set(row, slice);
          f.set(height, s.heights);
          f.while(height, () => {
            from.forEach((pointer, k) => f.set(pointer, i32.add(row, offsets[k])));
            f.set(left, s.rowVectors);
            f.doWhile(() => {
              values.forEach((value, i) => f.set(value, v128.load(grads[i])));
              from.forEach((pointer, k) => {
                f.set(x, v128.load(pointer));
                totals.forEach((own, i) => f.set(own[k], ops.add(own[k], ops.mul(values[i], x))));
              });
              for (const pointer of [...grads, ...from]) f.advance(pointer, 16);
              f.advance(left, -1);
            }, left);
            f.advance(row, s.heightStep);
            f.advance(height, -1);
          });
          f.advance(slice, s.depthStep);
          f.advance(depth, -1);
        });
        for (const grad of grads) f.advance(grad, s.gradRest);
        f.advance(base, s.frameBytes);
        f.advance(sample, -1);
      });
      const to = f.let(sum);
      for (const own of totals) {
        own.forEach((total, k) => {
          const whole = lanes.horizontal(ops.add, total, (half) => f.let(half));
          const before: V128 = lanes.loadFirst(to, k * lanes.bytes);
          f.storeLane(lanes.bytes, to, ops.add(before, whole), 0, k * lanes.bytes);
        });
        f.advance(to, rowBytes);
      }
    });
    f.advance(offset, 4 * count);
    f.advance(sum, count * lanes.bytes);
  };
  f.while(i32.leU(i32.add(offset, 4 * places), s.tableEnd), () => tile(places));
  f.while(i32.ltU(offset, s.tableEnd), () => tile(1));
}

export function defineWeights(module: ModuleBuilder, lanes: FloatLanes, pad: FunctionHandle): void {
  module.define('weights', WEIGHTS, (f, p) => {
    const at = (name: keyof typeof ConvWord): Local<'i32'> => f.let(word(p.plan, ConvWord[name]));
    const depths = at('depth');
    const heights = at('height');
    const rowVectors = at('rowVectors');
    const depthStep = at('depthStep');
    const heightStep = at('heightStep');
    const groupBytes = at('groupBytes');
    const tableBytes = at('tableBytes');
    const gradPlaneBytes = at('gradPlaneBytes');
    const table = f.let(i32.add(p.plan, 4 * ConvWord.table));
    const tableEnd = f.let(i32.add(table, tableBytes));
    const group = f.let(i32.const(0));
    const count = f.let(i32.const(0));
    const base = f.let(i32.const(0));
    const grad = f.let(i32.const(0));
    const sums = f.let(i32.const(0));
    const samples = f.let(i32.const(0));
    const frame = f.let(i32.add(p.plan, 4 * ConvWord.frame));
    const gradFrame = f.let(i32.add(p.plan, 4 * ConvWord.gradFrame));
    const frameBytes = f.let(word(frame, FrameWord.frameBytes));
    const gradBytes = f.let(word(gradFrame, FrameWord.frameBytes));
    const gradRest = f.let(i32.sub(gradBytes, gradPlaneBytes));
    const walk: WeightWalk = {
      ...{ samples, grad, sums, base, depths, heights, rowVectors, depthStep, heightStep },
      ...{ table, tableBytes, tableEnd, gradPlaneBytes, frameBytes, gradRest },
    };
    const channels = (m: number, places: number): void => {
      f.set(count, word(p.plan, m === 1 ? ConvWord.rest : ConvWord.fours));
      f.while(count, () => {
        f.scope(() => emitWeights(f, lanes, m, places, walk));
        f.advance(grad, i32.mul(gradPlaneBytes, m));
        f.advance(sums, i32.mul(tableBytes, (m * lanes.bytes) / 4));
        f.advance(count, -1);
      });
    };
    const left = f.let(i32.const(0));
    const most = f.let(i32.minU(p.samples, p.block));
    f.fillBytes(p.frame, 0, i32.add(i32.mul(frameBytes, most), SLACK));
    f.fillBytes(p.gradFrame, 0, i32.add(i32.mul(gradBytes, most), SLACK));
    f.fillBytes(p.out, 0, p.outBytes);
    f.while(p.samples, () => {
      f.set(samples, i32.minU(p.samples, p.block));
      f.set(p.samples, i32.sub(p.samples, samples));
      f.set(base, p.frame);
      f.set(grad, p.gradFrame);
      f.set(left, samples);
      f.while(left, () => {
        f.call(pad, p.x, base, frame);
        f.call(pad, p.grad, grad, gradFrame);
        f.advance(p.x, p.xStep);
        f.advance(p.grad, p.gradStep);
        f.advance(base, frameBytes);
        f.advance(grad, gradBytes);
        f.advance(left, -1);
      });
      f.set(base, p.frame);
      f.set(grad, p.gradFrame);
      f.set(sums, p.out);
      f.set(group, word(p.plan, ConvWord.groups));
      f.while(group, () => {
        channels(4, 2);
        channels(1, 4);
        f.advance(base, groupBytes);
        f.advance(group, -1);
      });
    });
  });
}
