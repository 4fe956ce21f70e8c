/** Without the package that draws SVG, and characters that the charts' font lacks, notebooks go on. */
import { expect, it, vi } from 'vitest';
import { fromNodes } from '../../../kernel/display/foreign.js';
import { LossChart } from '../../../kernel/plots/index.js';
import { chartBundle } from '../../../kernel/plots/render/bundle.js';
import { render } from '../../../kernel/plots/render/raster.js';
import { inkShare, readPng } from './png-reader.js';
import { silent } from './tools.js';

const asked = vi.hoisted(() => [] as string[]);

vi.mock('node:module', async (original) => {
  const actual = await original<typeof import('node:module')>();
  const createRequire = (from: string | URL) => {
    const real = actual.createRequire(from);
    const wanted = (id: string): unknown => {
      if (!id.includes('resvg')) return real(id);
      asked.push(id);
      throw new Error(`Cannot find module '${id}'`);
    };
    return Object.assign(wanted, { resolve: real.resolve });
  };
  return Object.assign({}, actual, { createRequire });
});

it('a chart is drawn, with a box for each character that its font lacks', () => {
  const chart = new LossChart({ title: '損失 loss' }, silent);
  for (let i = 0; i < 50; i++) chart.add({ train: 1 / (1 + i) });
  const result = render(chart.model(), 'final');
  if ('error' in result) throw new Error(result.error);
  expect(inkShare(readPng(result.png))).toBeGreaterThan(0.001);
  expect(chartBundle(chart.model(), result, true).data['text/plain']).toContain('損失 loss');
  expect(asked).toContain('@resvg/resvg-js');
});

it('an SVG is shown as it is, and says why there is no PNG of it', () => {
  const outerHTML = '<svg width="9" height="9"><circle r="4"/></svg>';
  const shown = fromNodes({ nodeType: 1, outerHTML });
  expect(shown?.data['image/svg+xml']).toContain('<circle r="4"/>');
  expect(shown?.data).not.toHaveProperty('image/png');
  expect(shown?.data['text/plain']).toContain('@resvg/resvg-js is missing');
});
