/** Whether products and sums are rounded once: the relaxed SIMD instruction for that, where the processor has it. */
import { f32, SCRATCH_BEGIN } from '../../memory.js';
import { f32x4, i32, ModuleBuilder, v128 } from '../assembler/index.js';
import { unrecorded } from '../recording.js';
import { tuningSetting } from './setting.js';
import { RELAXED_SIMD, withFlags } from './v8-flags.js';

let known: boolean | undefined;

/**
 * True where a b + c takes one instruction and one rounding. It follows from the processor, from Node and from
 * `NABLA_TUNING` alone, never from a measurement, so that results are the same whenever they are computed.
 */
export function hasFusedMultiplyAdd(): boolean {
  return (known ??= tuningSetting().mode !== 'off' && unrecorded(probe));
}

/** Compiles what has relaxed SIMD in it. */
export function withRelaxedSimd<R>(compile: () => R): R {
  return withFlags([RELAXED_SIMD], compile);
}

/** (1 + 2^-12)^2 - (1 + 2^-11) is 2^-24; it is 0 where the product is rounded before the sum. */
function probe(): boolean {
  const module = new ModuleBuilder();
  module.define('fused', {}, (f) => {
    const a = f.let(v128.load32Splat(i32.const(SCRATCH_BEGIN)));
    const c = v128.load32Splat(i32.const(SCRATCH_BEGIN + 4));
    f.store(i32.const(SCRATCH_BEGIN), f32x4.relaxedMadd(a, a, c));
  });
  try {
    const { fused } = withRelaxedSimd(() => module.compile());
    const at = SCRATCH_BEGIN / 4;
    f32[at] = 1 + 2 ** -12;
    f32[at + 1] = -(1 + 2 ** -11);
    fused();
    return f32[at] === 2 ** -24 && f32[at + 3] === 2 ** -24;
  } catch {
    // An engine without relaxed SIMD refuses the module.
    return false;
  }
}
