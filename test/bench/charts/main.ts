/**
 * What a frame of each chart costs the thread that draws it, stage by stage, and how many bytes the finished chart leaves in
 * the notebook, picture, Vega-Lite and text together as Jupyter stores them: `npm run bench:charts`, with parts of names only these. The bounds
 * are 25 ms a frame and 60 kB. Times are medians over warm frames, by the wall clock: run it where nothing else runs.
 */
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { LossChart } from '../../../kernel/plots/index.js';
import { chartBundle } from '../../../kernel/plots/render/bundle.js';
import { encodePng } from '../../../kernel/plots/render/png.js';
import { liveRatio, rasterize, render } from '../../../kernel/plots/render/raster.js';
import { OUTPUT_DEPTH, storedBytes } from '../../../kernel/plots/render/stored.js';
import { VEGA_LITE_MIME } from '../../../kernel/plots/render/vega-lite.js';
import { bundledFonts } from '../../../kernel/plots/scene/font.js';
import { layout } from '../../../kernel/plots/scene/layout.js';
import { cases, falling } from '../../unit/plots/cases.js';
import { noise, silent } from '../../unit/plots/tools.js';

const FRAMES = 25;
/** Frames before those that count. */
const WARM = 5;
const FRAME_BOUND = 25;
const BYTES_BOUND = 60_000;

function steps(count: number): ChartModel {
  const chart = new LossChart({}, silent);
  const random = noise(3);
  for (let step = 0; step < count; step++)
    chart.add({ train: falling(step, random, { pace: count / 5 }), lr: 1 / (1 + step) });
  return chart.model();
}

const charts: Record<string, () => ChartModel> = {
  ...Object.fromEntries([1e2, 1e3, 1e4, 1e5, 1e6].map((count) => [`loss-${count}`, () => steps(count)])),
  ...cases,
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];

const wanted = process.argv.slice(2);
const fonts = bundledFonts();
const over: string[] = [];
console.log(
  `${'chart'.padEnd(26)}  at  layout  pixels  encode   frame | kB: frame  PNG kept  Vega-Lite   stored`,
);
for (const [name, make] of Object.entries(charts)) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
  const chart = make();
  const stages: number[][] = [[], [], [], []];
  let frame = 0;
  let ratio = 0;
  for (let i = -WARM; i < FRAMES; i++) {
    const began = performance.now();
    const scene = layout(chart, fonts);
    const laidOut = performance.now();
    ratio = liveRatio(scene);
    let drawn = 0;
    frame = rasterize(scene, fonts, ratio, (pixels) => {
      drawn = performance.now();
      return encodePng(pixels, 64, 'fast').length;
    });
    const ended = performance.now();
    const times = [laidOut - began, drawn - laidOut, ended - drawn, ended - began];
    if (i >= 0) times.forEach((time, stage) => stages[stage].push(time));
  }
  const total = median(stages[3]);
  const result = render(chart, 'final');
  const kept = 'png' in result ? result.png.length : NaN;
  const bundle = chartBundle(chart, result, true);
  const spec = bundle.data[VEGA_LITE_MIME];
  const vega = spec === undefined ? '-' : (JSON.stringify(spec).length / 1000).toFixed(1);
  const stored = storedBytes(bundle, OUTPUT_DEPTH);
  if (total > FRAME_BOUND || !(stored < BYTES_BOUND)) over.push(name);
  const cells = stages.map((times) => median(times).toFixed(1).padStart(7)).join(' ');
  console.log(
    `${name.padEnd(26)} ${ratio.toFixed(1)} ${cells} | ${(frame / 1000).toFixed(1).padStart(9)} ${(kept / 1000).toFixed(1).padStart(9)} ${vega.padStart(10)} ${(stored / 1000).toFixed(1).padStart(8)}`,
  );
}
console.log(
  `Node ${process.version}; over ${FRAME_BOUND} ms or ${BYTES_BOUND / 1000} kB: ${over.length === 0 ? 'none' : over.join(', ')}`,
);
