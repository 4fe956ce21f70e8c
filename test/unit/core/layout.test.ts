/** Views are arithmetic on layouts. Expected strides are what NumPy gives for the same views. */
import { describe, expect, it } from 'vitest';
import { broadcastShapes, inferShape, Layout, wrapDim } from '../../../core/layout.js';

describe('layouts', () => {
  it('are row-major when contiguous', () => {
    const layout = Layout.contiguous([2, 3, 4]);
    expect(layout.strides).toEqual([12, 4, 1]);
    expect(layout.size).toBe(24);
    expect(layout.contiguous).toBe(true);
  });

  it('select, slice, transpose and permute without copying', () => {
    const layout = Layout.contiguous([2, 3, 4]);
    expect(layout.select(1, 2)).toMatchObject({
      shape: [2, 4],
      strides: [12, 1],
      offset: 8,
      contiguous: false,
    });
    expect(layout.slice(2, 1, 2, 2)).toMatchObject({ shape: [2, 3, 2], strides: [12, 4, 2], offset: 1 });
    expect(layout.transpose(0, 2)).toMatchObject({ shape: [4, 3, 2], strides: [1, 4, 12] });
    expect(layout.permute([1, 2, 0])).toMatchObject({ shape: [3, 4, 2], strides: [4, 1, 12] });
    expect(layout.diagonal(1, 1, 2)).toMatchObject({ shape: [2, 3], strides: [12, 5], offset: 1 });
  });

  it('are the same ones for the same view, whatever was made in between', () => {
    const wholes = [Layout.contiguous([12, 10]), Layout.contiguous([10, 12]).transpose(0, 1)];
    const views = wholes.flatMap((whole) =>
      Array.from({ length: 200 }, (_, i) => {
        const [dim, start, size, step] = [i & 1, i % 3, (i % 4) + 1, (i % 2) + 1];
        const index = i % 10;
        return { whole, dim, start, size, step, index };
      }),
    );
    for (let round = 0; round < 3; round++)
      for (const { whole, dim, start, size, step, index } of views) {
        const [rows, columns] = whole.strides;
        const apart = whole.strides[dim];
        const sliced = whole.slice(dim, start, size, step);
        expect(sliced.shape).toEqual(whole.shape.with(dim, size));
        expect(sliced.strides).toEqual(whole.strides.with(dim, apart * step));
        expect(sliced.offset).toBe(start * apart);
        expect(whole.slice(dim, start, size, step)).toBe(sliced);
        expect(whole.select(dim, index)).toMatchObject({ offset: index * apart });
        expect(whole.select(dim, index).strides).toEqual([dim === 0 ? columns : rows]);
        expect(whole.diagonal(index - 5, 0, 1).strides).toEqual([rows + columns]);
      }
  });

  it('expand by stride 0', () => {
    const layout = Layout.contiguous([3, 1]);
    expect(layout.expand('expand', [2, -1, 4])).toMatchObject({ shape: [2, 3, 4], strides: [0, 1, 0] });
    expect(() => layout.expand('expand', [4, 4])).toThrow(/\[3, 1\] cannot be expanded to \[4, 4\]/);
    expect(layout.expand('expand', [2, 3, 4]).injective).toBe(false);
  });

  it('are viewed under another shape where strides allow', () => {
    const columns = Layout.contiguous([4, 6]).transpose(0, 1);
    expect(columns.view([24])).toBeNull();
    expect(columns.view([2, 3, 4])).toMatchObject({ strides: [3, 1, 6] });
    expect(Layout.contiguous([2, 6]).slice(1, 0, 4, 1).view([2, 2, 2])).toMatchObject({ strides: [6, 2, 1] });
    expect(Layout.contiguous([2, 6]).slice(1, 0, 4, 1).view([8])).toBeNull();
    expect(Layout.contiguous([]).view([1, 1])).toMatchObject({ shape: [1, 1] });
  });

  it('unfold into windows', () => {
    expect(Layout.contiguous([7]).unfold(0, 3, 2)).toMatchObject({ shape: [3, 3], strides: [2, 1] });
    expect(Layout.contiguous([7]).unfold(0, 3, 2).injective).toBe(false);
    expect(Layout.contiguous([6]).unfold(0, 3, 3).injective).toBe(true);
  });

  it('broadcast as NumPy does, or say where they do not', () => {
    expect(broadcastShapes('add', [3, 1], [2, 1, 4])).toEqual([2, 3, 4]);
    expect(broadcastShapes('add', [0, 3], [1, 3])).toEqual([0, 3]);
    expect(() => broadcastShapes('add', [2, 3], [2, 4])).toThrow(
      'add: shapes [2, 3] and [2, 4] do not broadcast: counted from the end, dimension -1 has 3 and 4 elements',
    );
  });

  it('infer one size', () => {
    expect(inferShape('view', [2, -1], 6)).toEqual([2, 3]);
    expect(() => inferShape('view', [4, -1], 6)).toThrow(/6 elements cannot be laid out as \[4, -1\]/);
    expect(() => inferShape('view', [-1, -1], 6)).toThrow(/only one size/);
    expect(() => inferShape('view', [0, -1], 0)).toThrow(/cannot be told/);
  });

  it('count dimensions from either end', () => {
    expect(wrapDim('sum', -1, 3)).toBe(2);
    expect(() => wrapDim('sum', 3, 3)).toThrow(
      'sum: dimension 3 is out of range for a tensor of 3 dimensions; use -3 to 2',
    );
    expect(wrapDim('sum', 0, 0)).toBe(0);
  });
});
