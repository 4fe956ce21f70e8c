/**
 * What one core can do at most with 128-bit SIMD: multiplications and additions in registers, in WebAssembly written here
 * byte by byte. A step is as many of them as the product needs.
 */
import { readArrays, serve } from './serve.mjs';

/** Independent sums: enough to hide the latency of both operations, few enough for 16 registers. */
const SUMS = 12;
/** Each sum: 4 products and 4 additions a turn of the loop. */
const FLOPS = 8 * SUMS;

serve(async (request) => {
  if (request.threads > 1) throw new Error('the peak is that of one core');
  const { a, b } = readArrays(request);
  const turns = Math.ceil((2 * a.shape[0] * a.shape[1] * b.shape[1]) / FLOPS);
  const { instance } = await WebAssembly.instantiate(moduleOfPeak());
  const { peak } = instance.exports;
  return {
    check: [],
    run(steps) {
      for (let i = 0; i < steps; i++) if (!(peak(turns) > 0)) throw new Error('a wrong sum');
    },
    about: { flopsATurn: FLOPS },
  };
});

/** peak(turns): x = x 0.5 + 0.5 in SUMS registers of 4 lanes, `turns` times; the sum of a lane of each. */
function moduleOfPeak() {
  const unsigned = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);
  const section = (id, ...bytes) => [id, ...unsigned(bytes.length), ...bytes];
  const [localGet, localSet, f32Const, f32Add] = [0x20, 0x21, 0x43, 0x92];
  const splat = [0xfd, 0x13];
  const add4 = [0xfd, ...unsigned(0xe4)];
  const multiply4 = [0xfd, ...unsigned(0xe6)];
  const lane0 = [0xfd, 0x1f, 0];
  const half = [0x00, 0x00, 0x00, 0x3f];
  // Local 0 is the count, local 1 holds 0.5 in each lane, the sums follow.
  const sums = Array.from({ length: SUMS }, (_, i) => 2 + i);
  const code = [
    ...[f32Const, ...half, ...splat, localSet, 1],
    ...sums.flatMap((sum) => [f32Const, ...half, ...splat, localSet, sum]),
    ...[0x03, 0x40],
    ...sums.flatMap((sum) => [localGet, sum, localGet, 1, ...multiply4, localGet, 1, ...add4, localSet, sum]),
    // count = count - 1, and again while it is not 0
    ...[localGet, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b],
    ...[f32Const, 0, 0, 0, 0],
    ...sums.flatMap((sum) => [localGet, sum, ...lane0, f32Add]),
    0x0b,
  ];
  const body = [1, SUMS + 1, 0x7b, ...code];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, 1, 0x7f, 1, 0x7d),
    ...section(3, 1, 0),
    ...section(7, 1, 4, ...Buffer.from('peak'), 0, 0),
    ...section(10, 1, ...unsigned(body.length), ...body),
  ]);
}
