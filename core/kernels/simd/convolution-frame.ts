/** The frame of zeros around samples of a convolution, and what the code knows of it and of the windows. */
import {
  i32,
  type FunctionBuilder,
  type FunctionHandle,
  type I32,
  type Local,
  type ModuleBuilder,
  v128,
} from '../assembler/index.js';
import type { FloatLanes } from './lanes.js';
import { storeLeft } from './loops.js';

/** Vectors may be read, not used, behind the last element of a frame; in bytes. */
export const SLACK = 64;

/** Where sizes are in a plan, in words of 4 bytes. Sizes called `…Bytes` and steps are in bytes. */
export const ConvWord = {
  groups: 0,
  /** Channels of the result, in a group: fours, and those left over. */
  fours: 1,
  rest: 2,
  depth: 3,
  height: 4,
  width: 5,
  /** From one place of the window to the next, over depth and height. */
  depthStep: 6,
  heightStep: 7,
  /** One group's channels in the frame, and one channel of the result. */
  groupBytes: 8,
  planeBytes: 9,
  /** The table of offsets: its size, and where it begins behind the plan. */
  tableBytes: 10,
  /** The frame. */
  frame: 12,
  /** For the gradient by weights: the frame of the result's gradient. */
  gradFrame: 32,
  gradPlaneBytes: 31,
  /** The same of rows with vectors that are filled up with zeros. */
  rowVectors: 30,
  table: 52,
} as const;

/** Where sizes of a frame are, from its word on. */
export const FrameWord = {
  /** Planes of a sample: its channels. */
  channels: 0,
  depth: 1,
  height: 2,
  /** Elements of a row, and bytes of a row of the frame. */
  width: 3,
  rowBytes: 4,
  /** Behind the last row of a slice, and the last slice of a plane. */
  sliceGap: 5,
  planeGap: 6,
  /** From the frame's begin to the first element. */
  interior: 7,
  frameBytes: 8,
  /** The stride along rows, bytes of a line, and how many elements are in front of the first. */
  phases: 9,
  lineBytes: 10,
  padding: 11,
} as const;

/** A number of a plan. */
export function word(plan: I32, at: number): I32 {
  return i32.load(plan, 4 * at);
}

/** Copies a row of elements that stays a row: all vectors, then what is left. */
function copyLine(
  f: FunctionBuilder,
  lanes: FloatLanes,
  x: Local<'i32'>,
  to: Local<'i32'>,
  width: I32,
): void {
  const left = f.let(width);
  f.while(i32.geU(left, lanes.lanes), () => {
    f.store(to, v128.load(x));
    f.advance(x, 16);
    f.advance(to, 16);
    f.advance(left, -lanes.lanes);
  });
  f.if(left, () => {
    f.scope(() => storeLeft(f, lanes.bytes, to, v128.load(x), left));
    f.advance(x, i32.mul(left, lanes.bytes));
  });
}

/** Deals the elements of a row out to the lines of its residues. */
function dealLine(
  f: FunctionBuilder,
  lanes: FloatLanes,
  x: Local<'i32'>,
  row: I32,
  s: Readonly<Record<'width' | 'phases' | 'lineBytes' | 'padding', I32>>,
): void {
  const left = f.let(s.width);
  const phase = f.let(i32.remU(s.padding, s.phases));
  const first = f.let(i32.add(row, i32.mul(i32.divU(s.padding, s.phases), lanes.bytes)));
  const to = f.let(i32.add(first, i32.mul(phase, s.lineBytes)));
  f.while(left, () => {
    f.storeLane(lanes.bytes, to, lanes.loadFirst(x));
    f.advance(x, lanes.bytes);
    f.advance(phase, 1);
    f.advance(to, s.lineBytes);
    f.if(i32.eq(phase, s.phases), () => {
      f.set(phase, i32.const(0));
      f.advance(first, lanes.bytes);
      f.set(to, first);
    });
    f.advance(left, -1);
  });
}

const PAD = { x: 'i32', frame: 'i32', plan: 'i32' } as const;

/** Copies samples, which begin at x, into the frame; what is around them is zero already. */
export function definePad(module: ModuleBuilder, lanes: FloatLanes): FunctionHandle {
  return module.define('pad', PAD, (f, p) => {
    const at = (name: keyof typeof FrameWord): Local<'i32'> => f.let(word(p.plan, FrameWord[name]));
    const channels = at('channels');
    const depths = at('depth');
    const heights = at('height');
    const width = at('width');
    const rowBytes = at('rowBytes');
    const sliceGap = at('sliceGap');
    const planeGap = at('planeGap');
    const phases = at('phases');
    const lineBytes = at('lineBytes');
    const padding = at('padding');
    const row = f.let(i32.add(p.frame, word(p.plan, FrameWord.interior)));
    const depth = f.local('i32');
    const height = f.local('i32');
    const to = f.local('i32');
    f.while(channels, () => {
      f.set(depth, depths);
      f.while(depth, () => {
        f.set(height, heights);
        f.while(height, () => {
          f.if(
            i32.eq(phases, 1),
            () => {
              f.set(to, i32.add(row, i32.mul(padding, lanes.bytes)));
              copyLine(f, lanes, p.x, to, width);
            },
            () => dealLine(f, lanes, p.x, row, { width, phases, lineBytes, padding }),
          );
          f.advance(row, rowBytes);
          f.advance(height, -1);
        });
        f.advance(row, sliceGap);
        f.advance(depth, -1);
      });
      f.advance(row, planeGap);
      f.advance(channels, -1);
    });
  });
}
