/** MNIST's files, and the digits that ship with the package. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { data, io, type Tensor, tensor } from '../../../core/index.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-idx-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => path.join(folder, name);

describe('idx files', () => {
  it('are read as their specification says', () => {
    // The example of http://yann.lecun.com/exdb/mnist: magic 0x00000801, 3 items, unsigned bytes.
    const labels = io.loadIdx(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 255]));
    expect([labels.dtype, labels.shape, labels.toArray()]).toEqual(['uint8', [3], [7, 2, 255]]);
    const short = io.loadIdx(new Uint8Array([0, 0, 0x0b, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xfe, 1, 0]));
    expect([short.dtype, short.toArray()]).toEqual(['int32', [[-2, 256]]]);
    const float = io.loadIdx(new Uint8Array([0, 0, 0x0d, 1, 0, 0, 0, 1, 0x3f, 0xc0, 0, 0]));
    expect([float.dtype, float.toArray()]).toEqual(['float32', [1.5]]);
    expect(io.loadIdx(new Uint8Array([0, 0, 9, 1, 0, 0, 0, 1, 0x80])).toArray()).toEqual([-128]);
  });

  it.each(['.idx', '.idx.gz'])('give back what was written (%s)', (ending) => {
    const arrays: Tensor[] = [
      tensor([[0, 255]], { dtype: 'uint8' }),
      tensor([2 ** 31 - 1, -(2 ** 31)], { dtype: 'int32' }),
      tensor([[0.1], [-Infinity]]).t(),
      tensor([Math.PI], { dtype: 'float64' }),
      tensor([], { shape: [0, 28, 28], dtype: 'uint8' }),
      tensor(3),
    ];
    for (const x of arrays) {
      io.saveIdx(file(`x${ending}`), x);
      const y = io.loadIdx(file(`x${ending}`));
      expect([y.dtype, y.shape, y.toArray()]).toEqual([x.dtype, x.shape, x.toArray()]);
    }
    expect(() => io.saveIdx(file('x.idx'), tensor([1], { dtype: 'int64' }))).toThrow(/got int64/);
  });

  const header = (...dims: number[]): number[] => [
    0,
    0,
    8,
    dims.length,
    ...dims.flatMap((n) => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]),
  ];

  it.each<[string, number[], RegExp]>([
    ['nothing', [], /begins with nothing/],
    ['another magic number', [1, 0, 8, 1, 0, 0, 0, 0], /begins with 01 00 08 01/],
    ['a type that there is not', [0, 0, 7, 1, 0, 0, 0, 0], /not an idx file/],
    ['half a header', [0, 0, 8, 3, 0, 0, 0, 1], /ends inside the header, which has 3 dimensions/],
    ['data that are missing', [...header(2, 3), 1, 2], /\[2, 3\] of uint8 takes 6 bytes, but 2 follow/],
    ['data left over', [...header(1), 1, 2], /takes 1 bytes, but 2 follow/],
    ['sizes that overflow', header(2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1), /overflow/],
    ['sizes that overflow beside a zero', header(2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1, 0), /overflow/],
    ['more than any memory', header(2 ** 32 - 1, 2 ** 16), /takes 281474976645120 bytes, but 0 follow/],
    ['more dimensions than tensors have', [...header(...Array<number>(255).fill(1)), 0], /255 dimensions/],
  ])('with %s are refused', (_, bytes, message) => {
    expect(() => io.loadIdx(Uint8Array.from(bytes))).toThrow(message);
    // Compressed, the same is found before it is decompressed.
    expect(() => io.loadIdx(gzipSync(Uint8Array.from(bytes)))).toThrow();
  });

  it('that decompress to more than they say are not decompressed to the end', () => {
    const bomb = gzipSync(new Uint8Array([...header(4), ...new Uint8Array(1e6)]));
    expect(() => io.loadIdx(bomb)).toThrow(/holds more than the 12 bytes its header claims/);
    const liar = gzipSync(Uint8Array.from(header(2 ** 30)));
    expect(() => io.loadIdx(liar)).toThrow(/claims 1073741832 bytes in \d+ compressed ones/);
    const damaged = gzipSync(Uint8Array.from([...header(4), 1, 2, 3, 4]));
    damaged[damaged.length - 6] ^= 1;
    expect(() => io.loadIdx(damaged)).toThrow(/cannot be decompressed/);
  });
});

describe('digits', () => {
  it('are those of scikit-learn', () => {
    const asset = new URL('../../../core/data/assets/digits.bin.gz', import.meta.url);
    const bytes = gunzipSync(readFileSync(asset));
    // Of numpy.concatenate([target, data.ravel()]).astype('u1').tobytes(), scikit-learn 1.9.1's load_digits().
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      'e1d88a0854e29e01d16358d2cd026aa8fc20dfc4cdb3fce004300857ea82aa70',
    );
    const [x, y] = data.digits().tensors;
    expect([x.shape, x.dtype, y.dtype]).toEqual([[1797, 1, 8, 8], 'float32', 'int64']);
    // data.sum(), bincount(target), data[7][:16]
    expect(x.to('float64').sum().item() * 16).toBe(561718);
    const counts = Array.from({ length: 10 }, (_, c) => y.eq(c).sum().item());
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    expect(x.at(7).flatten().mul(16).toArray()).toEqual(expect.arrayContaining([0, 7, 8, 13, 16, 15, 1]));
    expect(x.at(7, 0, 0).mul(16).toArray()).toEqual([0, 0, 7, 8, 13, 16, 15, 1]);
  });

  it('come in random order under a seed, image and class together', () => {
    const all = data.digits(1797, { flat: true });
    const [x, y] = data.digits(100, { seed: 3, flat: true }).tensors;
    expect(x.shape).toEqual([100, 64]);
    expect(data.digits(100, { seed: 3, flat: true }).tensors[0].toArray()).toEqual(x.toArray());
    const classes = new Map(
      (all.tensors[0].toArray() as number[][]).map((row, i) => [row.join(), all.tensors[1].at(i).item()]),
    );
    (x.toArray() as number[][]).forEach((row, i) => expect(classes.get(row.join())).toBe(y.at(i).item()));
    expect(data.digits(3).tensors[1].toArray()).toEqual([0, 1, 2]);
    expect(() => data.digits(1798)).toThrow('from 1 to 1797');
  });
});

describe('mnist', () => {
  it('reads a folder of its files, compressed or not', () => {
    const images = tensor([0, 51, 102, 255], { shape: [2, 1, 2], dtype: 'uint8' });
    io.saveIdx(file('t10k-images-idx3-ubyte.gz'), images);
    io.saveIdx(file('t10k-labels-idx1-ubyte'), tensor([3, 9], { dtype: 'uint8' }));
    const [x, y] = data.mnist(folder, 'test').tensors;
    expect([x.shape, y.dtype, y.toArray()]).toEqual([[2, 1, 1, 2], 'int64', [3, 9]]);
    expect(x.flatten().toArray()).toEqual([0, 0.2, 0.4, 1].map(Math.fround));
    expect(() => data.mnist(folder)).toThrow(/has none of train-images-idx3-ubyte, .*\.gz/);
    writeFileSync(file('t10k-labels-idx1-ubyte'), Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 1, 5]));
    expect(() => data.mnist(folder, 'test')).toThrow(/has \[2, 1, 2\] and \[1\]/);
  });
});

it('finds the digits from the built package too, and in a cell', () => {
  const built = new URL('../../../dist/core/index.js', import.meta.url).href;
  const code = `import { data } from ${JSON.stringify(built)}; console.log(data.digits().length)`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  expect(output.trim()).toBe('1797');
  writeFileSync(file('cell.ts'), '// %%\nconsole.log(`found ${data.digits().length}`)\n');
  const cli = fileURLToPath(new URL('../../../dist/kernel/cli.js', import.meta.url));
  const printed = execFileSync(process.execPath, [cli, 'run', file('cell.ts')], { encoding: 'utf8' });
  expect(printed).toContain('found 1797');
});
