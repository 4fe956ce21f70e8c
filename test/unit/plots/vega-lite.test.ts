/** The specifications against Vega-Lite itself: its JSON schema, and its compiler. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { compile, type TopLevelSpec } from 'vega-lite';
import { describe, expect, it } from 'vitest';
import { LossChart } from '../../../kernel/plots/index.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import { chartBundle } from '../../../kernel/plots/render/bundle.js';
import { render } from '../../../kernel/plots/render/raster.js';
import { toVegaLite, VEGA_LITE_MIME } from '../../../kernel/plots/render/vega-lite.js';
import { cases, falling, noise, silent } from './cases.js';

const schema = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('vega-lite/build/vega-lite-schema.json'), 'utf8'),
) as object;
// The formats that the schema names (colours, addresses) are hints for editors.
const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);

interface Logger {
  level(value: number): Logger;
  level(): number;
  error(...parts: readonly unknown[]): Logger;
  warn(...parts: readonly unknown[]): Logger;
  info(...parts: readonly unknown[]): Logger;
  debug(...parts: readonly unknown[]): Logger;
}

/** What Vega-Lite's compiler complains of. */
function complaints(spec: TopLevelSpec): string[] {
  const said: string[] = [];
  const level = ((value?: number) => (value === undefined ? 2 : logger)) as Logger['level'];
  const note = (...parts: readonly unknown[]): Logger => (said.push(parts.join(' ')), logger);
  const logger: Logger = { level, error: note, warn: note, info: () => logger, debug: () => logger };
  compile(spec, { logger });
  return said;
}

function isSpec(spec: unknown): spec is TopLevelSpec {
  return validate(spec);
}

function check(chart: ChartModel): void {
  const spec: unknown = toVegaLite(chart);
  const valid = isSpec(spec);
  expect(valid, JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  if (valid) expect(complaints(spec)).toEqual([]);
}

function loss(fill: (chart: LossChart) => void, options = {}): ChartModel {
  const chart = new LossChart(options, silent);
  fill(chart);
  return chart.model();
}

const badInputs: Record<string, () => ChartModel> = {
  'names with quotes, backslashes, dots and brackets': () =>
    loss((chart) => {
      for (let i = 0; i < 3; i++)
        chart.add({ [`it's "odd", \\ isn't it`]: i, 'a.b[0]': 2 * i, '': 3 * i, '\n': i });
    }),
  'steps from 0 on a logarithmic axis': () =>
    loss((chart) => [0, 1, 10, 100].forEach((step) => chart.add({ train: 1 / (1 + step) }, step)), {
      xScale: 'log',
    }),
  'Inf, -Inf and NaN among numbers': () =>
    loss((chart) => [Infinity, 1, -Infinity, 2, NaN, 3].forEach((train) => chart.add({ train, lr: 0 }))),
  'one value at one step, on a logarithmic axis': () =>
    loss((chart) => chart.add({ train: 1e-30 }), { yScale: 'log' }),
  'rules and levels beyond the data, twenty of each': () =>
    loss((chart) => {
      chart.add({ train: 1 }).add({ train: 2 });
      for (let i = 0; i < 20; i++) chart.rule(100 * i, `rule ${i}`).level(10 * i, `level ${i}`);
    }),
  'values as large and as small as doubles are': () =>
    loss((chart) => [1e308, -1e308, 5e-324, 0].forEach((train) => chart.add({ train }))),
  'a tiny chart': () =>
    loss((chart) => chart.add({ train: 1 }).add({ train: 2 }), { width: 120, height: 80 }),
  'eighty runs with validation': () =>
    loss((chart) => {
      for (let run = 0; run < 80; run++) {
        const random = noise(run + 1);
        for (let step = 0; step < 40; step++)
          chart
            .run(`run ${run}`)
            .add({ train: falling(step, random), val: falling(step, random), lr: 0.1 / (1 + step) });
      }
    }),
};

describe('the schema and the compiler of Vega-Lite 5', () => {
  for (const [name, chart] of Object.entries(cases))
    if (toVegaLite(chart()) !== null) it(`take ${name}`, () => check(chart()));
  for (const [name, chart] of Object.entries(badInputs)) it(`take ${name}`, () => check(chart()));

  it('would refuse a mark that does not exist', () => {
    const spec = toVegaLite(cases.one());
    expect(isSpec({ ...spec, layer: [{ mark: 'swirl' }] })).toBe(false);
  });
});

describe('a finished chart', () => {
  // Those with the most words and lines: each has left its specification out once.
  const large = ['runs-1000', 'ridges-12', 'scatter', 'graph-modules', 'graph-transformer'];
  it.each([...large, 'surface-rosenbrock', 'dashboard-20', 'activation-curves-20'])(
    '%s has picture, text and Vega-Lite in less than 60 kB of the file',
    (name) => {
      const chart = cases[name]();
      const output = chartBundle(chart, render(chart, 'final'), true);
      expect(Object.keys(output.data).sort()).toEqual([VEGA_LITE_MIME, 'image/png', 'text/plain']);
      const spec = output.data[VEGA_LITE_MIME];
      expect(isSpec(spec)).toBe(true);
      if (isSpec(spec)) expect(complaints(spec)).toEqual([]);
      // As Jupyter writes it: a line for every value.
      const stored = JSON.stringify(
        { cells: [{ outputs: [{ output_type: 'display_data', ...output }] }] },
        null,
        1,
      );
      expect(Buffer.byteLength(stored)).toBeLessThan(60_000);
    },
  );
});

describe('what a reader of the interactive chart sees', () => {
  interface View {
    width: number;
    layer: { mark?: { type: string; color?: string }; encoding: { x?: { value?: number } } }[];
  }
  const views = (name: string): View[] => {
    const spec = JSON.parse(JSON.stringify(toVegaLite(cases[name]()))) as View & { vconcat?: View[] };
    return spec.vconcat ?? [spec];
  };

  it('is as wide as the picture that it replaces, whatever the labels are', () => {
    for (const name of ['one', 'train-validation', 'runs-20', 'long-names', 'one-point'])
      for (const view of views(name)) {
        const edge = Math.max(...view.layer.map(({ encoding }) => encoding.x?.value ?? 0));
        expect(edge).toBeGreaterThan(view.width);
        expect(edge).toBeLessThan(cases[name]().width - 30);
        expect(view.width).toBeGreaterThan(cases[name]().width / 2);
      }
  });
});
