/**
 * The code of direct convolutions. A sample is copied into a frame of zeros, where the elements that a kernel's place
 * meets along a row of the result lie side by side (with strides, each residue of the stride has a line of its own). Then
 * a result is a product of matrices whose second operand is never made: its rows begin at offsets from a table.
 */
import {
  i32,
  ModuleBuilder,
  type FunctionBuilder,
  type FunctionHandle,
  type I32,
  type Local,
  type WasmFunction,
  v128,
} from '../assembler/index.js';
import { ConvWord, definePad, FrameWord, SLACK, word } from './convolution-frame.js';
import { defineWeights } from './convolution-weights-code.js';
import type { FloatLanes } from './lanes.js';
import { storeLeft } from './loops.js';

export type ConvFunctions = Readonly<Record<'pad' | 'conv' | 'weights', WasmFunction>>;

const CONV = {
  samples: 'i32',
  x: 'i32',
  weights: 'i32',
  bias: 'i32',
  out: 'i32',
  frame: 'i32',
  plan: 'i32',
  xStep: 'i32',
} as const;

interface Walk {
  readonly weights: Local<'i32'>;
  readonly out: Local<'i32'>;
  readonly bias: Local<'i32'>;
  readonly base: Local<'i32'>;
  readonly plan: I32;
  readonly depths: I32;
  readonly heights: I32;
  readonly width: I32;
  readonly depthStep: I32;
  readonly heightStep: I32;
  readonly table: I32;
  readonly tableEnd: I32;
  readonly planeBytes: I32;
}

/** All places of the window for `m` channels of the result at once, in tiles of up to `vectors` vectors. */
function emitChannels(f: FunctionBuilder, lanes: FloatLanes, m: number, vectors: number, s: Walk): void {
  const { ops } = lanes;
  const offset = f.let(i32.const(0));
  const at = f.let(i32.const(0));
  const weight = f.let(i32.const(0));
  const depth = f.let(s.depths);
  const slice = f.let(s.base);
  const height = f.let(i32.const(0));
  const row = f.let(i32.const(0));
  const x = f.let(i32.const(0));
  const left = f.let(i32.const(0));
  const outs = Array.from({ length: m }, (_, i) =>
    f.let(i === 0 ? s.out : i32.add(s.out, i32.mul(s.planeBytes, i))),
  );
  const starts = Array.from({ length: m }, () => f.let(ops.const(0)));
  f.if(s.bias, () => starts.forEach((start, i) => f.set(start, lanes.loadSplat(s.bias, i * lanes.bytes))));

  const tile = (count: number, store: (sums: Local<'v128'>[], i: number) => void): void => {
    f.scope(() => {
      const sums = starts.map((start) => Array.from({ length: count }, () => f.let(start)));
      const loaded = Array.from({ length: count }, () => f.let(ops.const(0)));
      const factor = f.let(ops.const(0));
      f.set(offset, s.table);
      f.set(weight, s.weights);
      f.doWhile(
        () => {
          f.set(at, i32.add(x, i32.load(offset)));
          loaded.forEach((value, v) => f.set(value, v128.load(at, 16 * v)));
          sums.forEach((own, i) => {
            f.set(factor, lanes.loadSplat(weight, i * lanes.bytes));
            own.forEach((sum, v) => f.set(sum, ops.add(sum, ops.mul(factor, loaded[v]))));
          });
          f.advance(weight, m * lanes.bytes);
          f.advance(offset, 4);
        },
        i32.ne(offset, s.tableEnd),
      );
      sums.forEach(store);
    });
  };
  const whole = vectors * lanes.lanes;
  const full = (): void =>
    tile(vectors, (sums, i) => {
      sums.forEach((sum, v) => f.store(outs[i], sum, 16 * v));
      f.advance(outs[i], vectors * 16);
    });
  /** The last tile of a row: its last vector may be a part of one. */
  const last = (count: number): void => {
    const rest = f.let(i32.sub(left, (count - 1) * lanes.lanes));
    tile(count, (sums, i) => {
      sums.slice(0, -1).forEach((sum, v) => f.store(outs[i], sum, 16 * v));
      const end = sums[count - 1];
      f.advance(outs[i], (count - 1) * 16);
      if (count === vectors) storeLeft(f, lanes.bytes, outs[i], end, rest);
      else
        f.if(
          i32.eq(rest, lanes.lanes),
          () => f.store(outs[i], end),
          () => storeLeft(f, lanes.bytes, outs[i], end, rest),
        );
      f.advance(outs[i], i32.mul(rest, lanes.bytes));
    });
  };
  /** Tiles of as many vectors as a row has left, from `count` on. */
  const rest = (count: number): void => {
    if (count === 1) f.if(left, () => last(1));
    else
      f.if(
        i32.gtU(left, (count - 1) * lanes.lanes),
        () => last(count),
        () => rest(count - 1),
      );
  };
  f.while(depth, () => {
    f.set(row, slice);
    f.set(height, s.heights);
    f.while(height, () => {
      f.set(x, row);
      f.set(left, s.width);
      f.while(i32.geU(left, whole), () => {
        full();
        f.advance(x, vectors * 16);
        f.advance(left, -whole);
      });
      rest(vectors);
      f.advance(row, s.heightStep);
      f.advance(height, -1);
    });
    f.advance(slice, s.depthStep);
    f.advance(depth, -1);
  });
}

function defineConv(module: ModuleBuilder, lanes: FloatLanes, pad: FunctionHandle): void {
  module.define('conv', CONV, (f, p) => {
    const at = (name: keyof typeof ConvWord): Local<'i32'> => f.let(word(p.plan, ConvWord[name]));
    const depths = at('depth');
    const heights = at('height');
    const width = at('width');
    const depthStep = at('depthStep');
    const heightStep = at('heightStep');
    const planeBytes = at('planeBytes');
    const groupBytes = at('groupBytes');
    const tableBytes = at('tableBytes');
    const table = f.let(i32.add(p.plan, 4 * ConvWord.table));
    const tableEnd = f.let(i32.add(table, tableBytes));
    const group = f.let(i32.const(0));
    const count = f.let(i32.const(0));
    const weights = f.let(i32.const(0));
    const bias = f.let(i32.const(0));
    const base = f.let(i32.const(0));
    const [out, plan] = [p.out, p.plan];
    const walk: Walk = {
      ...{ weights, out, bias, base, plan, depths, heights, width },
      ...{ depthStep, heightStep, table, tableEnd, planeBytes },
    };
    const channels = (m: number, vectors: number): void => {
      f.set(count, word(plan, m === 1 ? ConvWord.rest : ConvWord.fours));
      f.while(count, () => {
        f.scope(() => emitChannels(f, lanes, m, vectors, walk));
        // One offset, of 4 bytes, for each row of weights.
        f.advance(weights, i32.mul(tableBytes, (m * lanes.bytes) / 4));
        f.advance(out, i32.mul(planeBytes, m));
        f.if(bias, () => f.advance(bias, m * lanes.bytes));
        f.advance(count, -1);
      });
    };
    const frame = f.let(i32.add(plan, 4 * ConvWord.frame));
    f.fillBytes(p.frame, 0, i32.add(word(frame, FrameWord.frameBytes), SLACK));
    f.while(p.samples, () => {
      f.call(pad, p.x, p.frame, frame);
      f.advance(p.x, p.xStep);
      f.set(base, p.frame);
      f.set(weights, p.weights);
      f.set(bias, p.bias);
      f.set(group, word(plan, ConvWord.groups));
      f.while(group, () => {
        channels(4, 2);
        channels(1, 4);
        f.advance(base, groupBytes);
        f.advance(group, -1);
      });
      f.advance(p.samples, -1);
    });
  });
}

export function compileConv(lanes: FloatLanes): ConvFunctions {
  const module = new ModuleBuilder();
  const pad = definePad(module, lanes);
  defineConv(module, lanes, pad);
  defineWeights(module, lanes, pad);
  const { pad: padding, conv, weights } = module.compile();
  return { pad: padding, conv, weights };
}
