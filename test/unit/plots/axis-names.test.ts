/** Every axis says what is measured along it, or there is a reason why it need not. */
import { describe, expect, it } from 'vitest';
import type { Panel } from '../../../kernel/plots/model/chart.js';
import { bundledFonts } from '../../../kernel/plots/scene/font.js';
import { layout } from '../../../kernel/plots/scene/layout.js';
import { cases } from './cases.js';

/** A reason, or names of which the picture must have each. */
type Names = string | string[];

const NAMES: { [K in Panel['kind']]: (panel: Extract<Panel, { kind: K }>) => Names } = {
  lines: ({ x, y, series }) =>
    series.some(({ line }) => line.y.some(Number.isFinite)) ? [x.name, y.name] : 'it says that it is empty',
  plane: ({ x, y, field, groups }) =>
    field !== null || groups.some(({ points }) => points.x.length > 0)
      ? [x.name, y.name]
      : 'it says that it is empty',
  surface: ({ x, y, name, levels }) =>
    levels.length > 0 ? [x.name, y.name, name] : 'it says that it is empty',
  dots: ({ x, rows, measures }) =>
    rows.length > 0 ? [x.name, ...measures, ...rows.slice(0, 1).map((row) => row.name)] : 'empty',
  ridges: ({ quantity, ridges }) => {
    const drawn = ridges.filter(({ slices }) => slices.some(({ counts }) => counts.some((n) => n > 0)));
    return drawn.length === 0
      ? 'it says that it is empty'
      : [quantity, ...(drawn.some(({ slices }) => slices.length > 1) ? ['step'] : [])];
  },
  heat: ({ quantity, cells }) => (cells.length > 0 ? [quantity, 'step'] : 'it says that it is empty'),
  matrix: ({ classes }) => (classes.length > 0 ? ['true class', 'predicted class'] : 'empty'),
  layers: ({ rows }) => (rows.length > 0 ? ['activations', 'gradients, |g|', 'weights', 'step 0'] : 'empty'),
  images: ({ xName, yName, tiles }) =>
    tiles.length === 0 ? 'empty' : xName === '' ? 'its axes are places in an image' : [xName, yName],
  frames: () => 'its axes are those of the plane above',
  flame: () => 'each tick has its unit',
  graph: () => 'its places mean nothing',
  findings: () => 'it is a text',
};

describe('every axis is named', () => {
  it.each(Object.entries(cases))('in %s', (_, make) => {
    const chart = make();
    const words = layout(chart, bundledFonts())
      .shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []))
      .join('\n');
    const wanted = <K extends Panel['kind']>(panel: Extract<Panel, { kind: K }>, kind: K): Names =>
      NAMES[kind](panel);
    for (const panel of chart.panels) {
      const names = wanted(panel, panel.kind);
      if (typeof names === 'string') continue;
      for (const name of names) {
        expect(name).not.toBe('');
        // Long ones are shortened in their middle.
        expect(words).toContain(name.slice(0, 6));
      }
    }
  });
});
