/** Adds up what a convolution's places of the kernel give, where their windows lie. */
import type { FloatElement, Ptr } from '../api.js';
import type { ConvGeometry } from '../convolution.js';
import { i32, ModuleBuilder, v128, type WasmFunction } from '../assembler/index.js';
import { elementBytes } from '../views.js';
import { floatLanes, type FloatLanes } from './lanes.js';
import { forEachVector } from './loops.js';

const added: Partial<Record<FloatElement, WasmFunction>> = {};

const SIGNATURE = {
  x: 'i32',
  out: 'i32',
  rows: 'i32',
  columns: 'i32',
  xRow: 'i32',
  outRow: 'i32',
  outStep: 'i32',
} as const;

/** out[r][step c] += x[r][c] */
function compileAddRows(lanes: FloatLanes): WasmFunction {
  const module = new ModuleBuilder();
  module.define('run', SIGNATURE, (f, p) => {
    const from = f.local('i32');
    const to = f.local('i32');
    const left = f.local('i32');
    f.while(p.rows, () => {
      f.set(from, p.x);
      f.set(to, p.out);
      f.if(
        i32.eq(p.outStep, lanes.bytes),
        () =>
          forEachVector(f, lanes, p.columns, [from, to], ({ store }) => {
            store(to, lanes.ops.add(v128.load(to), v128.load(from)));
          }),
        () => {
          f.set(left, p.columns);
          f.while(left, () => {
            f.storeLane(lanes.bytes, to, lanes.ops.add(lanes.loadFirst(to), lanes.loadFirst(from)));
            f.advance(from, lanes.bytes);
            f.advance(to, p.outStep);
            f.advance(left, -1);
          });
        },
      );
      f.advance(p.x, p.xRow);
      f.advance(p.out, p.outRow);
      f.advance(p.rows, -1);
    });
  });
  return module.compile().run;
}

/** The first and the number of the places i with 0 <= start + step i < size, of `count`. */
function inside(start: number, step: number, size: number, count: number): [first: number, number: number] {
  const first = start >= 0 ? 0 : Math.ceil(-start / step);
  const end = Math.min(count, Math.ceil((size - start) / step));
  return [first, Math.max(0, end - first)];
}

/** Adds columns [C K, L] of one group of one sample to out [C, …]. */
export function addWindows(element: FloatElement, g: ConvGeometry, columns: Ptr, out: Ptr): void {
  const run = (added[element] ??= compileAddRows(floatLanes[element]));
  const bytes = elementBytes[element];
  const { channels, input, kernel, counts, stride, padding, dilation } = g;
  let from = columns;
  for (let c = 0; c < channels; c++)
    for (let kz = 0; kz < kernel[0]; kz++)
      for (let ky = 0; ky < kernel[1]; ky++)
        for (let kx = 0; kx < kernel[2]; kx++, from += counts[0] * counts[1] * counts[2] * bytes) {
          const [z0, depths] = inside(kz * dilation[0] - padding[0], stride[0], input[0], counts[0]);
          const y = ky * dilation[1] - padding[1];
          const [y0, rows] = inside(y, stride[1], input[1], counts[1]);
          const x = kx * dilation[2] - padding[2];
          const [x0, width] = inside(x, stride[2], input[2], counts[2]);
          if (rows === 0 || width === 0) continue;
          for (let z = z0; z < z0 + depths; z++) {
            const slice = kz * dilation[0] - padding[0] + z * stride[0];
            const place =
              ((c * input[0] + slice) * input[1] + y + y0 * stride[1]) * input[2] + x + x0 * stride[2];
            run(
              from + ((z * counts[1] + y0) * counts[2] + x0) * bytes,
              out + place * bytes,
              rows,
              width,
              counts[2] * bytes,
              stride[1] * input[2] * bytes,
              stride[2] * bytes,
            );
          }
        }
}
