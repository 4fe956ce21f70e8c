/** Plans of convolutions: tables of sizes and offsets in the tensor memory, which the code reads. */
import type { FloatElement } from '../api.js';
import { type ConvGeometry, type Triple, volume } from '../convolution.js';
import { i32 as words } from '../../memory.js';
import { Storage } from '../../storage.js';
import { elementBytes } from '../views.js';
import { ConvWord, FrameWord } from './convolution-frame.js';
import { floatLanes } from './lanes.js';

/** A convolution as the code sees it: a kernel that slides over a frame of zeros with a sample in it. */
export interface Sliding extends Omit<ConvGeometry, 'samples'> {
  /** Whether places of the kernel are met from the last to the first. */
  readonly flipped: boolean;
}

export interface Plan {
  /** Holds the table that the code reads. */
  readonly storage: Storage;
  /** Bytes of the frames of one sample: of the input, and of the result's gradient. */
  readonly frameBytes: number;
  readonly gradFrameBytes: number;
}

function up(n: number, by: number): number {
  return Math.ceil(n / by) * by;
}

/** Writes the plan of a frame behind `at`; returns bytes of a line, a row, a slice and a plane. */
function planFrame(
  at: number,
  bytes: number,
  s: {
    channels: number;
    input: Triple;
    padding: Triple;
    /** Sizes of the frame, over depth and height, and the length of a line. */
    depth: number;
    height: number;
    pitch: number;
    phases: number;
  },
): { line: number; row: number; slice: number; plane: number } {
  const line = s.pitch * bytes;
  const row = line * s.phases;
  const slice = row * s.height;
  const plane = slice * s.depth;
  const put = (name: keyof typeof FrameWord, value: number): void => {
    words[at + FrameWord[name]] = value;
  };
  put('channels', s.channels);
  put('depth', s.input[0]);
  put('height', s.input[1]);
  put('width', s.input[2]);
  put('rowBytes', row);
  put('sliceGap', (s.height - s.input[1]) * row);
  put('planeGap', (s.depth - s.input[0]) * slice);
  put('interior', s.padding[0] * slice + s.padding[1] * row);
  put('frameBytes', s.channels * plane);
  put('phases', s.phases);
  put('lineBytes', line);
  put('padding', s.padding[2]);
  return { line, row, slice, plane };
}

export function makePlan(element: FloatElement, s: Sliding): Plan {
  const bytes = elementBytes[element];
  const { lanes } = floatLanes[element];
  const { input, kernel, counts, stride, padding, dilation } = s;
  const reach = (d: 0 | 1 | 2): number => (kernel[d] - 1) * dilation[d];
  const size = (d: 0 | 1): number =>
    Math.max(input[d] + padding[d], (counts[d] - 1) * stride[d] + reach(d) + 1);
  const width = up(counts[2], lanes);
  const pitch = Math.max(
    Math.ceil((input[2] + padding[2]) / stride[2]),
    width + Math.floor(reach(2) / stride[2]),
  );
  const table = s.channels * volume(kernel);
  const storage = Storage.allocate(4 * (ConvWord.table + table), 'conv');
  const start = storage.ptr / 4;
  const { line, row, slice, plane } = planFrame(start + ConvWord.frame, bytes, {
    ...{ channels: s.groups * s.channels, input, padding, pitch, phases: stride[2] },
    ...{ depth: size(0), height: size(1) },
  });
  const grad = planFrame(start + ConvWord.gradFrame, bytes, {
    ...{ channels: s.groups * s.outChannels, input: counts, padding: [0, 0, 0], pitch: width, phases: 1 },
    ...{ depth: counts[0], height: counts[1] },
  });
  const put = (name: keyof typeof ConvWord, value: number): void => {
    words[start + ConvWord[name]] = value;
  };
  put('groups', s.groups);
  put('fours', s.outChannels >> 2);
  put('rest', s.outChannels & 3);
  put('depth', counts[0]);
  put('height', counts[1]);
  put('width', counts[2]);
  put('depthStep', stride[0] * slice);
  put('heightStep', stride[1] * row);
  put('groupBytes', s.channels * plane);
  put('planeBytes', volume(counts) * bytes);
  put('tableBytes', 4 * table);
  put('gradPlaneBytes', grad.plane);
  put('rowVectors', width / lanes);
  let at = start + ConvWord.table;
  const place = (k: number, d: 0 | 1 | 2): number => (s.flipped ? kernel[d] - 1 - k : k) * dilation[d];
  for (let c = 0; c < s.channels; c++)
    for (let z = 0; z < kernel[0]; z++)
      for (let y = 0; y < kernel[1]; y++)
        for (let x = 0; x < kernel[2]; x++) {
          const along = place(x, 2);
          const phase = along % stride[2];
          words[at++] =
            c * plane +
            place(z, 0) * slice +
            place(y, 1) * row +
            phase * line +
            ((along - phase) / stride[2]) * bytes;
        }
  return {
    storage,
    frameBytes: s.groups * s.channels * plane,
    gradFrameBytes: s.groups * s.outChannels * grad.plane,
  };
}
