/** Charts that are pictures, as Vega-Lite: the same layout, in the colours of the frontend's theme. */
import { compile, type TopLevelSpec } from 'vega-lite';
import { describe, expect, it } from 'vitest';
import { boundsOf, clipped, joined, polylines, simplified } from '../../../kernel/plots/render/outline.js';
import { dotsText, PATH_SIZE, pathText } from '../../../kernel/plots/render/vega-path.js';
import { chartBundle } from '../../../kernel/plots/render/bundle.js';
import { render } from '../../../kernel/plots/render/raster.js';
import { OUTPUT_DEPTH, storedBytes } from '../../../kernel/plots/render/stored.js';
import { toVegaLite, VEGA_LITE_MIME } from '../../../kernel/plots/render/vega-lite.js';
import { bundledFonts } from '../../../kernel/plots/scene/font.js';
import { layout } from '../../../kernel/plots/scene/layout.js';
import { COLOR, contrastOnWhite, parseColor } from '../../../kernel/plots/scene/style.js';
import { cases } from './cases.js';
import { stress } from './stress.js';

interface Layer {
  data?: { values: { url: string }[] };
  mark: { type: string; style?: string; fill?: string };
  encoding: Record<string, { field?: string; value?: string | number }>;
}

/** All but curves, those of which there is something to see. */
const pictures = Object.entries(cases).filter(([, chart]) =>
  chart().panels.some((panel) => panel.kind !== 'lines'),
);
const drawn = pictures.filter(([, chart]) => toVegaLite(chart()) !== null);

type Row = Partial<Record<string, string>>;

/** Its layers, each with its rows of the CSV that they share: no cell of these charts has a comma. */
function layersOf(name: string): (Layer & { rows: Row[] })[] {
  const spec = JSON.parse(JSON.stringify(toVegaLite(cases[name]()))) as {
    data: { values: string };
    layer: Layer[];
  };
  const [head, ...lines] = spec.data.values.split('\n');
  const names = head.split(',');
  const all = lines.map((line): Row => {
    const cells = line.split(',').map((cell) => (cell === '' ? undefined : cell));
    return Object.fromEntries(names.map((column, i) => [column, cells[i]]));
  });
  return spec.layer.map((layer, l) => ({ ...layer, rows: all.filter((row) => row.l === String(l)) }));
}

const rowsOf = ({ rows }: { rows: Row[] }): Row[] => rows;

describe('a picture as Vega-Lite', () => {
  it('is there for every chart that shows something', () => {
    const without = pictures.filter((entry) => !drawn.includes(entry)).map(([name]) => name);
    expect(without.filter((name) => !/none|empty|^no-/.test(name))).toEqual([]);
  });

  it.each(drawn)('%s has the size of the PNG that it replaces, and all its words', (_, make) => {
    const chart = make();
    const spec = JSON.stringify(toVegaLite(chart));
    expect(toVegaLite(chart)).toMatchObject({ width: chart.width, height: chart.height, padding: 0 });
    for (const shape of layout(chart, bundledFonts()).shapes)
      if (shape.kind === 'text') expect(spec).toContain(JSON.stringify(shape.text).slice(1, -1));
  });

  it('leaves the colour of words on its ground to the theme', () => {
    const spec = toVegaLite(cases['confusion-3']()) as unknown as TopLevelSpec;
    const dark = { background: '#333', style: { 'guide-label': { fill: '#fff' } } };
    const { marks = [] } = compile(spec, { config: dark }).spec;
    const texts = marks.filter(({ type }) => type === 'text');
    const themed = texts.filter(({ style }) => style?.includes('guide-label'));
    expect(themed.length).toBeGreaterThan(0);
    // A fill here would win over the theme's.
    for (const { encode } of themed) expect(encode?.update?.fill).toBeUndefined();
  });

  it('keeps the colours of words on painted cells, legible there in every theme', () => {
    const layers = layersOf('confusion-3');
    const cells = layers.filter(({ mark }) => mark.type === 'rect').flatMap(rowsOf);
    const words = layers
      .filter(({ mark }) => mark.type === 'text' && mark.style === undefined)
      .flatMap((layer) =>
        rowsOf(layer).map(({ x, y, t, c = String(layer.encoding.fill.value) }) => ({ x, y, t, c })),
      );
    expect(words.map(({ t }) => t).sort()).toEqual(['1', '106', '12', '22', '5', '76', '78']);
    const between = (low?: string, at?: string, high?: string): boolean =>
      Number(low) <= Number(at) && Number(at) <= Number(high);
    for (const { x, y, c } of words) {
      const under = cells.find(
        (cell) => between(cell.x, x, cell.X) && between(cell.y, y, cell.Y) && cell.c !== undefined,
      );
      const [ink, ground] = [c, under?.c ?? '#ffffff'].map((color) => contrastOnWhite(parseColor(color)));
      expect(Math.max(ink / ground, ground / ink)).toBeGreaterThan(3);
    }
  });

  it('says under the pointer what a cell counts and where a point lies', () => {
    expect(JSON.stringify(layersOf('confusion-3'))).toContain('setosa taken for versicolor: 5 of 112');
    expect(JSON.stringify(layersOf('decision-boundary'))).toMatch(/upper \(-?\d/);
    expect(JSON.stringify(layersOf('gradient-flow'))).toContain('layers.0.weight mean |g| ');
  });

  it('holds the images of a grid in one picture', () => {
    const images = layersOf('images').filter(({ mark }) => mark.type === 'image');
    expect(images).toHaveLength(1);
    expect(JSON.stringify(images[0].data?.values)).toMatch(/^\[\{"url":"data:image\/png;base64,/);
  });

  it('has no ink or white of the paper on its ground', () => {
    const [ink, empty] = [COLOR.ink, COLOR.empty].map((color) => JSON.stringify(color));
    const spec = JSON.stringify(layersOf('gradient-flow-bad'));
    for (const color of [ink, empty, '"#fbeaea"']) expect(spec).not.toContain(color);
  });
});

describe('polylines as shapes of points', () => {
  it('are at their places: read back they are the same lines to an eighth of a pixel', () => {
    const lines: [number, number][][] = [
      [
        [10, 20],
        [12.4, 18],
        [9, 30.2],
      ],
      [
        [5, 5],
        [5, 60],
      ],
    ];
    const unit = Math.sqrt(PATH_SIZE) / 2;
    const back = polylines(pathText(lines));
    expect(back.map((line) => line.length)).toEqual([3, 2]);
    lines
      .flat()
      .forEach((point, i) =>
        point.forEach((value, axis) =>
          expect(Math.abs(back.flat()[i][axis] * unit - value)).toBeLessThanOrEqual(0.125),
        ),
      );
    const dots = polylines(
      dotsText([
        [7, 3],
        [2, 9],
        [1, 5],
        [7, 3],
      ]),
    );
    // Each place once, band by band.
    expect(dots.map(([[x, y]]) => [x * unit, y * unit])).toEqual([
      [1, 5],
      [7, 3],
      [2, 9],
    ]);
  });
});

describe('paths as polylines', () => {
  it('follow lines, absolute and relative, and close', () => {
    expect(polylines('M1 2h3v-1ZM0 0L5 5')).toEqual([
      [
        [1, 2],
        [4, 2],
        [4, 1],
        [1, 2],
      ],
      [
        [0, 0],
        [5, 5],
      ],
    ]);
  });

  it('follow curves: the middle of a quadratic one is (p0 + 2 p1 + p2) / 4', () => {
    const [line] = polylines('M0 0Q4 8 8 0');
    expect(line[3]).toEqual([4, 4]);
    expect(line.at(-1)).toEqual([8, 0]);
  });

  it('are cut at a box', () => {
    const box = { x: 0, y: 0, width: 10, height: 10 };
    expect(
      clipped(
        [
          [-5, 5],
          [5, 5],
          [5, 20],
        ],
        box,
      ),
    ).toEqual([
      [
        [0, 5],
        [5, 5],
        [5, 10],
      ],
    ]);
  });

  it('are joined where they meet, whichever way they run', () => {
    const whole = joined([
      [
        [0, 0],
        [1, 0],
      ],
      [
        [2, 0],
        [1, 0],
      ],
      [
        [9, 9],
        [8, 8],
      ],
    ]);
    expect(whole).toHaveLength(2);
    expect(boundsOf([whole[0]])).toEqual({ x: 0, y: 0, width: 2, height: 0 });
  });

  it('lose points that no one would see, and no others', () => {
    const line: [number, number][] = [
      [0, 0],
      [1, 0.1],
      [2, 0],
      [3, 5],
    ];
    expect(simplified(line, 0.25)).toEqual([line[0], line[2], line[3]]);
  });
});

describe('charts that are full', () => {
  // The largest of their kinds: each has its picture and Vega-Lite in what a notebook may hold.
  it.each(['surface-paths-20', 'confusion-20', 'frames-2', 'ridges-40', 'curves-long-20'])('%s', (name) => {
    const chart = stress[name]();
    const { data } = chartBundle(chart, render(chart, 'final'), true);
    expect(Object.keys(data).sort()).toEqual([VEGA_LITE_MIME, 'image/png', 'text/plain']);
    expect(storedBytes(data, OUTPUT_DEPTH)).toBeLessThan(60_000);
  });
});
