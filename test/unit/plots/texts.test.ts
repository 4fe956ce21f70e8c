import { describe, expect, it } from 'vitest';
import { tensor } from '../../../core/index.js';
import { embeddingPlot, tokenLoss, type EmbeddingOptions, type Still } from '../../../kernel/plots/index.js';
import { gaussian, noise } from './tools.js';
import type { PlanePanel } from '../../../kernel/plots/model/chart.js';

function plane(still: Still): PlanePanel {
  const [panel] = still.model().panels;
  if (panel.kind !== 'plane') throw new Error(`expected a plane, got ${panel.kind}`);
  return panel;
}

describe('embeddingPlot with t-SNE', () => {
  /** Four clouds in ten dimensions, far from each other. */
  const random = noise(81);
  const labels = Array.from({ length: 80 }, (_, i) => i % 4);
  const vectors = labels.map((label) =>
    Array.from({ length: 10 }, (_, j) => (j === label ? 8 : 0) + gaussian(random)),
  );
  const places = (options: EmbeddingOptions): { x: number; y: number; label: number }[] =>
    plane(embeddingPlot(vectors, { labels, method: 'tsne', steps: 250, ...options })).groups.flatMap(
      ({ points, color }) => Array.from(points.x, (x, i) => ({ x, y: points.y[i], label: color })),
    );

  it('keeps neighbours near: the nearest point is of the same cloud', () => {
    const all = places({ perplexity: 10 });
    expect(all).toHaveLength(80);
    const near = all.filter((one) => {
      const distance = ({ x, y }: { x: number; y: number }): number => (x - one.x) ** 2 + (y - one.y) ** 2;
      const [nearest] = all.filter((other) => other !== one).sort((a, b) => distance(a) - distance(b));
      return nearest.label === one.label;
    });
    expect(near.length).toBeGreaterThanOrEqual(78);
  });

  it('is the same each time, and another one for another seed', () => {
    const once = places({ steps: 20 });
    expect(places({ steps: 20 })).toEqual(once);
    expect(places({ steps: 20, seed: 2 })).not.toEqual(once);
  });

  it('says what it needs, and leaves out what is not finite', () => {
    const notes = (still: Still): string => still.model().notes.join(' ');
    expect(notes(embeddingPlot([[1], [2]], { method: 'tsne' }))).toContain(
      't-SNE needs 4 vectors or more, got 2',
    );
    expect(notes(embeddingPlot(vectors, { method: 'tsne', perplexity: 0 }))).toContain('from 1, got 0');
    expect(notes(embeddingPlot(vectors, { method: 'tsne', labels: [1] }))).toContain(
      '80 vectors and 1 labels',
    );
    const holes = [...vectors.slice(0, 12), Array.from({ length: 10 }, () => NaN)];
    expect(notes(embeddingPlot(holes, { method: 'tsne', steps: 5 }))).toContain('1 vectors are not finite');
  });
});

describe('embeddingPlot', () => {
  it('keeps the distances of points that lie in a plane of a larger space', () => {
    // Two orthonormal directions of five dimensions, and points on their plane.
    const [u, v] = [
      [0.5, 0.5, 0.5, 0.5, 0],
      [0.5, -0.5, 0.5, -0.5, 0],
    ];
    const at = Array.from({ length: 40 }, (_, i) => [3 * Math.sin(i), Math.cos(2.3 * i)]);
    const vectors = at.map(([a, b]) => u.map((value, j) => 7 + a * value + b * v[j]));
    const panel = plane(embeddingPlot(vectors));
    const [{ points }] = panel.groups;
    for (let i = 1; i < 40; i++) {
      const wanted = Math.hypot(at[i][0] - at[0][0], at[i][1] - at[0][1]);
      expect(Math.hypot(points.x[i] - points.x[0], points.y[i] - points.y[0])).toBeCloseTo(wanted, 5);
    }
    const shares = [panel.x.name, panel.y.name].map((name) => Number(/(\d+) %/.exec(name)?.[1]));
    expect(shares[0]).toBeGreaterThan(shares[1]);
    expect(shares[0] + shares[1]).toBe(100);
  });

  it('says what is wrong, and that there is nothing', () => {
    expect(embeddingPlot([1, 2, 3]).model().notes).toEqual(['vectors are [n, d], got [3]']);
    expect(plane(embeddingPlot([])).groups).toEqual([]);
  });
});

describe('tokenLoss', () => {
  it('escapes tokens, colours them by their loss, and says the perplexity', () => {
    const shown = tokenLoss(
      ['<script>alert("x")</script>', ' b', 'c'],
      tensor([0, Math.log(4), Math.log(2)]),
    );
    expect(shown.html).not.toContain('<script');
    expect(shown.html).toContain('background:#ffffff');
    expect(shown.html).toContain('background:#f0905a');
    // exp((0 + ln 4 + ln 2) / 3) = 2
    expect(shown.text).toContain('3 tokens, mean loss 0.6931 nats, perplexity 2');
    expect(shown.text).toContain('highest: " b" at 1: 1.39');
  });

  it('is bounded, and marks what is not finite', () => {
    const tokens = Array.from({ length: 5000 }, () => 'x'.repeat(1000));
    const shown = tokenLoss(
      tokens,
      tokens.map((_, i) => (i === 3 ? NaN : 1)),
    );
    expect(shown.html.length).toBeLessThan(700_000);
    expect(shown.text).toContain('1 losses are not finite');
    expect(shown.text).toContain('the first 2000 are shown');
  });

  it('says what is wrong', () => {
    expect(tokenLoss(['a'], [1, 2]).text).toContain('there are 1 tokens and 2 losses');
    expect(tokenLoss([], []).text).toContain('No tokens');
  });
});
