/** Tensors as text against what PyTorch 2.15 prints for the same elements; only what follows them is worded otherwise. */
import { arange, full, setPrintoptions, Tensor, tensor, zeros } from 'nabla/core';
import { afterEach, describe, expect, it } from 'vitest';

afterEach(() => setPrintoptions({ profile: 'default' }));

/** The elements alone. */
const elements = (x: Tensor): string => String(x).replace(/,\s+(shape=\S[^\]]*\], )?dtype=\w+\)$/, '');

const CASES: readonly (readonly [Tensor, string])[] = [
  [tensor([1, 5000]), '[1.0000e+00, 5.0000e+03]'],
  [tensor([1, 2e8]), '[1.0000e+00, 2.0000e+08]'],
  [tensor([100, 2e8, Infinity]), '[1.0000e+02, 2.0000e+08,        inf]'],
  [tensor(16777216), '16777216.'],
  [tensor([0, -0]), '[0., -0.]'],
  [tensor([1.5, -0]), '[1.5000, -0.0000]'],
  [tensor([0, NaN]), '[0., nan]'],
  [tensor([2.03125, -0.03125, 0.90625], { dtype: 'float16' }), '[ 2.0312, -0.0312,  0.9062]'],
  [tensor([1.03125e-6, 1e-9]), '[1.0313e-06, 1.0000e-09]'],
  [
    tensor([
      [1, NaN],
      [-Infinity, 3],
    ]),
    '[[1., nan],\n        [-inf, 3.]]',
  ],
  [tensor([[8.6945e11], [7], [-0]]), '[[8.6945e+11],\n        [7.0000e+00],\n        [-0.0000e+00]]'],
  [tensor([1, -20, 300], { dtype: 'int64' }), '[  1, -20, 300]'],
  [
    arange(1200).float(),
    '[0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.1970e+03, 1.1980e+03,\n        1.1990e+03]',
  ],
  [tensor([0.00002, 1]), '[2.0000e-05, 1.0000e+00]'],
  [tensor([123456.789, 0.5]), '[1.2346e+05, 5.0000e-01]'],
  [tensor(3.14159), '3.1416'],
];

describe('a tensor as text', () => {
  it.each(CASES.map(([x, text]) => [text, x] as const))('is %s', (text, x) => {
    expect(elements(x)).toBe(`tensor(${text}`);
  });

  it('breaks lines where PyTorch does, deeper in, too', () => {
    // 24 columns: without a number to measure, elements count as one character wide.
    expect(
      elements(zeros([30]))
        .split('\n')
        .map((line) => line.split('0.').length - 1),
    ).toEqual([24, 6]);
    const deep = String(full([2, 20, 60], 4.8828e-5).mul(1.0000001));
    expect(deep.split('\n')[0]).toBe('tensor([[[4.8828e-05, 4.8828e-05, 4.8828e-05,  ..., 4.8828e-05,');
    expect(deep.split('\n')[1]).toBe('          4.8828e-05, 4.8828e-05],');
  });
});

describe('setPrintoptions', () => {
  it('changes decimals, summaries, lines and exponents', () => {
    setPrintoptions({ precision: 2 });
    expect(elements(tensor([1.005, 2.5]))).toBe('tensor([1.00, 2.50]');
    setPrintoptions({ profile: 'default', threshold: 4, edgeitems: 1 });
    expect(elements(tensor([1, 2, 3, 4, 5], { dtype: 'int64' }))).toBe('tensor([1,  ..., 5]');
    setPrintoptions({ profile: 'default', sciMode: false });
    expect(elements(tensor([0.00001, 1000.5]))).toBe('tensor([   0.0000, 1000.5000]');
    setPrintoptions({ sciMode: true, precision: 1 });
    expect(elements(tensor([10]))).toBe('tensor([1.0e+01]');
    setPrintoptions({ profile: 'full' });
    expect(elements(arange(2000))).not.toContain('...');
  });

  it('refuses what does not work, and then changes nothing', () => {
    expect(() => setPrintoptions({ precision: -1 })).toThrow('precision is a whole number from 0 to 20');
    expect(() => setPrintoptions({ lines: 3 } as unknown as { linewidth: number })).toThrow(
      'setPrintoptions: there is no option "lines"',
    );
    expect(elements(tensor([1.5]))).toBe('tensor([1.5000]');
  });
});
