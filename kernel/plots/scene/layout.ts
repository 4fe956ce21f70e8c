/** From a chart to its shapes: title, panels below each other, notes at the foot. */
import type { ChartModel, LinePanel, Panel } from '../model/chart.js';
import { emptyExtent, include, minus } from './axes.js';
import { layoutDots } from './dots.js';
import { findingsHeight, layoutFindings } from './findings.js';
import type { FontSet } from './font.js';
import { layoutFlame } from './flame.js';
import { layoutFrames } from './frames.js';
import { layoutGraph } from './graph.js';
import { layoutImages } from './images.js';
import { layoutHeat } from './heat.js';
import { layoutLayers } from './layer-table.js';
import { layoutLines, lineGutters, xExtent, type Gutters } from './lines.js';
import { layoutMatrix } from './matrix.js';
import { layoutPlane } from './plane.js';
import { layoutRidges } from './ridges.js';
import { layoutSurface } from './surface.js';
import { text, type Scene, type Shape } from './shapes.js';
import { COLOR } from './style.js';
import { fitted, shortName, wrap } from './wrap.js';

const NOTE_HEIGHT = 15;
const MARGIN = 14;

export function layout(chart: ChartModel, fonts: FontSet): Scene {
  const { width, height } = chart;
  // The rasterizer fills the background.
  const shapes: Shape[] = [];
  let top = 8;
  if (chart.title !== '') {
    const title = shortName(chart.title, width - 2 * MARGIN, fonts, 'title');
    shapes.push(text(MARGIN, 24, title, 'title', COLOR.ink));
    top = 38;
  }
  const said = fonts.problem === '' ? chart.notes : [...chart.notes, fonts.problem];
  const notes = said
    .flatMap((note) => wrap(note, width - 2 * MARGIN, fonts))
    .slice(0, 4)
    .map((line) => fitted(line, width - 2 * MARGIN, fonts, 'note'));
  const bottom = height - 6 - notes.length * NOTE_HEIGHT;
  notes.forEach((note, i) => {
    const y = bottom + NOTE_HEIGHT * (i + 1) - 4;
    shapes.push(text(MARGIN, y, minus(note), 'note', COLOR.muted));
  });
  const linePanels = chart.panels.filter((panel): panel is LinePanel => panel.kind === 'lines');
  const gutters: Gutters = { left: 0, right: 0, gap: 0, name: Infinity };
  const steps = emptyExtent();
  for (const panel of linePanels) {
    const own = lineGutters(panel, width, fonts);
    gutters.left = Math.max(gutters.left, own.left);
    gutters.right = Math.max(gutters.right, own.right);
    gutters.gap = Math.max(gutters.gap, own.gap);
    gutters.name = Math.min(gutters.name, own.name);
    const extent = xExtent(panel);
    include(steps, [extent.minPositive, extent.min, extent.max]);
  }
  // Sentences take what they need, drawings share the rest.
  const needed = (panel: Panel): number =>
    panel.kind === 'findings' ? findingsHeight(panel, width, fonts) : 0;
  const room = bottom - top - chart.panels.reduce((sum, panel) => sum + needed(panel), 0);
  const total = chart.panels.reduce((sum, panel) => sum + (needed(panel) > 0 ? 0 : panel.weight), 0);
  let y = top;
  chart.panels.forEach((panel, i) => {
    const share = needed(panel) || (room * panel.weight) / total;
    const box = { x: 0, y, width, height: share };
    y += share;
    if (panel.kind === 'lines') {
      const showX = !chart.panels.slice(i + 1).some((other) => other.kind === 'lines');
      shapes.push(...layoutLines(panel, { box, gutters, x: steps, showX }, fonts));
    } else if (panel.kind === 'ridges') {
      shapes.push(...layoutRidges(panel, box, fonts));
    } else if (panel.kind === 'dots') {
      shapes.push(...layoutDots(panel, box, fonts));
    } else if (panel.kind === 'findings') {
      shapes.push(...layoutFindings(panel, box, fonts));
    } else if (panel.kind === 'layers') {
      shapes.push(...layoutLayers(panel, box, fonts));
    } else if (panel.kind === 'heat') {
      shapes.push(...layoutHeat(panel, box, fonts));
    } else if (panel.kind === 'frames') {
      shapes.push(...layoutFrames(panel, box, fonts));
    } else if (panel.kind === 'matrix') {
      shapes.push(...layoutMatrix(panel, box, fonts));
    } else if (panel.kind === 'images') {
      shapes.push(...layoutImages(panel, box, fonts));
    } else if (panel.kind === 'surface') {
      shapes.push(...layoutSurface(panel, box, fonts));
    } else if (panel.kind === 'flame') {
      shapes.push(...layoutFlame(panel, box, fonts));
    } else if (panel.kind === 'graph') {
      shapes.push(...layoutGraph(panel, box, fonts));
    } else {
      shapes.push(...layoutPlane(panel, box, fonts));
    }
  });
  return { width, height, shapes };
}
