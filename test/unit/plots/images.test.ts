import { describe, expect, it } from 'vitest';
import { data, full, nn, tensor } from '../../../core/index.js';
import { attentionMap, featureMaps, imageGrid, weightGrid, type Still } from '../../../kernel/plots/index.js';
import type { ImagesPanel } from '../../../kernel/plots/model/pictures.js';
import { render } from '../../../kernel/plots/render/raster.js';
import { toText } from '../../../kernel/plots/render/text.js';
import { bundledFonts } from '../../../kernel/plots/scene/font.js';
import { layout } from '../../../kernel/plots/scene/layout.js';
import { readPng } from './png-reader.js';
import { silent } from './tools.js';

function panelOf(still: Still): ImagesPanel {
  const [panel] = still.model().panels;
  if (panel.kind !== 'images') throw new Error(`expected images, got ${panel.kind}`);
  return panel;
}

function pixel({ tiles }: ImagesPanel, tile: number, row: number, column: number): number[] {
  const { rgba, columns } = tiles[tile];
  return [...rgba.subarray(4 * (row * columns + column), 4 * (row * columns + column) + 3)];
}

const notes = (still: Still): string => still.model().notes.join(' ');

describe('imageGrid', () => {
  it('puts every pixel of every image where it belongs, black at 0 and white at 1', () => {
    const [images] = data.digits(5).tensors;
    const panel = panelOf(imageGrid(images, {}, silent));
    const values = images.toTypedArray();
    expect(panel.tiles).toHaveLength(5);
    for (let i = 0; i < 5; i++)
      for (let r = 0; r < 8; r++)
        for (let c = 0; c < 8; c++) {
          const gray = Math.round(255 * values[i * 64 + r * 8 + c]);
          expect(pixel(panel, i, r, c)).toEqual([gray, gray, gray]);
        }
  });

  it('takes a range either way round, and refuses one of no width', () => {
    const image = [
      [0, 1],
      [0.25, 0.75],
    ];
    const negative = panelOf(imageGrid(image, { range: [1, 0] }, silent));
    expect([0, 1].map((column) => pixel(negative, 0, 0, column)[0])).toEqual([255, 0]);
    expect(pixel(negative, 0, 1, 0)[0]).toBe(191);
    const none = imageGrid(image, { range: [1, 1] }, silent);
    expect(panelOf(none).tiles).toEqual([]);
    expect(notes(none)).toContain('range is [black, white], two different numbers, got [1, 1]');
  });

  it('draws pixels as crisp squares: a checkerboard has two colours and no grey between them', () => {
    const board = Array.from({ length: 6 }, (_, r) => Array.from({ length: 6 }, (_, c) => (r + c) % 2));
    const chart = imageGrid(board, { title: '' }, silent).model();
    const result = render(chart, 'final');
    if (!('png' in result)) throw new Error(result.error);
    const png = readPng(result.png);
    const image = layout(chart, bundledFonts()).shapes.find((shape) => shape.kind === 'image');
    if (image?.kind !== 'image') throw new Error('no image');
    const { box } = image;
    const at = (x: number, y: number): number => {
      const place =
        Math.round(2 * (box.y + y * box.height)) * png.width + Math.round(2 * (box.x + x * box.width));
      return png.palette[png.pixels[place]][0];
    };
    for (let r = 0; r < 6; r++)
      for (let c = 0; c < 6; c++) {
        const wanted = 255 * ((r + c) % 2);
        for (const near of [0.06, 0.5, 0.94]) expect(at((c + near) / 6, (r + near) / 6)).toBe(wanted);
      }
  });

  it.each([
    ['[n, 3, h, w]', [2, 3, 2, 2]],
    ['[n, h, w, 3]', [2, 2, 2, 3]],
  ])('shows colours of %s', (_, shape) => {
    const last = shape[3] === 3;
    const values = new Float64Array(24);
    for (let i = 0; i < 2; i++)
      for (let k = 0; k < 4; k++)
        for (let c = 0; c < 3; c++)
          values[last ? i * 12 + k * 3 + c : i * 12 + c * 4 + k] = (i * 100 + k * 10 + c) / 255;
    const panel = panelOf(imageGrid(tensor(Array.from(values)).reshape(shape), {}, silent));
    expect(panel.tiles).toHaveLength(2);
    expect(pixel(panel, 1, 1, 0)).toEqual([120, 121, 122]);
    expect(pixel(panel, 0, 0, 1)).toEqual([10, 11, 12]);
  });

  it('takes bytes, single images, stacks without channels and lists', () => {
    expect(
      pixel(
        panelOf(
          imageGrid(
            tensor([
              [0, 255],
              [51, 102],
            ]),
            {},
            silent,
          ),
        ),
        0,
        1,
        0,
      ),
    ).toEqual([51, 51, 51]);
    expect(
      panelOf(imageGrid(tensor(Array.from({ length: 7 * 4 }, () => 0.5)).reshape([7, 2, 2]), {}, silent))
        .tiles,
    ).toHaveLength(7);
    const one = tensor([[0, 1]]);
    expect(panelOf(imageGrid([one, one, one], {}, silent)).tiles).toHaveLength(3);
  });

  it('marks images that are taken for something else', () => {
    const images = tensor([[[0.1]], [[0.2]]]).reshape([2, 1, 1, 1]);
    const options = { labels: [0, 1], predictions: tensor([0, 0]), classes: ['cat', 'dog'] };
    const still = imageGrid(images, options, silent);
    expect(panelOf(still).tiles.map(({ label, wrong }) => [label, wrong])).toEqual([
      ['cat', false],
      ['cat, is dog', true],
    ]);
    expect(toText(still.model())).toContain('2 images of 1 x 1, values 0 … 1\ncat, cat, is dog');
  });

  it('stays small however many and however large images are', () => {
    const many = Array.from({ length: 300 * 16 }, (_, i) => ((i * 7919) % 256) / 255);
    const grid = imageGrid(tensor(many).reshape([300, 4, 4]), {}, silent);
    expect(panelOf(grid).tiles).toHaveLength(100);
    expect(notes(grid)).toContain('100 of 300 images are shown.');
    const large = imageGrid(full([3, 3000, 2000], 0.3), {}, silent);
    expect(panelOf(large).tiles[0].rgba.length).toBeLessThan(4 * 1200 * 1200);
    const result = render(large.model(), 'final');
    expect('png' in result && result.png.length < 60_000).toBe(true);
  });

  it.each([
    ['a shape that is no image', () => imageGrid(tensor([1, 2, 3]), {}, silent), 'images are [n, c, h, w]'],
    [
      'seven channels',
      () => imageGrid(tensor(new Array<number>(7 * 4).fill(0)).reshape([1, 7, 2, 2]), {}, silent),
      'featureMaps shows each channel',
    ],
    [
      'too few labels',
      () =>
        imageGrid(
          [
            [0, 1],
            [1, 0],
          ],
          { labels: [1, 2, 3] },
          silent,
        ),
      'there are 1 images and 3 labels',
    ],
    ['ragged rows', () => imageGrid([[0, 1], [1]], {}, silent), 'rows of different lengths'],
  ])('says what is wrong with %s and does not throw', (_, make, words) => {
    const still = make();
    expect(notes(still)).toContain(words);
    expect(toText(still.model())).toContain('No images');
  });
});

describe('weightGrid and featureMaps', () => {
  it('centre the colours on 0, as far to either side', () => {
    const panel = panelOf(weightGrid(tensor([[-1, 0, 4]]), {}, silent));
    expect([panel.key?.low, panel.key?.high]).toEqual([-4, 4]);
    expect(pixel(panel, 0, 0, 1)).toEqual([0xf2, 0xf0, 0xef]);
    const [blue, , red] = [0, 1, 2].map((column) => pixel(panel, 0, 0, column));
    expect(blue[2]).toBeGreaterThan(blue[0]);
    expect(red[0]).toBeGreaterThan(red[2]);
  });

  it('show a tile for each filter and input channel, for each unit on a square image, or the matrix', () => {
    expect(panelOf(weightGrid(new nn.Conv2d(2, 3, 5), {}, silent)).tiles.map(({ label }) => label)).toEqual([
      '0 ← 0',
      '0 ← 1',
      '1 ← 0',
      '1 ← 1',
      '2 ← 0',
      '2 ← 1',
    ]);
    const units = panelOf(weightGrid(new nn.Linear(64, 10), {}, silent));
    expect([units.tiles.length, units.tiles[0].rows, units.tiles[0].columns]).toEqual([10, 8, 8]);
    const matrix = panelOf(weightGrid(new nn.Linear(30, 12), {}, silent));
    expect([matrix.tiles.length, matrix.tiles[0].rows, matrix.tiles[0].columns]).toEqual([1, 12, 30]);
    expect([matrix.xName, matrix.yName]).toEqual(['input', 'output']);
  });

  it('mark what is not a number', () => {
    const still = weightGrid(tensor([[NaN, 1, Infinity]]), {}, silent);
    expect(pixel(panelOf(still), 0, 0, 0)).toEqual([0xe8, 0x3e, 0xa8]);
    expect(pixel(panelOf(still), 0, 0, 2)).toEqual([0xf2, 0xb7, 0x05]);
    expect(notes(still)).toContain('2 of 3 numbers are NaN (magenta) or infinite (yellow).');
  });

  it('show the channels of the sample that is asked for', () => {
    const values = tensor(Array.from({ length: 24 }, (_, i) => i)).reshape([2, 3, 2, 2]);
    const panel = panelOf(featureMaps(values, { sample: 1 }, silent));
    expect([panel.tiles.length, panel.key?.low, panel.key?.high]).toEqual([3, 12, 23]);
    expect(notes(featureMaps(values, { sample: 2 }, silent))).toContain('there are samples 0 to 1; got 2');
  });
});

describe('attentionMap', () => {
  const weights = [
    [
      [1, 0],
      [0.3, 0.7],
    ],
    [
      [0, 1],
      [0.5, 0.5],
    ],
  ];

  it('has a row for each query and says in words what attends most to what', () => {
    const still = attentionMap(weights, { tokens: ['good', 'morning'] }, silent);
    expect(panelOf(still).tiles.map(({ label }) => label)).toEqual(['head 0', 'head 1']);
    const text = toText(still.model());
    expect(text).toContain('head 0: query good attends most to key good (1)');
    expect(text).toContain('head 1: query good attends most to key morning (1)');
    // The brightest colour stands for 1, the darkest for 0.
    expect(pixel(panelOf(still), 0, 0, 0)).toEqual([0xfc, 0xfd, 0xbf]);
    expect(pixel(panelOf(still), 0, 0, 1)).toEqual([0x2d, 0x11, 0x60]);
  });

  it('takes what MultiheadAttention answers', () => {
    const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
    const x = tensor(Array.from({ length: 40 }, (_, i) => Math.sin(i))).reshape([1, 5, 8]);
    const [, shares] = attention.forward(x, x, x, { averageAttnWeights: false });
    if (shares === null) throw new Error('no weights');
    const panel = panelOf(attentionMap(shares, {}, silent));
    expect([panel.tiles.length, panel.tiles[0].rows, panel.tiles[0].columns]).toEqual([2, 5, 5]);
  });

  it.each([
    [
      'tokens that do not fit',
      () => attentionMap(weights, { tokens: ['a'] }, silent),
      'there are 2 queries and 1 tokens',
    ],
    [
      'a head that is not there',
      () => attentionMap(weights, { heads: [2] }, silent),
      'there are heads 0 to 1; got 2',
    ],
    ['a vector', () => attentionMap([1, 2], {}, silent), 'weights are [q, k]'],
  ])('says what is wrong with %s', (_, make, words) => {
    expect(notes(make())).toContain(words);
  });
});
