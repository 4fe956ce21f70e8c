/** The code of random masks: the Mersenne Twister of `random/mt19937.ts` on its state in the memory, four words at once. */
import {
  f32,
  f32x4,
  f64x2,
  i32,
  i32x4,
  i8x16,
  ModuleBuilder,
  v128,
  type FunctionBuilder,
  type FunctionHandle,
  type I32,
  type Local,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import type { FloatElement } from '../api.js';

/** Words of the state, behind which is the position of the next one; how far ahead each is mixed with another. */
const WORDS = 624;
const SHIFT = 397;
const POSITION = 4 * WORDS;

const TWIST = 0x9908b0df | 0;
const UPPER = 0x80000000 | 0;
const [TEMPER_B, TEMPER_C] = [0x9d2c5680 | 0, 0xefc60000 | 0];
const HIGH_BITS = 0x1fffff;

/** Lanes of four 32-bit numbers of two vectors, as bytes. */
function lanes(...chosen: readonly number[]): number[] {
  return chosen.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte));
}

function twisted(f: FunctionBuilder, word: V128, nextWord: V128): V128 {
  const next = f.let(nextWord);
  const mixed = v128.select(word, next, i32x4.const(UPPER));
  const odd = i32x4.neg(v128.and(next, i32x4.const(1)));
  return v128.xor(i32x4.shrU(mixed, 1), v128.and(odd, i32x4.const(TWIST)));
}

function twistedWord(f: FunctionBuilder, word: I32, nextWord: I32): I32 {
  const next = f.let(nextWord);
  const mixed = i32.or(i32.and(word, UPPER), i32.and(next, ~UPPER));
  const odd = i32.sub(i32.const(0), i32.and(next, 1));
  return i32.xor(i32.shrU(mixed, 1), i32.and(odd, TWIST));
}

/** All words anew. The first 227 are mixed with old words, the others with new ones. */
function defineRenew(module: ModuleBuilder): FunctionHandle {
  return module.define('renew', { state: 'i32' }, (f, { state }) => {
    const rest = WORDS - SHIFT;
    const vectors = rest >> 2;
    const at = f.let(state);
    const left = f.let(i32.const(vectors));
    f.while(left, () => {
      f.store(at, v128.xor(v128.load(at, 4 * SHIFT), twisted(f, v128.load(at), v128.load(at, 4))));
      f.advance(at, 16);
      f.advance(left, -1);
    });
    f.set(left, i32.const(rest - 4 * vectors));
    f.while(left, () => {
      f.storeI32(at, i32.xor(i32.load(at, 4 * SHIFT), twistedWord(f, i32.load(at), i32.load(at, 4))));
      f.advance(at, 4);
      f.advance(left, -1);
    });
    f.set(at, state);
    f.set(left, i32.const((SHIFT - 1) / 4));
    f.while(left, () => {
      const word = twisted(f, v128.load(at, 4 * rest), v128.load(at, 4 * rest + 4));
      f.store(at, v128.xor(v128.load(at), word), 4 * rest);
      f.advance(at, 16);
      f.advance(left, -1);
    });
    const last = twistedWord(f, i32.load(state, 4 * (WORDS - 1)), i32.load(state));
    f.storeI32(state, i32.xor(i32.load(state, 4 * (SHIFT - 1)), last), 4 * (WORDS - 1));
    f.storeI32(state, i32.const(0), POSITION);
  });
}

function tempered(f: FunctionBuilder, word: V128): V128 {
  const y = f.let(word);
  f.set(y, v128.xor(y, i32x4.shrU(y, 11)));
  f.set(y, v128.xor(y, v128.and(i32x4.shl(y, 7), i32x4.const(TEMPER_B))));
  f.set(y, v128.xor(y, v128.and(i32x4.shl(y, 15), i32x4.const(TEMPER_C))));
  f.set(y, v128.xor(y, i32x4.shrU(y, 18)));
  return y;
}

function temperedWord(f: FunctionBuilder, word: I32): Local<'i32'> {
  const y = f.let(word);
  f.set(y, i32.xor(y, i32.shrU(y, 11)));
  f.set(y, i32.xor(y, i32.and(i32.shl(y, 7), TEMPER_B)));
  f.set(y, i32.xor(y, i32.and(i32.shl(y, 15), TEMPER_C)));
  f.set(y, i32.xor(y, i32.shrU(y, 18)));
  return y;
}

/**
 * out[i] = `on` where 53 random bits, of two words, are below a bound of 53 bits, else 0: what `fillBernoulli` draws. The
 * bound comes as its high 21 and its low 32 bits.
 */
export function compileBernoulli(element: FloatElement): WasmFunction {
  const module = new ModuleBuilder();
  const renew = defineRenew(module);
  const bytes = element === 'float32' ? 4 : 8;
  const signature = {
    state: 'i32',
    out: 'i32',
    count: 'i32',
    boundHigh: 'i32',
    boundLow: 'i32',
    on: 'f64',
  } as const;
  module.define('run', signature, (f, p) => {
    const position = f.let(i32.load(p.state, POSITION));
    const on = f.let(element === 'float32' ? f32x4.splat(f32.demote(p.on)) : f64x2.splat(p.on));
    const boundHigh = f.let(i32x4.splat(p.boundHigh));
    const unsigned = i32x4.const(UPPER);
    const boundLow = f.let(v128.xor(i32x4.splat(p.boundLow), unsigned));

    const draw = (): Local<'i32'> => {
      f.if(i32.geU(position, WORDS), () => {
        f.call(renew, p.state);
        f.set(position, i32.const(0));
      });
      const word = temperedWord(f, i32.load(i32.add(p.state, i32.shl(position, 2))));
      f.advance(position, 1);
      return word;
    };
    const four = (): void => {
      const at = f.let(i32.add(p.state, i32.shl(position, 2)));
      const first = f.let(tempered(f, v128.load(at)));
      const second = f.let(tempered(f, v128.load(at, 16)));
      const even = i8x16.shuffle(first, second, lanes(0, 2, 4, 6));
      const high = f.let(v128.and(even, i32x4.const(HIGH_BITS)));
      const low = v128.xor(i8x16.shuffle(first, second, lanes(1, 3, 5, 7)), unsigned);
      const atBound = v128.and(i32x4.eq(high, boundHigh), i32x4.lt(low, boundLow));
      const below = f.let(v128.or(i32x4.lt(high, boundHigh), atBound));
      if (element === 'float32') f.store(p.out, v128.and(below, on));
      else {
        f.store(p.out, v128.and(i8x16.shuffle(below, below, lanes(0, 0, 1, 1)), on));
        f.store(p.out, v128.and(i8x16.shuffle(below, below, lanes(2, 2, 3, 3)), on), 16);
      }
      f.advance(position, 8);
      f.advance(p.out, 4 * bytes);
      f.advance(p.count, -4);
    };
    f.while(p.count, () => {
      f.while(i32.and(i32.geU(p.count, 4), i32.leU(position, WORDS - 8)), four);
      // The end, and pairs that go on in the next state.
      f.if(p.count, () => {
        const high = f.let(i32.and(draw(), HIGH_BITS));
        const low = draw();
        const atBound = i32.and(i32.eq(high, p.boundHigh), i32.ltU(low, p.boundLow));
        const below = i32.or(i32.ltU(high, p.boundHigh), atBound);
        const mask = i32x4.splat(i32.sub(i32.const(0), below));
        f.storeLane(bytes, p.out, v128.and(mask, on));
        f.advance(p.out, bytes);
        f.advance(p.count, -1);
      });
    });
    f.storeI32(p.state, position, POSITION);
  });
  return module.compile().run;
}
