/** `at` and `set` against a model that walks coordinates one by one, on seeded random index expressions. */
import { arange, type DType, ones, slice, tensor, Tensor, zeros } from 'nabla/core';
import { describe, expect, it, test } from 'vitest';

type Item = Parameters<Tensor['at']>[number];

function random(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** One dimension of the result, as the model sees it: positions of a source dimension, a new one, or listed positions. */
type Part =
  | { kind: 'range'; dim: number; positions: number[] }
  | { kind: 'new' }
  | { kind: 'list'; dim: number; shape: readonly number[]; positions: number[] };

function coordinates(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, size) => all.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]],
  );
}

function offsetOf(shape: readonly number[], at: readonly number[]): number {
  return shape.reduce((offset, size, d) => offset * size + at[d], 0);
}

/** Python's `range(*slice.indices(size))`, written out. */
function sliced(start: number | null, stop: number | null, step: number, size: number): number[] {
  const clamp = (x: number): number => Math.min(size, Math.max(0, x < 0 ? x + size : x));
  const out: number[] = [];
  for (let i = clamp(start ?? 0); i < clamp(stop ?? size); i += step) out.push(i);
  return out;
}

function flat(x: Tensor): number[] {
  return Array.from(x.toTypedArray());
}

/** The shape of the result and, for each of its elements, which element of the source it is. */
function model(shape: readonly number[], items: readonly Item[]): { shape: number[]; sources: number[] } {
  const taken = items.reduce<number>(
    (n, item) =>
      n +
      (item === null || item === '...' ? 0 : item instanceof Tensor && item.dtype === 'bool' ? item.ndim : 1),
    0,
  );
  const full = items.includes('...') ? [...items] : [...items, '...' as const];
  const parts: Part[] = [];
  const fixed = new Map<number, number>();
  const all = (dim: number): Part => ({ kind: 'range', dim, positions: sliced(null, null, 1, shape[dim]) });
  let dim = 0;
  for (const item of full) {
    if (item === '...') for (let rest = shape.length - taken; rest > 0; rest--) parts.push(all(dim++));
    else if (item === null) parts.push({ kind: 'new' });
    else if (typeof item === 'number') {
      check(item, shape[dim]);
      fixed.set(dim, item < 0 ? item + shape[dim] : item);
      dim++;
    } else if (item instanceof Tensor && item.dtype === 'bool') {
      const where = coordinates(item.shape).filter((at) => flat(item)[offsetOf(item.shape, at)] !== 0);
      if (item.shape.some((n, d) => n !== shape[dim + d])) throw new RangeError('the mask does not fit');
      item.shape.forEach((_, d) => {
        parts.push({ kind: 'list', dim: dim++, shape: [where.length], positions: where.map((at) => at[d]) });
      });
    } else if (item instanceof Tensor || Array.isArray(item)) {
      const numbers: number[] = item instanceof Tensor ? flat(item) : [...(item as readonly number[])];
      const size = shape[dim];
      for (const i of numbers) check(i, size);
      parts.push({
        kind: 'list',
        dim: dim++,
        shape: item instanceof Tensor ? item.shape : [numbers.length],
        positions: numbers.map((i) => (i < 0 ? i + size : i)),
      });
    } else if (typeof item === 'object') {
      const { start, stop, step } = item as ReturnType<typeof slice>;
      parts.push({ kind: 'range', dim, positions: sliced(start, stop, step, shape[dim++]) });
    }
  }
  const lists = parts.filter((part) => part.kind === 'list');
  const listed = lists.reduce<readonly number[]>((s, part) => broadcast(s, part.shape), []);
  const at = parts.findIndex((part) => part.kind === 'list');
  const together = lists.every((part, i) => parts[at + i] === part);
  // Lists that are apart come first, as in NumPy and PyTorch.
  const before = lists.length === 0 ? parts : together ? parts.slice(0, at) : [];
  const after =
    lists.length === 0
      ? []
      : together
        ? parts.slice(at + lists.length)
        : parts.filter((p) => p.kind !== 'list');
  const sizeOf = (part: Part): number => (part.kind === 'range' ? part.positions.length : 1);
  const result = [...before.map(sizeOf), ...listed, ...after.map(sizeOf)];
  const sources = coordinates(result).map((to) => {
    const from = shape.map((_, d) => fixed.get(d) ?? -1);
    [...before, ...after].forEach((part, i) => {
      if (part.kind === 'range')
        from[part.dim] = part.positions[to[i < before.length ? i : i + listed.length]];
    });
    const inLists = to.slice(before.length, before.length + listed.length);
    for (const part of lists) {
      const own = inLists
        .slice(listed.length - part.shape.length)
        .map((x, d) => (part.shape[d] === 1 ? 0 : x));
      from[part.dim] = part.positions[offsetOf(part.shape, own)];
    }
    return offsetOf(shape, from);
  });
  return { shape: result, sources };
}

/** The generator may mean another dimension than an ellipsis leaves. */
function check(position: number, size: number): void {
  if (position < -size || position >= size) throw new RangeError('not a position');
}

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const n = Math.max(a.length, b.length);
  return Array.from({ length: n }, (_, i) => {
    const x = a[i - n + a.length] ?? 1;
    const y = b[i - n + b.length] ?? 1;
    return x === 1 ? y : x;
  });
}

/** A random index expression for a shape. */
function expression(shape: readonly number[], next: (n: number) => number): Item[] {
  const items: Item[] = [];
  let dim = 0;
  let ellipsis = false;
  const length = 1 + next(2);
  while (dim < shape.length && next(5) > 0) {
    const size = shape[dim];
    const kind = next(9);
    const position = (): number => next(2 * size) - size;
    if (kind === 0) items.push(position());
    else if (kind <= 2) {
      const bound = (): number | null => (next(3) === 0 ? null : next(2 * size + 3) - size - 1);
      items.push(slice(bound(), bound(), 1 + next(3)));
    } else if (kind === 3 && !ellipsis) {
      items.push('...');
      ellipsis = true;
      dim += next(shape.length - dim + 1) - 1;
    } else if (kind === 4) {
      items.push(null);
      dim--;
    } else if (kind === 5) items.push(Array.from({ length }, position));
    else if (kind === 6) {
      items.push(tensor(Array.from({ length }, position), { dtype: (['int64', 'int32'] as const)[next(2)] }));
    } else if (kind === 7 && next(2) === 0) {
      items.push(
        tensor(
          Array.from({ length: 2 }, () => Array.from({ length }, position)),
          { dtype: 'int64' },
        ),
      );
    } else {
      // The true elements of a mask are as many as the other lists are long, so that they broadcast.
      const over = ellipsis || dim + 1 >= shape.length || next(2) === 0 ? [size] : [size, shape[dim + 1]];
      const count = over.reduce((n, s) => n * s, 1);
      if (count < length) break;
      const truths = new Array<number>(count).fill(0);
      for (let left = length; left > 0;) {
        const i = next(count);
        if (truths[i] === 0) {
          truths[i] = 1;
          left--;
        }
      }
      items.push(tensor(truths, { shape: over, dtype: 'bool' }));
      dim += over.length - 1;
    }
    dim++;
  }
  return items;
}

/** How many dimensions the items take; an ellipsis may stand for fewer than the generator meant, but not for less than none. */
function fits(shape: readonly number[], items: readonly Item[]): boolean {
  try {
    let last = 0;
    const { sources } = model(shape, items);
    for (const source of sources) last = source;
    return Number.isInteger(last) && sources.every((source) => Number.isInteger(source) && source >= 0);
  } catch {
    return false;
  }
}

function describeItem(item: Item): string {
  if (item instanceof Tensor) return `${item.dtype}${JSON.stringify(item.toArray())}`;
  return JSON.stringify(item);
}

function cases(count: number, seed: number): { shape: number[]; items: Item[]; text: string }[] {
  const next = random(seed);
  const out: { shape: number[]; items: Item[]; text: string }[] = [];
  while (out.length < count) {
    const shape = Array.from({ length: 1 + next(4) }, () => 1 + next(4));
    const items = expression(shape, next);
    const text = `[${shape.join(', ')}] at ${items.map(describeItem).join(', ')}`;
    if (items.length > 0 && fits(shape, items)) out.push({ shape, items, text });
  }
  return out;
}

describe('indexing', () => {
  it('reads what a walk over coordinates reads, in 1500 random expressions', () => {
    let views = 0;
    for (const { shape, items, text } of cases(1500, 11)) {
      const x = arange(shape.reduce((n, s) => n * s, 1)).reshape(shape);
      const expected = model(shape, items);
      const actual = x.at(...items);
      expect(actual.shape, text).toEqual(expected.shape);
      expect(flat(actual), text).toEqual(expected.sources);
      const lists = items.some((item) => item instanceof Tensor || Array.isArray(item));
      if (!lists) {
        views++;
        expect(actual.storage, text).toBe(x.storage);
      }
    }
    expect(views).toBeGreaterThan(200);
  });

  it('reads the same from tensors with gaps in memory', () => {
    for (const { shape, items, text } of cases(300, 5)) {
      const size = shape.reduce((n, s) => n * s, 1);
      const x = arange(2 * size)
        .reshape([...shape].reverse().concat(2))
        .at('...', 0);
      const source = x.permute(...shape.map((_, i) => shape.length - 1 - i));
      const order = flat(source);
      expect(flat(source.at(...items)), text).toEqual(model(shape, items).sources.map((i) => order[i]));
    }
  });

  it.each<DType>(['float32', 'int64', 'bool', 'uint8', 'float16'])(
    'writes what a walk over coordinates writes, in random expressions (%s)',
    (dtype) => {
      for (const { shape, items, text } of cases(250, 23)) {
        const size = shape.reduce((n, s) => n * s, 1);
        const expected = new Array<number>(size).fill(0);
        const { shape: target, sources } = model(shape, items);
        const values = sources.map((_, i) => (dtype === 'bool' ? 1 : 1 + (i % 100)));
        const x = zeros(shape, { dtype });
        if (values.length % 3 === 0) {
          x.set(items, 1);
          for (const source of sources) expected[source] = 1;
        } else {
          x.set(items, tensor(values, { shape: target, dtype }));
          sources.forEach((source, i) => (expected[source] = values[i]));
        }
        expect(flat(x), text).toEqual(expected);
      }
    },
  );

  it('lets gradients flow to the elements that were read', () => {
    for (const { shape, items, text } of cases(200, 31)) {
      const size = shape.reduce((n, s) => n * s, 1);
      const x = zeros(shape, { requiresGrad: true });
      const { sources } = model(shape, items);
      const y = x.at(...items);
      const weights = sources.map((_, i) => i + 1);
      y.mul(tensor(weights, { shape: y.shape }))
        .sum()
        .backward();
      const expected = new Array<number>(size).fill(0);
      sources.forEach((source, i) => (expected[source] += weights[i]));
      expect(flat(x.grad!), text).toEqual(expected);
    }
  });

  it('broadcasts what is written, and lets it have more dimensions of size 1, as PyTorch does', () => {
    const x = zeros([2, 3]);
    x.set([1], tensor([[[1, 2, 3]]]));
    x.set(['...', 0], tensor([[7], [8]]).reshape(1, 2));
    x.set([[0], 1], tensor([[5]]));
    expect(x.toArray()).toEqual([
      [7, 5, 0],
      [8, 2, 3],
    ]);
  });

  it('refuses what is not there, and says what is', () => {
    const x = zeros([3, 4]);
    expect(() => x.at(3)).toThrow('at: index 3 is out of range for dimension 0 of size 3; use -3 to 2');
    expect(() => x.at(0, -5)).toThrow('at: index -5 is out of range for dimension 1 of size 4; use -4 to 3');
    expect(() => x.at(0, 0, 0)).toThrow('at: 3 dimensions are indexed, but shape [3, 4] has 2');
    expect(() => x.at('...', '...')).toThrow("at: '...' can appear only once");
    expect(() => x.at(tensor([0, 3], { dtype: 'int64' }))).toThrow(/index 3 is out of range for dimension 0/);
    expect(() => x.at([0, 1], [0, 1, 2])).toThrow(/at: shapes \[2\] and \[3\] do not broadcast/);
    expect(() => x.at(tensor([true, false]))).toThrow(/mask of shape \[2\] does not fit shape \[3, 4\]/);
    expect(() => x.at(tensor([0.5]))).toThrow(/positions are integers, got a float32 tensor/);
    expect(() => x.at(1.5)).toThrow(/index 1.5 is out of range|is not an integer/);
    expect(() => slice(0, 3, -1)).toThrow(/use flip to reverse/);
    expect(() => x.set([0], zeros([3]))).toThrow('set: shapes [4] and [3] do not broadcast');
    expect(() => x.set([0], zeros([2, 4]))).toThrow('set: a value of shape [2, 4] does not fit into [4]');
    expect(() => x.set([5], 1)).toThrow(/set: index 5 is out of range/);
    expect(() => zeros([0]).at(0)).toThrow(/dimension 0, which is empty/);
    expect(() => zeros([3, 4], { requiresGrad: true }).set([0], 1)).toThrow(
      /set: a .*leaf that requires grad/,
    );
  });

  it('counts changes in place: backward notices what was overwritten', () => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    const y = x.mul(2);
    const z = y.mul(y).sum();
    y.set([0], 5);
    expect(() => {
      z.backward();
    }).toThrow(/MulBackward needs was modified by an in-place operation/);
  });
});

// torch 2.15: zeros(2, 3).fill_diagonal_(5), zeros(3, 3, 3).fill_diagonal_(1).nonzero()
test('fillDiagonal_ writes the main diagonal, in place and recorded', () => {
  expect(zeros([2, 3]).fillDiagonal_(5).tolist()).toEqual([
    [5, 0, 0],
    [0, 5, 0],
  ]);
  expect(zeros([3, 3, 3]).fillDiagonal_(1).nonzero().tolist()).toEqual([
    [0, 0, 0],
    [1, 1, 1],
    [2, 2, 2],
  ]);
  const x = ones([2, 2], { requiresGrad: true });
  x.mul(3).fillDiagonal_(0).sum().backward();
  expect(x.grad?.tolist()).toEqual([
    [0, 3],
    [3, 0],
  ]);
  expect(() => zeros([2, 3, 2]).fillDiagonal_(1)).toThrow(/got shape \[2, 3, 2\]/);
});

test("a range may be a text, as Python writes it: x.at(':', '1:3')", () => {
  const x = arange(12).reshape(3, 4);
  for (const [text, range] of [
    [':', slice()],
    ['1:', slice(1)],
    [':-1', slice(null, -1)],
    ['-2:', slice(-2)],
    ['::2', slice(null, null, 2)],
    ['0:3:2', slice(0, 3, 2)],
  ] as const) {
    expect(x.at(':', text).tolist()).toEqual(x.at(slice(), range).tolist());
  }
  const y = x.clone();
  y.set([':', '1:3'], 0);
  expect(y.tolist()).toEqual([
    [0, 0, 0, 3],
    [4, 0, 0, 7],
    [8, 0, 0, 11],
  ]);
  expect(() => x.at('a:b')).toThrow(/'a:b' is no index; texts are '...' and ranges such as ':'/);
  expect(() => x.at('::-1')).toThrow(/use flip to reverse/);
});
