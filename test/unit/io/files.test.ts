/** Writing and reading back, files of more than the memory, and files that are wrong in ways that the reference files are not. */
import { Buffer } from 'node:buffer';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { io, memory, type Tensor, tensor } from '../../../core/index.js';
import { type Member, zip } from './zip-maker.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-io-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => path.join(folder, name);

const transposed = tensor([
  [1, 2, 3],
  [4, 5, 6],
]).t();
const STATE: Readonly<Record<string, Tensor>> = {
  float32: tensor([0.1, NaN, -Infinity, -0]),
  float64: tensor([[Math.PI], [5e-324]], { dtype: 'float64' }),
  int32: tensor([2 ** 31 - 1, -(2 ** 31)], { dtype: 'int32' }),
  int64: tensor([2 ** 53 - 1, -(2 ** 53 - 1), -1, 2 ** 32, -(2 ** 32), 0], { dtype: 'int64' }),
  uint8: tensor([0, 255], { dtype: 'uint8' }),
  bool: tensor([true, false, true]),
  scalar: tensor(7),
  empty: tensor([], { shape: [0, 3] }),
  transposed,
  __proto__x: tensor([1]),
  'layers.0/wéight': tensor([2]),
};

function same(actual: Readonly<Record<string, Tensor>>, wanted: Readonly<Record<string, Tensor>>): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, x] of Object.entries(wanted)) {
    expect(actual[name].dtype, name).toBe(x.dtype);
    expect(actual[name].shape, name).toEqual(x.shape);
    expect(actual[name].toArray(), name).toEqual(x.toArray());
  }
}

describe('save and load', () => {
  it.each(['.safetensors', '.safetensors.index.json', '.npz', '.json'])(
    'give back what was saved as %s',
    (ending) => {
      io.save(file(`state${ending}`), STATE);
      same(io.load(pathToFileURL(file(`state${ending}`))), STATE);
    },
  );

  it('give back compressed arrays and single ones', () => {
    io.saveNpz(file('small.npz'), STATE, { compress: true });
    same(io.loadNpz(file('small.npz')), STATE);
    for (const [name, x] of Object.entries(STATE)) {
      io.saveNpy(file('one.npy'), x);
      same({ [name]: io.loadNpy(readFileSync(file('one.npy'))) }, { [name]: x });
    }
  });

  it('keep a name that objects treat specially', () => {
    const state = Object.fromEntries([['__proto__', tensor([3])]]);
    for (const ending of ['.safetensors', '.npz']) {
      io.save(file(`proto${ending}`), state);
      expect(Object.entries(io.load(file(`proto${ending}`))).map(([name, x]) => [name, x.item()])).toEqual([
        ['__proto__', 3],
      ]);
    }
  });

  it('refuse what they cannot do, and say what would work', () => {
    expect(() => io.save(file('x.txt'), STATE)).toThrow(/the formats are .*\.safetensors/);
    expect(() => io.save(file('x.pt'), STATE)).toThrow(/only read/);
    expect(() => io.load(file('x.npy'))).toThrow(/loadNpy/);
    expect(() => io.load(file('missing.safetensors'))).toThrow(/ENOENT/);
    expect(() => io.load(folder + '/.safetensors')).toThrow(/ENOENT/);
    const wrong = { x: [1, 2] } as unknown as Record<string, Tensor>;
    expect(() => io.save(file('x.npz'), wrong)).toThrow(/"x" is not a tensor/);
    const large = { big: tensor([2 ** 53], { dtype: 'float64' }).long() };
    expect(() => io.save(file('x.safetensors'), large)).toThrow(/"big".*beyond the exact integers/);
  });

  it('write a header as NumPy does', () => {
    // numpy.save(f, numpy.zeros((2, 3), 'f4')): 128 bytes before the data.
    io.saveNpy(file('zeros.npy'), tensor([0, 0, 0, 0, 0, 0], { shape: [2, 3] }));
    const text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    const header = Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'),
      Buffer.from(`${text.padEnd(117)}\n`),
    ]);
    expect(readFileSync(file('zeros.npy')).subarray(0, 128)).toEqual(header);
  });
});

describe('safetensors', () => {
  it('keeps metadata, and refuses what is no string', () => {
    io.saveSafetensors(file('meta.safetensors'), { x: tensor([1]) }, { metadata: { note: 'ü "quoted"' } });
    const opened = io.openSafetensors(file('meta.safetensors'));
    expect(opened.metadata).toEqual({ note: 'ü "quoted"' });
    expect(opened.info('x')).toEqual({ dtype: 'float32', shape: [1] });
    opened.close();
    expect(() => opened.get('x')).toThrow(/was closed/);
    const metadata = { epoch: 3 } as unknown as Record<string, string>;
    expect(() => io.saveSafetensors(file('m.safetensors'), {}, { metadata })).toThrow(/strings only/);
  });

  it('reads one tensor of a file that no memory holds', () => {
    const big = 2 ** 36;
    const header = JSON.stringify({
      big: { dtype: 'U8', shape: [big], data_offsets: [0, big] },
      small: { dtype: 'F32', shape: [2], data_offsets: [big, big + 8] },
    });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    // The file has a hole, so that it takes no room on the disk.
    const descriptor = openSync(file('big.safetensors'), 'w');
    ftruncateSync(descriptor, 8 + header.length + big + 8);
    writeSync(descriptor, Buffer.concat([length, Buffer.from(header)]), 0, 8 + header.length, 0);
    writeSync(descriptor, new Float32Array([1.5, -2]), 0, 8, 8 + header.length + big);
    closeSync(descriptor);
    const opened = io.openSafetensors(file('big.safetensors'));
    expect(opened.get('small').toArray()).toEqual([1.5, -2]);
    expect(() => opened.get('big')).toThrow(/"big": cannot allocate 68.7 GB/);
    expect(() => opened.get('bog')).toThrow(/no tensor "bog"; it has "big", "small"/);
    opened.close();
  });

  it.each([
    [
      'a name given twice',
      '{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      1,
      /"x" twice/,
    ],
    [
      'a name given twice in two spellings',
      '{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0078":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      1,
      /"x" twice/,
    ],
    [
      'sizes that overflow beside a zero',
      '{"x":{"dtype":"F32","shape":[0,4503599627370496,4503599627370496],"data_offsets":[0,0]}}',
      0,
      /overflow/,
    ],
    ['an element type of 8 bits', '{"x":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', 1, /F8_E4M3/],
    [
      'a hundred dimensions',
      `{"x":{"dtype":"U8","shape":[${'1,'.repeat(99)}1],"data_offsets":[0,1]}}`,
      1,
      /100 dimensions/,
    ],
    ['a description that is null', '{"x":null}', 0, /not described/],
    [
      'offsets beyond exact integers',
      '{"x":{"dtype":"U8","shape":[1],"data_offsets":[9007199254740992,9007199254740993]}}',
      1,
      /data_offsets/,
    ],
  ])('refuses %s, and allocates nothing', (_, header, data, message) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const before = memory().allocated;
    expect(() =>
      io.loadSafetensors(Buffer.concat([length, Buffer.from(header), Buffer.alloc(data)])),
    ).toThrow(message);
    expect(memory().allocated).toBe(before);
  });
});

describe('sharded safetensors', () => {
  it('limit the size of each file', () => {
    const state = { a: tensor([1, 2]), b: tensor([3]), c: tensor([4, 5, 6]), d: tensor([7]) };
    const written = io.saveSharded(file('m.safetensors.index.json'), state, { maxShardBytes: 12 });
    expect(written.map((name) => path.basename(name))).toEqual([
      'm-00001-of-00003.safetensors',
      'm-00002-of-00003.safetensors',
      'm-00003-of-00003.safetensors',
      'm.safetensors.index.json',
    ]);
    expect(Object.keys(io.loadSafetensors(written[0]))).toEqual(['a', 'b']);
    same(io.loadSharded(written[3]), state);
  });

  it.each(['../x.safetensors', '/etc/passwd', 'a/b.safetensors', '..', 'c:x', '', 3])(
    'refuse an index that leads to %j',
    (shard) => {
      writeFileSync(file('evil.safetensors.index.json'), JSON.stringify({ weight_map: { x: shard } }));
      expect(() => io.load(file('evil.safetensors.index.json'))).toThrow(/not the name of a file beside it/);
    },
  );

  it('refuse an index that lacks what it names', () => {
    io.save(file('part.safetensors'), { y: tensor([1]) });
    writeFileSync(file('lost.safetensors.index.json'), '{"weight_map":{"x":"part.safetensors"}}');
    expect(() => io.load(file('lost.safetensors.index.json'))).toThrow(/no tensor "x"; it has "y"/);
    writeFileSync(file('lost.safetensors.index.json'), '{"weights":{}}');
    expect(() => io.load(file('lost.safetensors.index.json'))).toThrow(/no weight_map/);
  });
});

describe('npz', () => {
  io.saveNpy(file('member.npy'), tensor([1, 2, 3]));
  const data = readFileSync(file('member.npy'));
  const member = (changes: Partial<Member> = {}): Member => ({ name: 'x.npy', data, ...changes });

  it('reads stored and deflated members', () => {
    const { x, y } = io.loadNpz(zip([member(), member({ name: 'y.npy', deflate: true })]));
    expect([x.toArray(), y.toArray()]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  it('reads sizes and places of 64 bits', () => {
    const arrays = io.loadNpz(zip([member(), member({ name: 'y.npy', deflate: true })], true));
    expect([arrays.x.toArray(), arrays.y.toArray()]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(() => io.loadNpz(zip([member({ size: 2 ** 60 })], true))).toThrow(/cannot be|overflow/);
  });

  it.each<[string, readonly Member[], RegExp]>([
    ['a name that leads out', [member({ name: '../x.npy' })], /leads out of the archive/],
    ['an absolute name', [member({ name: '/x.npy' })], /not a name/],
    ['a name of Windows', [member({ name: 'c:\\x.npy' })], /not a name/],
    ['no name', [member({ name: '' })], /not a name/],
    ['two of one name', [member(), member()], /twice/],
    ['two in one place', [member(), member({ name: 'y.npy', begin: 0, localName: 'y.npy' })], /ends beyond/],
    ['a member of another name', [member({ localName: 'y.npy' })], /do not agree/],
    ['a wrong checksum', [member({ crc: 1 })], /checksum/],
    ['a wrong checksum of a deflated member', [member({ crc: 1, deflate: true })], /checksum/],
    ['a stored member of another size', [member({ size: 10_000 })], /cannot be/],
    [
      'a deflated member that is smaller than it says',
      [member({ deflate: true, data: data.subarray(0, -1), size: data.length })],
      /decompresses to/,
    ],
    [
      'a deflated member that is larger than it says',
      [member({ deflate: true, data: Buffer.concat([data, Buffer.of(0)]), size: data.length })],
      /cannot be decompressed/,
    ],
    // Nothing is decompressed for them: a few kilobytes could fill the memory with what no array needs.
    [
      'a member that goes on behind its array',
      [member({ deflate: true, data: Buffer.concat([data, Buffer.alloc(2 ** 22)]) })],
      /its array ends after 140; it is not decompressed/,
    ],
    [
      'a stored member that goes on behind its array',
      [member({ data: Buffer.concat([data, Buffer.alloc(9)]) })],
      /has 149 bytes, but its array ends after 140/,
    ],
    ['a size that deflate cannot reach', [member({ deflate: true, size: 2 ** 31 })], /cannot be/],
    ['an encrypted member', [member({ flags: 1 })], /encrypted/],
    ['a method that is not known', [member({ method: 12 })], /method 12/],
    ['what is no array', [member({ name: 'readme.txt' })], /not an array/],
  ])('refuses %s', (_, members, message) => {
    expect(() => io.loadNpz(zip(members))).toThrow(message);
  });

  it('refuses an archive that is cut off anywhere, and one with a byte changed in its data', () => {
    const whole = zip([member(), member({ name: 'y.npy', deflate: true })]);
    for (let length = 0; length < whole.length; length++) {
      expect(() => io.loadNpz(whole.subarray(0, length)), `cut off at ${length}`).toThrow(/npz|zip/);
    }
    const changed = Buffer.from(whole);
    changed[35 + data.length - 1] ^= 1;
    expect(() => io.loadNpz(changed)).toThrow(/"x\.npy": is damaged/);
  });
});

describe('npy', () => {
  const npy = (dict: string, data: Uint8Array = new Uint8Array(8)): Buffer => {
    const length = Buffer.alloc(2);
    length.writeUInt16LE(dict.length);
    return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(dict), data]);
  };

  it('reads any way of writing the dictionary', () => {
    const x = io.loadNpy(npy(`{"shape":(2L,),'fortran_order' : False ,\n'descr':"<f4"}`, new Uint8Array(8)));
    expect(x.toArray()).toEqual([0, 0]);
  });

  it.each([
    ['code', "{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (2,)}", /unexpected/],
    ['a key twice', "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", /twice/],
    ['a key too many', "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 'y'}", /more entries/],
    ['a number as shape', "{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", /tuple/],
    [
      'sizes that overflow',
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4503599627370496, 4503599627370496, 0)}",
      /overflow/,
    ],
    [
      'complex numbers',
      "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}",
      /"<c8", which tensors do not have/,
    ],
    ['text', "{'descr': '<U2', 'fortran_order': False, 'shape': (1,)}", /"<U2"/],
    ['objects', "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", /could run code/],
  ])('refuses %s', (_, dict, message) => {
    expect(() => io.loadNpy(npy(dict))).toThrow(message);
  });
});
