/** What stands beside and between the curves of a panel, as layers of Vega-Lite in pixels: labels, rules, best values. */
import type { LinePanel, Mark } from '../model/chart.js';
import { minus, type Scale } from '../scene/axes.js';
import { spread } from '../scene/labels.js';
import { endLabels, labelledSeries } from '../scene/lines.js';
import { MAX_SHOWN_RULES, marks } from '../scene/marks.js';
import type { TextShape } from '../scene/shapes.js';
import { COLOR, DASHES, TYPE, bothThemes, lineInBothThemes, seriesColor } from '../scene/style.js';
import type { Place } from './vega-lines.js';
import { PATH_SIZE, pathText } from './vega-path.js';
import { csv, type Json, type JsonObject } from './vega-table.js';

const LABEL_HEIGHT = 14;

/** Names and last values at the lines' ends, where the layout of the picture puts them. */
export function endLabelLayers(panel: LinePanel, { width, height, frame, fonts }: Place, y: Scale): Json[] {
  // Nothing to see: it keeps the whole as wide as the picture, whatever font the texts are drawn in.
  const edge: JsonObject = {
    data: { values: [{}] },
    mark: { type: 'rule', opacity: 0 },
    encoding: { x: { value: width + frame.right }, y: { value: 0 }, y2: { value: height } },
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
    const c = bothThemes(seriesColor(series.color));
    return { c, label: minus(`${name}  ${value}`), py: Math.round(centres[i]) };
  });
  const label: JsonObject = {
    data: csv({ c: 'string', label: 'string', py: 'number' }, values),
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

/** The labels of rules, levels and best values, where the layout of the picture found room for them. */
export function markLabels(panel: LinePanel, { width, height, fonts }: Place, x: Scale, y: Scale): Json[] {
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
        ...(error ? { color: bothThemes(COLOR.error), fontWeight: 600 } : { color: bothThemes(COLOR.muted) }),
      };
      const at = (field: string): JsonObject => ({ field, type: 'quantitative', scale: null });
      const encoding = { x: at('px'), y: at('py'), text: { field: 'label', type: 'nominal' } };
      return [{ data: { values }, mark, encoding }];
    }),
  );
}

/** Rules, levels and rings around best values, without their labels, in pixels. */
export function markLayers(panel: LinePanel, { width, height }: Place, x: Scale, y: Scale): Json[] {
  const layers: Json[] = [];
  const of = <K extends Mark['kind']>(kind: K): Extract<Mark, { kind: K }>[] =>
    panel.marks.filter((mark): mark is Extract<Mark, { kind: K }> => mark.kind === kind);
  const inside = (at: number, size: number): boolean => at >= 0 && at <= size;
  const path = (lines: string[], look: JsonObject): void => {
    if (lines.length > 0) layers.push(shapes([{ p: lines.join('') }], look));
  };
  const rules = of('rule').slice(0, MAX_SHOWN_RULES);
  for (const tone of ['error', 'note'] as const) {
    const look: JsonObject =
      tone === 'error'
        ? { strokeWidth: 1.5, stroke: bothThemes(COLOR.error) }
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
    c: lineInBothThemes(seriesColor(panel.series[best.series].color)),
  }));
  if (bests.length > 0)
    layers.push({
      data: { values: bests },
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
export function shapes(rows: readonly PathRow[], look: JsonObject): JsonObject {
  return {
    data: { values: rows.map((row): Json => ({ ...row })) },
    mark: { type: 'point', size: PATH_SIZE, strokeJoin: 'round', opacity: 1, ...look },
    encoding: {
      x: { value: 0 },
      y: { value: 0 },
      shape: { field: 'p', type: 'nominal', scale: null },
      ...(rows.some((row) => 'c' in row) ? { stroke: { field: 'c', type: 'nominal', scale: null } } : {}),
    },
  };
}
