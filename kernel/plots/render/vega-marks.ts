/** What stands beside and between the curves of a panel, as layers of Vega-Lite in pixels: labels, rules, best values. */
import type { LinePanel, Mark } from '../model/chart.js';
import { minus, type Scale } from '../scene/axes.js';
import { spread } from '../scene/labels.js';
import { endLabels, labelledSeries } from '../scene/lines.js';
import { MAX_SHOWN_RULES, marks } from '../scene/marks.js';
import type { TextShape } from '../scene/shapes.js';
import { COLOR, DASHES, TYPE, seriesColor } from '../scene/style.js';
import { leftEdge, type Place } from './vega-lines.js';
import { PATH_SIZE, pathText } from './vega-path.js';
import { csv, type Json, type JsonObject } from './vega-table.js';
import type { Inks } from './vega-theme.js';

const LABEL_HEIGHT = 14;

/** Names and last values at the lines' ends, where the layout of the picture puts them. */
export function endLabelLayers(panel: LinePanel, place: Place, y: Scale): Json[] {
  const { width, height, frame, fonts, inks } = place;
  // Nothing to see: it keeps the whole as wide as the picture, whatever font the texts are drawn in.
  const edge: JsonObject = {
    data: { values: [{}] },
    mark: { type: 'rule', opacity: 0 },
    encoding: {
      x: { value: width + frame.right },
      x2: { value: -leftEdge(place) },
      y: { value: height },
    },
  };
  if (!panel.endLabels) return [edge];
  const words = endLabels(panel, frame.name, fonts);
  const labelled = labelledSeries(panel, height)
    .map((i) => ({ ...panel.series[i], words: words[i] }))
    .filter((series) => series.last !== null && Number.isFinite(y.at(series.last)));
  const centres = spread(
    labelled.map((series) => y.at(series.last!)),
    LABEL_HEIGHT,
    -8,
    height + 8,
  );
  const values = labelled.map((series, i) => {
    const { name, value } = series.words;
    const c = inks.text(seriesColor(series.color));
    return { c, label: minus(`${name}  ${value}`), py: Math.round(centres[i]) };
  });
  const label: JsonObject = {
    data: csv({ c: 'string', label: 'string', py: 'number' }, values),
    transform: inks.transform(['c']),
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'middle',
      fontSize: TYPE.label.size,
      fontWeight: 600,
      clip: false,
    },
    encoding: {
      x: { value: width + 8 },
      y: { field: 'py', type: 'quantitative', scale: null },
      text: { field: 'label', type: 'nominal' },
      color: { field: 'c', type: 'nominal', scale: null },
    },
  };
  return [edge, label];
}

/** Words of the picture that the theme gives their colour, at a place in pixels. */
function words(value: string, x: number, y: number, look: JsonObject): JsonObject {
  return {
    data: { values: [{}] },
    mark: {
      type: 'text',
      style: 'guide-label',
      filled: false,
      stroke: null,
      fontSize: TYPE.note.size,
      opacity: 0.75,
      ...look,
    },
    encoding: { x: { value: x }, y: { value: y }, text: { value } },
  };
}

/** What is said of all curves, above the right end of the plot. */
export function captionLayers({ caption }: LinePanel, { width }: Place, y: number): Json[] {
  return caption === '' ? [] : [words(caption, width, y, { align: 'right', baseline: 'bottom' })];
}

/** What is said below the chart, a line each. */
export function noteLayers({ notes }: Place, at: { x: number; y: number; step: number }): Json[] {
  return notes.map((note, i) =>
    words(note, at.x, at.y + at.step * (i + 1) - 4, { align: 'left', baseline: 'alphabetic' }),
  );
}

/** The labels of rules, levels and best values, where the layout of the picture found room for them. */
export function markLabels(
  panel: LinePanel,
  { width, height, fonts, inks }: Place,
  x: Scale,
  y: Scale,
): Json[] {
  const labels = marks(panel, { x: 0, y: 0, width, height }, x, y, fonts).filter(
    (shape): shape is TextShape => shape.kind === 'text',
  );
  return (['start', 'middle', 'end'] as const).flatMap((anchor): Json[] =>
    ([true, false] as const).flatMap((error): Json[] => {
      const values = labels
        .filter((label) => label.anchor === anchor && (label.fill === COLOR.error) === error)
        .map((label) => ({ px: Math.round(label.x), py: Math.round(label.y), label: label.text }));
      if (values.length === 0) return [];
      const mark: JsonObject = {
        type: 'text',
        align: anchor === 'start' ? 'left' : anchor === 'end' ? 'right' : 'center',
        baseline: 'alphabetic',
        fontSize: TYPE.note.size,
        ...(error ? { fontWeight: 600 } : {}),
      };
      const color = inks.property(inks.text(error ? COLOR.error : COLOR.muted));
      const ground = inks.property(inks.line(COLOR.background));
      const edge = { color: ground, stroke: ground, strokeWidth: 3, strokeJoin: 'round' };
      const at = (field: string): JsonObject => ({ field, type: 'quantitative', scale: null });
      return [
        {
          data: { values },
          encoding: { x: at('px'), y: at('py'), text: { field: 'label', type: 'nominal' } },
          // An edge of the ground keeps them legible where they cross lines.
          layer: [{ mark: { ...mark, ...edge } }, { mark: { ...mark, color } }],
        },
      ];
    }),
  );
}

/** Rules, levels and rings around best values, without their labels, in pixels. */
export function markLayers(panel: LinePanel, { width, height, inks }: Place, x: Scale, y: Scale): Json[] {
  const layers: Json[] = [];
  const of = <K extends Mark['kind']>(kind: K): Extract<Mark, { kind: K }>[] =>
    panel.marks.filter((mark): mark is Extract<Mark, { kind: K }> => mark.kind === kind);
  const inside = (at: number, size: number): boolean => at >= 0 && at <= size;
  const path = (lines: string[], look: JsonObject): void => {
    if (lines.length > 0) layers.push(shapes([{ p: lines.join('') }], look, inks));
  };
  const rules = of('rule').slice(0, MAX_SHOWN_RULES);
  for (const tone of ['error', 'note'] as const) {
    const look: JsonObject =
      tone === 'error'
        ? { strokeWidth: 1.5, stroke: inks.property(inks.line(COLOR.error)) }
        : { strokeWidth: 1, strokeDash: [...DASHES.level], stroke: COLOR.axis };
    const at = rules.filter((rule) => rule.tone === tone).map((rule) => x.at(rule.x));
    path(
      at
        .filter((px) => inside(px, width))
        .map((px) =>
          pathText([
            [
              [px, 0],
              [px, height],
            ],
          ]),
        ),
      look,
    );
  }
  path(
    of('level')
      .map((level) => y.at(level.y))
      .filter((py) => inside(py, height))
      .map((py) =>
        pathText([
          [
            [0, py],
            [width, py],
          ],
        ]),
      ),
    { strokeWidth: 1, strokeDash: [...DASHES.level], stroke: COLOR.axis },
  );
  const bests = of('best').map((best) => ({
    px: Math.round(x.at(best.x)),
    py: Math.round(y.at(best.y)),
    c: inks.line(seriesColor(panel.series[best.series].color)),
  }));
  if (bests.length > 0)
    layers.push({
      data: { values: bests },
      transform: inks.transform(['c']),
      mark: { type: 'point', size: 70, strokeWidth: 2, opacity: 1 },
      encoding: {
        x: { field: 'px', type: 'quantitative', scale: null },
        y: { field: 'py', type: 'quantitative', scale: null },
        stroke: { field: 'c', type: 'nominal', scale: null },
      },
    });
  return layers;
}

export interface PathRow {
  [name: string]: string;
  p: string;
}

/** Paths in pixels of the plot, `c` their colours. */
export function shapes(rows: readonly PathRow[], look: JsonObject, inks: Inks): JsonObject {
  const colored = rows.some((row) => 'c' in row);
  return {
    data: { values: rows.map((row): Json => ({ ...row })) },
    ...(colored ? { transform: inks.transform(['c']) } : {}),
    mark: { type: 'point', size: PATH_SIZE, strokeJoin: 'round', opacity: 1, ...look },
    encoding: {
      x: { value: 0 },
      y: { value: 0 },
      shape: { field: 'p', type: 'nominal', scale: null },
      ...(colored ? { stroke: { field: 'c', type: 'nominal', scale: null } } : {}),
    },
  };
}
