/**
 * Random programs of views, in-place changes and ordinary ops, and the gradients of first and second order that
 * PyTorch 2.15 has for them (float64). `steps` name an op, the number of its operand among the values so far (x, c and z
 * at the start), and further arguments; the loss is Σᵢ sin(0.1 (i + 1) vᵢ) over all values.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cat, grad, tensor, type Tensor } from 'nabla/core';
import { expect, it } from 'vitest';

type Step = readonly [op: string, at: number, ...rest: (number | number[])[]];
type Gradients = readonly (readonly number[] | null)[];

interface Program {
  readonly steps: readonly Step[];
  readonly loss: number;
  readonly first: Gradients;
  /** Of the sum of the squares of the first ones; null where those are constant. */
  readonly second: Gradients | null;
}

const programs = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'fixtures', 'in-place-programs.json'), 'utf8'),
) as readonly Program[];

const number = (value: number | number[] | undefined): number => value as number;

const sizes = (value: number | number[] | undefined): number[] => [value ?? []].flat();

/** Ops that give a new value. */
const MAKES: Readonly<Record<string, (a: Tensor, rest: (number | number[])[], values: Tensor[]) => Tensor>> =
  {
    mulc: (a, [factor]) => a.mul(number(factor)),
    sin: (a) => a.sin(),
    exp: (a) => a.exp(),
    clone: (a) => a.clone(),
    detach: (a) => a.detach(),
    mul: (a, [other], values) => a.mul(values[number(other)]),
    add: (a, [other], values) => a.add(values[number(other)]),
    sub: (a, [other], values) => a.sub(values[number(other)]),
    select: (a, [dim, index]) => a.select(number(dim), number(index)),
    narrow: (a, [dim, start, length]) => a.narrow(number(dim), number(start), number(length)),
    t: (a) => a.t(),
    unsq: (a) => a.unsqueeze(0),
    resh: (a, [shape]) => a.reshape(sizes(shape)),
    expand: (a, [shape]) => a.expand(sizes(shape)),
    sum: (a, [dim]) => a.sum(number(dim)),
    cat: (a, [other], values) => cat([a, values[number(other)]]),
  };

/** Ops that change one. */
const CHANGES: Readonly<
  Record<string, (a: Tensor, rest: (number | number[])[], values: Tensor[]) => Tensor>
> = {
  sin_: (a) => a.sin_(),
  exp_: (a) => a.exp_(),
  sigmoid_: (a) => a.sigmoid_(),
  mul_: (a, [factor]) => a.mul_(number(factor)),
  fill_: (a, [value]) => a.fill_(number(value)),
  zero_: (a) => a.zero_(),
  copy_: (a, [other], values) => a.copy_(values[number(other)]),
  mulT_: (a, [other], values) => a.mul_(values[number(other)]),
  addT_: (a, [other], values) => a.add_(values[number(other)]),
  set: (a, [row, value]) => a.set([number(row)], number(value)),
  maskfill_: (a, [value]) => a.maskedFill_(a.detach().gt(0), number(value)),
};

function lossOf(steps: readonly Step[], x: Tensor, c: Tensor, z: Tensor): Tensor {
  const values = [x, c, z];
  for (const [op, at, ...rest] of steps) {
    if (op in MAKES) values.push(MAKES[op](values[at], rest, values));
    else CHANGES[op](values[at], rest, values);
  }
  return values
    .map((v, i) =>
      v
        .mul((i + 1) * 0.1)
        .sin()
        .sum(),
    )
    .reduce((a, b) => a.add(b));
}

function same(actual: readonly (Tensor | null)[], expected: Gradients): boolean {
  return actual.every((gradient, i) => {
    const wanted = expected[i] ?? [];
    const found = gradient === null ? [] : Array.from(gradient.detach().toTypedArray());
    // No gradient and zeros are the same.
    return Array.from({ length: Math.max(found.length, wanted.length) }, (_, k) => k).every(
      (k) => Math.abs((found[k] ?? 0) - (wanted[k] ?? 0)) <= 1e-8 + 1e-6 * Math.abs(wanted[k] ?? 0),
    );
  });
}

it('programs with views and in-place changes have the gradients that PyTorch has', () => {
  expect(programs.length).toBeGreaterThan(100);
  const double = { dtype: 'float64' } as const;
  const wrong: string[] = [];
  for (const { steps, loss, first, second } of programs) {
    const x = tensor(
      [
        [0.3, -0.7, 1.1],
        [0.9, 0.2, -0.4],
      ],
      { ...double, requiresGrad: true },
    );
    const c = tensor(
      [
        [1, -2, 0.5],
        [0.25, 3, -1],
      ],
      double,
    );
    const z = tensor([0.6, -0.3, 0.8], { ...double, requiresGrad: true });
    const result = lossOf(steps, x, c, z);
    const gradients = grad(result, [x, z], { createGraph: true, allowUnused: true });
    if (Math.abs(result.item() - loss) > 1e-7 * (1 + Math.abs(loss)) || !same(gradients, first)) {
      wrong.push(`first: ${JSON.stringify(steps)}`);
      continue;
    }
    const squares = gradients
      .flatMap((g) => (g === null ? [] : [g.square().sum()]))
      .reduce((a, b) => a.add(b));
    const further = squares.requiresGrad ? grad(squares, [x, z], { allowUnused: true }) : [null, null];
    if (!same(further, second ?? [null, null])) wrong.push(`second: ${JSON.stringify(steps)}`);
  }
  expect(wrong).toEqual([]);
});
