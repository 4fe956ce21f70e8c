/**
 * Readers of files that someone else made: whatever bytes are changed, the answer is a result or an error of ours that
 * names the file, and no more memory is taken than the file could need. NABLA_FUZZ sets how many mutants each reader gets.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { data, io, memory, nn, optim, reclaimMemory, tensor } from '../../../core/index.js';
import { resetPeakMemory } from '../../../core/storage.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-mutants-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => path.join(folder, name);
const count = Number(process.env.NABLA_FUZZ ?? 250);

/** A small generator of its own, so that the mutants stay the same (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) % below;
  };
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x2c, 0x0a, 0x7b, 0x5b];

/** One to four changes: bytes set, bits turned, pieces cut out, doubled, or overwritten by sizes. */
function mutate(original: Uint8Array, below: (n: number) => number): Uint8Array {
  let bytes = Uint8Array.from(original);
  for (let changes = 1 + below(4); changes > 0 && bytes.length > 0; changes--) {
    // Half of the changes where the headers are.
    const at = below(2) === 0 ? below(bytes.length) : below(Math.min(bytes.length, 200));
    const length = below(Math.min(16, bytes.length - at) + 1);
    switch (below(6)) {
      case 0:
        bytes[at] = INTERESTING[below(INTERESTING.length)];
        break;
      case 1:
        bytes[at] ^= 1 << below(8);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      case 4:
        bytes = bytes.subarray(0, at);
        break;
      default:
        bytes.fill(INTERESTING[below(5)], at, at + Math.min(8, length));
    }
  }
  return bytes;
}

const state = {
  a: tensor([
    [1.5, -2],
    [3, 4],
  ]),
  b: tensor([1, 2, 3], { dtype: 'int64' }),
  c: tensor([true]),
};
const fixture = (name: string): Uint8Array => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const images = JSON.parse(readFileSync(new URL('../data/fixtures/images.json', import.meta.url), 'utf8')) as {
  files: Record<string, { file: string }>;
};
const image = (name: string): Uint8Array => Buffer.from(images.files[name].file, 'base64');

function written(name: string, write: (path: string) => void): Uint8Array {
  write(file(name));
  return readFileSync(file(name));
}

/** Reads bytes by a reader that takes paths only. */
function byPath(name: string, read: (path: string) => unknown): (bytes: Uint8Array) => unknown {
  return (bytes) => {
    writeFileSync(file(name), bytes);
    return read(file(name));
  };
}

const model = new nn.Linear(2, 2);
const optimizer = new optim.Adam(model.parameters());
const bpe = data.text.BytePairTokenizer.train('the theme of the thesis, the the', { vocabSize: 262 });
data.text.saveGpt2(folder, bpe);
const [vocabulary, merges] = [readFileSync(file('vocab.json')), readFileSync(file('merges.txt'))];

const READERS: readonly (readonly [
  name: string,
  original: Uint8Array,
  read: (bytes: Uint8Array) => unknown,
  message: RegExp,
])[] = [
  ['safetensors', written('x.safetensors', (p) => io.save(p, state)), io.loadSafetensors, /^safetensors /],
  ['npy', written('x.npy', (p) => io.saveNpy(p, state.a)), io.loadNpy, /^npy /],
  ['npz', written('x.npz', (p) => io.save(p, state)), io.loadNpz, /^(npz|zip) /],
  [
    'npz, compressed',
    written('c.npz', (p) => io.saveNpz(p, state, { compress: true })),
    io.loadNpz,
    /^(npz|zip) /,
  ],
  ['torch', fixture('mlp.pt'), io.loadTorch, /^(checkpoint|zip) /],
  ['json', written('x.json', (p) => io.save(p, state)), byPath('m.json', io.loadJson), /^json /],
  [
    'index of shards',
    written('s.safetensors.index.json', (p) => io.save(p, state)),
    byPath('s.safetensors.index.json', io.load),
    /^safetensors |ENOENT|ENAMETOOLONG/,
  ],
  ['idx', written('x.idx', (p) => io.saveIdx(p, state.a)), io.loadIdx, /^idx /],
  ['idx, compressed', gzipSync(Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 2, 5, 6])), io.loadIdx, /^idx /],
  ['csv', Buffer.from('a,b,c\n1,"x ""y""",true\n2,z,\n'), (bytes) => data.readCsv(bytes), /^csv /],
  [
    'csv in pieces',
    Buffer.from('a,b,c\n1,"x",true\n2,z,\n'),
    (bytes) => [...data.csvChunks(bytes, { rows: 1 })],
    /^csv /,
  ],
  ['png', image('palette-4-True.png'), (bytes) => data.readImage(bytes), /^image /],
  ['png, interlaced', image('rgba-8-1.png'), (bytes) => data.readImage(bytes), /^image /],
  ['jpeg', image('subsampled.jpg'), (bytes) => data.readImage(bytes), /^image /],
  ['jpeg, progressive', image('progressive.jpg'), (bytes) => data.readImage(bytes), /^image /],
  [
    'vocabulary',
    vocabulary,
    byPath('v.json', (p) => data.text.loadGpt2(p, file('merges.txt'))),
    /^(vocabulary|merges) /,
  ],
  [
    'merges',
    merges,
    byPath('m.txt', (p) => data.text.loadGpt2(file('vocab.json'), p)),
    /^(vocabulary|merges) /,
  ],
  [
    'tokenizer',
    written('t.json', (p) => {
      data.text.saveTokenizer(p, bpe);
    }),
    byPath('t.json', data.text.loadTokenizer),
    /^tokenizer /,
  ],
  [
    'checkpoint',
    written('run.safetensors', (p) => {
      io.checkpoint(model, optimizer, p, { extra: { epoch: 3, list: Array(70).fill(1) } });
    }),
    byPath('run.safetensors', (p) => io.resume(model, optimizer, p)),
    /^(safetensors|resume|loadStateDict|Error in loading|setState)/,
  ],
];

/** What engines say of mistakes in programs, not in files. */
const ACCIDENT =
  /undefined|not a function|not iterable|Invalid (array|typed array|string) length|call stack|out of bounds|Cannot (read|convert|mix)/;

it.each(READERS)('%s', (_, original, read, message) => {
  read(original);
  const below = numbers(original.length);
  reclaimMemory();
  let refused = 0;
  for (let i = 0; i < count; i++) {
    const mutant = mutate(original, below);
    const { allocated } = memory();
    resetPeakMemory();
    try {
      read(mutant);
    } catch (error) {
      refused++;
      if (!(error instanceof Error) || !message.test(error.message) || ACCIDENT.test(error.message)) {
        writeFileSync(path.join(os.tmpdir(), 'nabla-mutant.bin'), mutant);
        throw error;
      }
    }
    expect(memory().peak - allocated).toBeLessThan(2 ** 22);
  }
  expect(refused).toBeGreaterThan(count / 20);
});
