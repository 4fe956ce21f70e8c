import { describe, expect, it } from 'vitest';
import { decisionBoundary, scatterPlot } from '../../../kernel/plots/index.js';
import type { ChartModel, PlanePanel } from '../../../kernel/plots/model/chart.js';
import { zeroContour } from '../../../kernel/plots/scene/contour.js';
import { silent } from './cases.js';

function plane(chart: ChartModel): PlanePanel {
  const [panel] = chart.panels;
  if (panel.kind !== 'plane') throw new Error(`expected a plane, got ${panel.kind}`);
  return panel;
}

/** The pieces of the lines. */
function pieces(
  values: ArrayLike<number>,
  columns: number,
  rows: number,
): [number, number, number, number][] {
  return zeroContour(values, columns, rows).flatMap((line) =>
    Array.from({ length: line.length / 2 - 1 }, (_, i): [number, number, number, number] => [
      line[2 * i],
      line[2 * i + 1],
      line[2 * i + 2],
      line[2 * i + 3],
    ]),
  );
}

describe('the zero contour', () => {
  it('of a ring is its two rims, one each way round: together they hold the area of the ring', () => {
    const n = 121;
    const at = (i: number): number => (i / (n - 1)) * 4 - 2;
    const ring = Float64Array.from({ length: n * n }, (_, i) => {
      const r = Math.hypot(at(i % n), at(Math.floor(i / n)));
      return Math.min(r - 0.7, 1.5 - r);
    });
    const areas = zeroContour(ring, n, n).map((line) => {
      let twice = 0;
      for (let i = 0; i + 3 < line.length; i += 2)
        twice += at(line[i]) * at(line[i + 3]) - at(line[i + 2]) * at(line[i + 1]);
      return twice / 2;
    });
    expect(areas).toHaveLength(2);
    expect(Math.abs(areas[0] + areas[1])).toBeCloseTo(Math.PI * (1.5 ** 2 - 0.7 ** 2), 1);
  });

  it('of a circle lies on the circle, closed', () => {
    const n = 60;
    const at = (i: number): number => (i / (n - 1)) * 4 - 2;
    const values = Float64Array.from(
      { length: n * n },
      (_, i) => Math.hypot(at(i % n), at(Math.floor(i / n))) - 1.3,
    );
    expect(zeroContour(values, n, n)).toHaveLength(1);
    const segments = pieces(values, n, n);
    const ends = new Map<string, number>();
    for (const [x0, y0, x1, y1] of segments) {
      expect(Math.hypot(at(x0), at(y0))).toBeCloseTo(1.3, 2);
      for (const end of [`${x0.toFixed(6)},${y0.toFixed(6)}`, `${x1.toFixed(6)},${y1.toFixed(6)}`])
        ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    expect(segments.length).toBeGreaterThan(100);
    expect([...ends.values()].every((count) => count === 2)).toBe(true);
  });

  it('passes where the linear interpolation is 0, in all 16 cases at most twice a cell', () => {
    for (let signs = 0; signs < 16; signs++) {
      // Corners a, b on row 0 and d, c on row 1.
      const corner = [0, 1, 2, 3].map((bit) => (signs & (1 << bit) ? 1 : -3));
      const [a, b, d, c] = corner;
      const value = (x: number, y: number): number =>
        a * (1 - x) * (1 - y) + b * x * (1 - y) + d * (1 - x) * y + c * x * y;
      const segments = pieces(corner, 2, 2);
      expect(segments.length).toBeLessThanOrEqual(2);
      for (const [x0, y0, x1, y1] of segments)
        for (const [x, y] of [
          [x0, y0],
          [x1, y1],
        ])
          expect(value(x, y)).toBeCloseTo(0, 12);
    }
  });
});

describe('a decision boundary', () => {
  const points = [
    [-1, 0],
    [1, 0],
    [2, 1],
    [-2, -1],
  ];
  const labels = [0, 1, 1, 0];

  it('colours the side that a logit, a probability or two logits choose', () => {
    const kinds = [
      (xy: number[][]) => xy.map(([x]) => 5 * x),
      (xy: number[][]) => xy.map(([x]) => 1 / (1 + Math.exp(-5 * x))),
      (xy: number[][]) => xy.map(([x]) => [-2.5 * x, 2.5 * x]),
    ];
    const [one, ...others] = kinds.map(
      (classify) => plane(decisionBoundary(classify, { points, labels }, silent).model()).field!,
    );
    for (let row = 0; row < one.rows; row++)
      for (let column = 0; column < one.columns; column++)
        expect(one.winner[row * one.columns + column]).toBe(column < one.columns / 2 ? 0 : 1);
    for (const other of others) {
      expect(other.winner).toEqual(one.winner);
      other.confidence.forEach((value, i) => expect(value).toBeCloseTo(one.confidence[i], 4));
    }
  });

  it('asks at the lowest y first, around the points', () => {
    const asked: number[][] = [];
    const chart = decisionBoundary(
      (xy) => {
        asked.push(...xy);
        return xy.map(() => 0.2);
      },
      { points, resolution: 10 },
      silent,
    );
    const { field } = plane(chart.model());
    expect(asked[0][0]).toBeLessThan(-2);
    expect(asked[0][1]).toBeLessThan(-1);
    expect(asked[99][1]).toBeGreaterThan(1);
    expect(field).toMatchObject({ columns: 10, rows: 10 });
  });

  it('says how many points it gets right', () => {
    const chart = decisionBoundary((xy) => xy.map(([x]) => x - 1.5), { points, labels }, silent);
    expect(chart.model().notes).toEqual(['75.0 % of 4 points are on their side.']);
  });

  it('says what is wrong instead of throwing', () => {
    const broken = decisionBoundary(
      () => {
        throw new Error('matmul: shapes [2] and [3] do not fit');
      },
      { points },
      silent,
    ).model();
    expect(broken.notes).toContain('matmul: shapes [2] and [3] do not fit');
    expect(plane(broken).groups).toHaveLength(1);
    const odd = decisionBoundary(() => [1, 2, 3], { points }, silent).model();
    expect(odd.notes[0]).toContain('for 10000 points the classifier gave 3 numbers');
    expect(scatterPlot({ x: [1, 2], y: [1] }, {}, silent).model().notes).toEqual([
      'x has 2 values and y has 1',
    ]);
  });
});

describe('a scatter plot', () => {
  it('groups points by class and names the classes', () => {
    const { groups } = plane(
      scatterPlot(
        { x: [1, 2, 3], y: [4, 5, 6] },
        { labels: [1, 0, 1], classes: ['no', 'yes'] },
        silent,
      ).model(),
    );
    expect(groups.map(({ name, color, points }) => [name, color, [...points.x], [...points.y]])).toEqual([
      ['no', 0, [2], [5]],
      ['yes', 1, [1, 3], [4, 6]],
    ]);
  });

  it('draws a sample of very many and says so', () => {
    const x = Float64Array.from({ length: 100_000 }, (_, i) => i);
    const chart = scatterPlot({ x, y: x }, {}, silent).model();
    expect(plane(chart).groups[0].points.x.length).toBeLessThanOrEqual(5000);
    expect(chart.notes).toEqual(['Every 20th of 100,000 points is drawn.']);
  });
});

describe('labels that are names', () => {
  const points = [
    [0, 0],
    [1, 1],
    [0, 1],
  ];

  it('name their classes, in the order of the alphabet', () => {
    const { groups } = plane(scatterPlot(points, { labels: ['owl', 'ant', 'owl'] }, silent).model());
    expect(groups.map(({ name, color, points: { x } }) => [name, color, [...x]])).toEqual([
      ['ant', 0, [1]],
      ['owl', 1, [0, 0]],
    ]);
  });

  it('have the places of the classes that are given, where they are compared with answers, too', () => {
    const options = { points, labels: ['owl', 'ant', 'owl'], classes: ['owl', 'ant'] };
    const chart = decisionBoundary((xy) => xy.map(([x]) => x - 0.5), options, silent).model();
    expect(plane(chart).groups.map(({ name, color }) => [name, color])).toEqual([
      ['owl', 0],
      ['ant', 1],
    ]);
    expect(chart.notes).toContain('100.0 % of 3 points are on their side.');
  });

  it('that are none of the classes are said below', () => {
    const options = { labels: ['owl', 'elk', 'owl'], classes: ['owl', 'ant'] };
    const { notes } = scatterPlot(points, options, silent).model();
    expect(notes.join(' ')).toContain('"elk" is none of the classes owl, ant');
  });
});
