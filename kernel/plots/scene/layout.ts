/** From a chart to its shapes: title, panels below each other, notes at the foot. */
import type { ChartModel, LinePanel } from '../model/chart.js';
import { emptyExtent, include, minus } from './axes.js';
import { layoutDots } from './dots.js';
import type { FontSet } from './font.js';
import { layoutGraph } from './graph.js';
import { layoutImages } from './images.js';
import { layoutLines, lineGutters, xExtent, type Gutters } from './lines.js';
import { layoutMatrix } from './matrix.js';
import { layoutPlane } from './plane.js';
import { layoutRidges } from './ridges.js';
import { layoutSurface } from './surface.js';
import { text, type Scene, type Shape } from './shapes.js';
import { COLOR, TYPE } from './style.js';

const NOTE_HEIGHT = 15;
const MARGIN = 14;

export function layout(chart: ChartModel, fonts: FontSet): Scene {
  const { width, height } = chart;
  // The rasterizer fills the background.
  const shapes: Shape[] = [];
  let top = 8;
  if (chart.title !== '') {
    shapes.push(text(MARGIN, 24, chart.title, 'title', COLOR.ink));
    top = 38;
  }
  const said = fonts.problem === '' ? chart.notes : [...chart.notes, fonts.problem];
  const notes = said.flatMap((note) => wrap(note, width - 2 * MARGIN, fonts)).slice(0, 4);
  const bottom = height - 6 - notes.length * NOTE_HEIGHT;
  notes.forEach((note, i) => {
    const y = bottom + NOTE_HEIGHT * (i + 1) - 4;
    shapes.push(text(MARGIN, y, minus(note), 'note', COLOR.muted));
  });
  const linePanels = chart.panels.filter((panel): panel is LinePanel => panel.kind === 'lines');
  const gutters: Gutters = { left: 0, right: 0, gap: 0 };
  const steps = emptyExtent();
  for (const panel of linePanels) {
    const own = lineGutters(panel, fonts);
    gutters.left = Math.max(gutters.left, own.left);
    gutters.right = Math.max(gutters.right, own.right);
    gutters.gap = Math.max(gutters.gap, own.gap);
    const extent = xExtent(panel);
    include(steps, [extent.minPositive, extent.min, extent.max]);
  }
  const total = chart.panels.reduce((sum, panel) => sum + panel.weight, 0);
  let y = top;
  chart.panels.forEach((panel, i) => {
    const share = ((bottom - top) * panel.weight) / total;
    const box = { x: 0, y, width, height: share };
    y += share;
    if (panel.kind === 'lines') {
      const showX = !chart.panels.slice(i + 1).some((other) => other.kind === 'lines');
      shapes.push(...layoutLines(panel, { box, gutters, x: steps, showX }, fonts));
    } else if (panel.kind === 'ridges') {
      shapes.push(...layoutRidges(panel, box, fonts));
    } else if (panel.kind === 'dots') {
      shapes.push(...layoutDots(panel, box, fonts));
    } else if (panel.kind === 'matrix') {
      shapes.push(...layoutMatrix(panel, box, fonts));
    } else if (panel.kind === 'images') {
      shapes.push(...layoutImages(panel, box, fonts));
    } else if (panel.kind === 'surface') {
      shapes.push(...layoutSurface(panel, box, fonts));
    } else if (panel.kind === 'graph') {
      shapes.push(...layoutGraph(panel, box, fonts));
    } else {
      shapes.push(...layoutPlane(panel, box, fonts));
    }
  });
  return { width, height, shapes };
}

/** Breaks a sentence into lines that fit. */
function wrap(sentence: string, width: number, fonts: FontSet): string[] {
  const { size, weight } = TYPE.note;
  const lines: string[] = [];
  for (const word of sentence.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)!} ${word}`;
    if (lines.length === 0) lines.push(word);
    else if (fonts.width(longer, size, weight) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
