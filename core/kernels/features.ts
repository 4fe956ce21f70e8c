/** What this machine's WebAssembly can do. */

/** (module (func (drop (v128.const i32x4 0 0 0 0)))) */
const SIMD_MODULE = Uint8Array.from([
  0x00,
  0x61,
  0x73,
  0x6d,
  1,
  0,
  0,
  0,
  1,
  4,
  1,
  0x60,
  0,
  0,
  3,
  2,
  1,
  0,
  10,
  23,
  1,
  21,
  0,
  0xfd,
  12,
  ...new Array<number>(16).fill(0),
  0x1a,
  0x0b,
]);

export function hasSimd(): boolean {
  return WebAssembly.validate(SIMD_MODULE);
}
