import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../../core/kernels/assembler/bytes.js';
import {
  f32x4,
  f64x2,
  i32,
  i32x4,
  ModuleBuilder,
  select,
  v128,
} from '../../../core/kernels/assembler/index.js';
import { get, put, room } from './memory-helpers.js';

describe('numbers in the binary format', () => {
  const bytes = (write: (writer: ByteWriter) => void): number[] => {
    const writer = new ByteWriter();
    write(writer);
    return writer.bytes;
  };

  // Examples of the DWARF 4 specification, figures 22 and 23, and the ends of the range.
  test.each([
    [2, [2]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [12857, [0x39 + 0x80, 100]],
    [4294967295, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('unsigned LEB128 of %i', (value, expected) => {
    expect(bytes((writer) => writer.unsigned(value))).toEqual(expected);
  });

  test.each([
    [2, [2]],
    [-2, [0x7e]],
    [127, [0xff, 0]],
    [-127, [0x81, 0x7f]],
    [128, [0x80, 1]],
    [-129, [0xff, 0x7e]],
    [-2147483648, [0x80, 0x80, 0x80, 0x80, 0x78]],
  ])('signed LEB128 of %i', (value, expected) => {
    expect(bytes((writer) => writer.signed(value))).toEqual(expected);
  });

  test('floats, names and sizes', () => {
    expect(bytes((writer) => writer.float32(1))).toEqual([0, 0, 0x80, 0x3f]);
    expect(bytes((writer) => writer.float64(-2))).toEqual([0, 0, 0, 0, 0, 0, 0, 0xc0]);
    expect(bytes((writer) => writer.name('ab'))).toEqual([2, 97, 98]);
    const long = Array.from({ length: 20_000 }, (_, i) => i % 251);
    expect(bytes((writer) => writer.sized((inner) => inner.append(long)))).toEqual([0xa0, 0x9c, 1, ...long]);
  });
});

describe('a module', () => {
  test('with loops, branches, calls and vectors is valid and computes', () => {
    const module = new ModuleBuilder();
    // out[0] = the sum of the numbers below n, by a call that adds one to memory.
    const addTo = module.define('addTo', { at: 'i32', amount: 'i32' }, (f, p) => {
      f.storeI32(p.at, i32.add(i32.load(p.at), p.amount));
    });
    module.define('triangle', { out: 'i32', n: 'i32' }, (f, p) => {
      const i = f.let(i32.const(0));
      f.storeI32(p.out, i32.const(0));
      f.while(i32.ltS(i, p.n), () => {
        f.call(addTo, p.out, i);
        f.advance(i, 1);
      });
    });
    module.define('choose', { out: 'i32', x: 'i32' }, (f, p) => {
      f.if(
        i32.gtS(p.x, 10),
        () => f.storeI32(p.out, i32.const(-70000)),
        () => f.storeI32(p.out, select(i32.const(1), i32.const(2), i32.eqz(p.x))),
      );
    });
    module.define('vectors', { x: 'i32', out: 'i32', scale: 'f32' }, (f, p) => {
      const x = f.let(v128.load(p.x));
      f.store(p.out, f32x4.add(f32x4.mul(x, f32x4.splat(p.scale)), f32x4.const(0.5)));
      f.store(p.out, i32x4.add(i32x4.truncateF32(x), i32x4.lanes([1, 2, 3, 4])), 16);
      f.store(p.out, f64x2.promoteF32(x), 32);
    });
    expect(WebAssembly.validate(module.assemble())).toBe(true);
    const { triangle, choose, vectors } = module.compile();

    const integer = put('int32', [99]);
    triangle(integer.ptr, 100);
    expect(get(integer)).toEqual([4950]);
    triangle(integer.ptr, 0);
    expect(get(integer)).toEqual([0]);
    const chosen = [0, 5, 11].map((x) => {
      choose(integer.ptr, x);
      return get(integer)[0];
    });
    expect(chosen).toEqual([1, 2, -70000]);

    const x = put('float32', [1.5, -2.5, 3, 1e10]);
    const out = room('float32', 12);
    vectors(x.ptr, out.ptr, 2);
    expect(get(out).slice(0, 4)).toEqual([3.5, -4.5, 6.5, Math.fround(2e10) + 0]);
    expect(get({ ...out, element: 'int32', ptr: out.ptr + 16, length: 4 })).toEqual([2, 0, 6, -2147483645]);
    expect(get({ ...out, element: 'float64', ptr: out.ptr + 32, length: 2 })).toEqual([1.5, -2.5]);
  });

  test('sets a constant vector of loops once, before them, and leaves others where they are', () => {
    const module = new ModuleBuilder();
    const half = [0, 0, 0, 0x3f];
    const once = [0, 0, 0x80, 0x3e];
    const appears = (code: readonly number[], number: readonly number[]): boolean =>
      code.join().includes([0xfd, 12, ...number, ...number].join());
    let code: readonly number[] = [];
    module.define('run', { out: 'i32', n: 'i32' }, (f, p) => {
      const left = f.local('i32');
      const sum = f.let(f32x4.const(0.25));
      for (let loop = 0; loop < 2; loop++) {
        f.set(left, p.n);
        f.while(left, () => {
          f.set(sum, f32x4.add(sum, f32x4.const(0.5)));
          f.advance(left, -1);
        });
      }
      f.store(p.out, sum);
      code = f.code.bytes;
    });
    const out = room('float32', 4);
    const { run } = module.compile();
    run(out.ptr, 3);
    expect(get(out)).toEqual([3.25, 3.25, 3.25, 3.25]);
    run(out.ptr, 0);
    expect(get(out)).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect([appears(code, half), appears(code, once)]).toEqual([false, true]);
  });

  test('uses the variables of a scope that has ended again, and no others', () => {
    const module = new ModuleBuilder();
    module.define('run', { out: 'i32' }, (f, p) => {
      const kept = f.let(i32.const(7));
      f.scope(() => {
        const first = f.let(i32.const(1));
        f.scope(() => {
          const inner = f.let(i32.const(2));
          expect(inner.index).not.toBe(first.index);
        });
        const second = f.let(i32.const(3));
        expect(second.index).not.toBe(first.index);
        f.storeI32(p.out, i32.add(i32.mul(first, 10), second));
      });
      f.storeI32(p.out, kept, 4);
    });
    const out = put('int32', [0, 0]);
    module.compile().run(out.ptr);
    expect(get(out)).toEqual([13, 7]);
  });
});
