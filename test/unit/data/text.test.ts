/** Tokenizers; byte-pair encodings against Hugging Face's tokenizers (fixtures/make_bpe.py). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { data, tensor } from '../../../core/index.js';

const { text } = data;

interface Fixture {
  readonly corpus: string;
  readonly tokens: string[];
  readonly merges: string[];
  readonly encoded: readonly { text: string; ids: number[] }[];
}

const fixture = JSON.parse(readFileSync(new URL('./fixtures/bpe.json', import.meta.url), 'utf8')) as Fixture;
const END = '<|endoftext|>';
const bpe = text.BytePairTokenizer.train(fixture.corpus, { vocabSize: 400, specials: [END] });

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-text-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => path.join(folder, name);

const HARD = [
  '',
  ' ',
  '\n\n\t  x  ',
  'naïve café 学習率 🙂👨‍👩‍👧 e\u0301',
  '\u0000\u0001\ufeff\u00ad',
  "it's we'll I'D",
  `a ${END} b`,
  'ab'.repeat(5000),
];

describe('byte-pair encoding', () => {
  it('learns the merges that Hugging Face’s tokenizers learn', () => {
    expect(bpe.merges).toEqual(fixture.merges);
    expect(bpe.vocab.tokens).toEqual(fixture.tokens);
  });

  it.each(fixture.encoded)('encodes $text as they do', ({ text: own, ids }) => {
    expect(bpe.encode(own)).toEqual(ids);
  });

  it.each(HARD)('decodes %j exactly', (hard) => {
    expect(bpe.decode(bpe.encode(hard))).toBe(hard);
    expect(bpe.decode(bpe.encode(hard, { specials: true }))).toBe(hard);
  });

  it('takes specials in a text for themselves only where told', () => {
    expect(bpe.encode(`a${END}`, { specials: true })).toEqual([...bpe.encode('a'), 0]);
    expect(bpe.encode(`a${END}`)).not.toContain(0);
  });

  it('reads and writes GPT-2’s files', () => {
    text.saveGpt2(folder, bpe);
    const again = text.loadGpt2(file('vocab.json'), file('merges.txt'));
    expect(again.specials).toEqual([END]);
    expect(again.encode(fixture.corpus)).toEqual(bpe.encode(fixture.corpus));
    expect(JSON.parse(readFileSync(file('vocab.json'), 'utf8'))).toMatchObject({ [END]: 0, '!': 1, Ġ: 221 });
  });

  it.each<[string, string, string, RegExp]>([
    ['no JSON', '{', '', /is not JSON/],
    ['a list', '[1]', '', /is not a JSON object/],
    ['a token twice', '{"a": 0, "a": 1}', '', /"a" twice/],
    ['a number twice', '{"a": 0, "b": 0}', '', /"a" and "b" both have the number 0/],
    ['a number that is too large', '{"a": 0, "b": 1e9}', '', /"b" has the number 1000000000; 2 tokens/],
    ['a number that is none', '{"a": "0"}', '', /"a" has the number 0/],
    ['a merge of one', '{"a": 0}', '#version: 0.2\na\n', /line 2: "a" is not two tokens/],
    ['a merge of three', '{"a": 0}', 'a a a\n', /line 1: "a a a" is not two tokens/],
    ['a merge of what is not there', '{"a": 0, "b": 1}', '\na b\n', /line 2: the vocabulary lacks "ab"/],
  ])('refuses GPT-2 files with %s', (_, vocab, merges, message) => {
    writeFileSync(file('bad.json'), vocab);
    writeFileSync(file('bad.txt'), merges);
    expect(() => text.loadGpt2(file('bad.json'), file('bad.txt'))).toThrow(message);
  });

  it('says what does not fit', () => {
    expect(() => text.BytePairTokenizer.train('x', { vocabSize: 100 })).toThrow(/from 256 .* got 100/);
    expect(() => bpe.decode([400])).toThrow(/no token 400, they count from 0 to 357/);
    // A part of a character of four bytes
    expect(bpe.decode(bpe.encode('🚀').slice(0, 1))).toBe('\ufffd');
  });
});

describe('characters and words', () => {
  it('are decoded exactly', () => {
    for (const own of [...HARD, fixture.corpus]) {
      for (const tokenizer of [text.CharTokenizer.train(own), text.WordTokenizer.train(own)]) {
        expect(tokenizer.decode(tokenizer.encode(own))).toBe(own);
      }
    }
    const characters = text.CharTokenizer.train('hello 🙂');
    expect(characters.encode('hole🙂')).toEqual([2, 4, 3, 1, 5]);
    expect(characters.vocab.tokens).toEqual([' ', 'e', 'h', 'l', 'o', '🙂']);
  });

  it('are divided as told, the commonest first, with a token for unknown ones', () => {
    const words = text.WordTokenizer.train('The cat. the CAT, the dog', {
      pattern: /[a-z]+/,
      lowercase: true,
      joiner: ' ',
      specials: ['<pad>'],
      unknown: '<unk>',
      maxSize: 4,
    });
    expect(words.vocab.tokens).toEqual(['<unk>', '<pad>', 'the', 'cat']);
    expect(words.encode('The dog: cat')).toEqual([2, 0, 3]);
    expect(words.decode([2, 0, 3])).toBe('the <unk> cat');
    expect(() => text.CharTokenizer.train('ab').encode('abc')).toThrow(/"c" is not among the 2/);
    expect(() => new text.Vocab(['a', 'b', 'a'])).toThrow(/"a" is given twice/);
    expect(() => new text.Vocab(['a'], { unknown: 'x' })).toThrow(/"x" is not among/);
    expect(text.buildVocab('abracadabra', { minCount: 2 }).tokens).toEqual(['a', 'b', 'r']);
  });
});

describe('saved tokenizers', () => {
  const sample = 'The cat saw the dog; 学習!';
  it.each<[string, data.text.Tokenizer]>([
    ['characters', text.CharTokenizer.train(sample, { unknown: '?' })],
    ['words', text.WordTokenizer.train(sample, { lowercase: true, pattern: /\p{L}+|./u, unknown: '<unk>' })],
    ['byte pairs', bpe],
  ])('of %s encode as before', (_, tokenizer) => {
    text.saveTokenizer(file('tokenizer.json'), tokenizer);
    const again = text.loadTokenizer(file('tokenizer.json'));
    expect(again.toJSON()).toEqual(tokenizer.toJSON());
    expect(again.encode('the dog saw a 学')).toEqual(tokenizer.encode('the dog saw a 学'));
  });

  it.each<[string, unknown, RegExp]>([
    ['of something else', { tokens: [] }, /not a tokenizer that saveTokenizer wrote/],
    [
      'without tokens',
      { format: 'nabla tokenizer 1', kind: 'words', tokens: [1] },
      /no tokens that are a list of texts/,
    ],
    [
      'of an unknown kind',
      { format: 'nabla tokenizer 1', kind: 'x', tokens: [] },
      /not a tokenizer of characters/,
    ],
    [
      'with a pattern that is none',
      { format: 'nabla tokenizer 1', kind: 'words', tokens: [], pattern: '(', flags: '' },
      /Invalid regular expression/,
    ],
    [
      'with tokens twice',
      { format: 'nabla tokenizer 1', kind: 'characters', tokens: ['a', 'a'] },
      /"a" is given twice/,
    ],
    [
      'with merges of nothing',
      { format: 'nabla tokenizer 1', kind: 'bytePairs', tokens: ['a'], merges: ['a b'], specials: [] },
      /merge 1, "a b"/,
    ],
  ])('%s are refused', (_, json, message) => {
    writeFileSync(file('bad.json'), JSON.stringify(json));
    expect(() => text.loadTokenizer(file('bad.json'))).toThrow(message);
  });
});

describe('blocks', () => {
  it('are pieces of a text, and what follows', () => {
    const blocks = new text.BlockDataset(tensor([0, 1, 2, 3, 4, 5, 6], { dtype: 'int64' }), 3);
    expect(blocks.length).toBe(2);
    const [[x, y]] = new data.DataLoader(blocks, { batchSize: 2 });
    expect([x.dtype, x.toArray(), y.toArray()]).toEqual([
      'int64',
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    const all = new text.BlockDataset([0, 1, 2, 3], 2, { stride: 1 });
    expect([all.length, all.get(1).map((t): unknown => t.toArray())]).toEqual([
      2,
      [
        [1, 2],
        [2, 3],
      ],
    ]);
    expect(() => new text.BlockDataset([1, 2], 2)).toThrow(/need 3 tokens at least, got 2/);
    expect(() => all.get(2)).toThrow(/no sample 2 among 2/);
  });
});
