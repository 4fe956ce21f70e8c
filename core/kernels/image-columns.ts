/**
 * The windows of images as columns, and columns added up where their windows lie, in plain JavaScript: rows of windows
 * are copied as they lie. Addresses are in bytes.
 */
import { f32, f64 } from '../memory.js';

/** Windows over planes of one size. */
export interface ImageWindows {
  readonly planes: number;
  readonly input: readonly [height: number, width: number];
  readonly kernel: readonly [height: number, width: number];
  readonly counts: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  readonly padding: readonly [height: number, width: number];
  readonly dilation: readonly [height: number, width: number];
}

/** Calls back for each row of windows: where it lies in the plane, from which window to which, and in the columns. */
type RowOfWindows = (plane: number, column: number, from: number, to: number) => void;

/** Which windows have the kernel's place q in the input, along one dimension: from the first to behind the last. */
function insideOf(
  q: number,
  size: number,
  count: number,
  stride: number,
  padding: number,
  dilation: number,
): [number, number] {
  const shift = q * dilation - padding;
  const first = Math.max(0, Math.ceil(-shift / stride));
  const end = Math.min(count, Math.ceil((size - shift) / stride));
  return [first, Math.max(first, end)];
}

/** Each row of windows for each plane and place of the kernel; one that lies in the padding as a whole has no windows. */
function eachRow(
  { planes, input, kernel, counts, stride, padding, dilation }: ImageWindows,
  visit: RowOfWindows,
): void {
  const [height, width] = input;
  const [rows, columns] = counts;
  let column = 0;
  for (let plane = 0; plane < planes; plane++)
    for (let p = 0; p < kernel[0]; p++)
      for (let q = 0; q < kernel[1]; q++) {
        const [from, to] = insideOf(q, width, columns, stride[1], padding[1], dilation[1]);
        for (let i = 0; i < rows; i++, column += columns) {
          const y = i * stride[0] - padding[0] + p * dilation[0];
          const start = (plane * height + y) * width + q * dilation[1] - padding[1];
          if (y < 0 || y >= height) visit(0, column, 0, 0);
          else visit(start, column, from, to);
        }
      }
}

/** out [planes · kernel, windows] = x [planes, height, width], of float32; 0 for what lies in the padding. */
export function takeColumns32(windows: ImageWindows, x: number, out: number): void {
  const [source, target] = [x >>> 2, out >>> 2];
  const step = windows.stride[1];
  const count = windows.counts[1];
  eachRow(windows, (plane, column, from, to) => {
    const row = target + column;
    for (let j = 0; j < from; j++) f32[row + j] = 0;
    for (let j = from, k = source + plane + from * step; j < to; j++, k += step) f32[row + j] = f32[k];
    for (let j = to; j < count; j++) f32[row + j] = 0;
  });
}

/** The same of float64. */
export function takeColumns64(windows: ImageWindows, x: number, out: number): void {
  const [source, target] = [x / 8, out / 8];
  const step = windows.stride[1];
  const count = windows.counts[1];
  eachRow(windows, (plane, column, from, to) => {
    const row = target + column;
    for (let j = 0; j < from; j++) f64[row + j] = 0;
    for (let j = from, k = source + plane + from * step; j < to; j++, k += step) f64[row + j] = f64[k];
    for (let j = to; j < count; j++) f64[row + j] = 0;
  });
}

/** out [planes, height, width] += columns x where their windows lie, of float32. */
export function addColumns32(windows: ImageWindows, x: number, out: number): void {
  const [source, target] = [x >>> 2, out >>> 2];
  const step = windows.stride[1];
  eachRow(windows, (plane, column, from, to) => {
    const row = source + column;
    for (let j = from, k = target + plane + from * step; j < to; j++, k += step) f32[k] += f32[row + j];
  });
}

/** The same of float64. */
export function addColumns64(windows: ImageWindows, x: number, out: number): void {
  const [source, target] = [x / 8, out / 8];
  const step = windows.stride[1];
  eachRow(windows, (plane, column, from, to) => {
    const row = source + column;
    for (let j = from, k = target + plane + from * step; j < to; j++, k += step) f64[k] += f64[row + j];
  });
}
