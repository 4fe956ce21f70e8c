/**
 * Elementwise functions that are composed of several ops, as one kernel. What a derivative or an activation is made of
 * is written once, in ops. Where none of its operands is recorded or of a function transform, and all lie in order, the
 * function is traced and its steps become one WebAssembly function: one pass over the elements instead of one for each
 * op, and for small tensors one call. The steps are the ops' own code, so the results are the same to the bit.
 */
import { TraceLevel, Traced } from '../autograd/levels/tracing.js';
import { levels } from '../autograd/levels/wrapped.js';
import { gradMode } from '../autograd/mode.js';
import type { FloatElement, ProgramFunction } from '../kernels/api.js';
import { kernels, LEAST_PARALLEL } from '../kernels/index.js';
import { perElement } from '../kernels/threads/index.js';
import type { Program } from '../kernels/program.js';
import { Layout, sameShape } from '../layout.js';
import { allocate, type Tensor } from '../tensor.js';
import type { Operand } from './operand.js';

/** What an operand is to a compiled function. Numbers are constants in it. */
const ABSENT = 0;
const MOVING = 1;
const SINGLE = 2;
const CONSTANT = 3;

/** A way in which a function was called, with its kernel. */
interface Variant {
  readonly signature: number;
  /** The numbers among the second to fourth operand; none where all are tensors. */
  readonly constants: readonly number[] | null;
  calls: number;
  /** False until it is known; null where there can be none. */
  run: ProgramFunction | null | false;
  /** Where the function hands on an operand: which. */
  same: number;
}

/** How often a function is called before it is compiled, which takes as long as some hundred small calls. */
export const fusing = { after: 2 };
/** Functions are compiled for so many combinations of numbers. */
const MAX_VARIANTS = 8;

function numberOf(x: Operand | undefined): number {
  return typeof x === 'number' ? x : 0;
}

function pointerOf(x: Operand | undefined): number {
  return typeof x === 'object' ? x.ptr : 0;
}

type Composed = (...operands: readonly Operand[]) => Tensor;

export class Fused {
  private readonly variants: Variant[] = [];

  constructor(
    private readonly name: string,
    private readonly f: Composed,
  ) {}

  /** The function of a tensor and up to three further operands. */
  call(a: Tensor, b?: Operand, c?: Operand, d?: Operand): Tensor {
    if (levels.top === null && (gradMode.watch === null || gradMode.watch.passive)) {
      const { dtype, layout } = a;
      if (
        (dtype === 'float32' || dtype === 'float64') &&
        layout.contiguous &&
        layout.size > 0 &&
        !(gradMode.enabled && a.requiresGrad)
      ) {
        const second = roleOf(b, a);
        const third = roleOf(c, a);
        const fourth = roleOf(d, a);
        if (second >= 0 && third >= 0 && fourth >= 0) {
          const roles = second | (third << 2) | (fourth << 4);
          const variant = this.variantFor(dtype === 'float32' ? roles : roles | 64, b, c, d);
          if (variant !== null) return this.compute(variant, a, b, c, d);
        }
      }
    }
    return this.composed(a, b, c, d);
  }

  private compute(variant: Variant, a: Tensor, b?: Operand, c?: Operand, d?: Operand): Tensor {
    const { run, same } = variant;
    if (same >= 0) {
      const operand = same === 0 ? a : same === 1 ? b : same === 2 ? c : d;
      if (typeof operand === 'object') return operand;
    }
    if (run === null || run === false) return this.composed(a, b, c, d);
    const { layout, dtype } = a;
    const out = allocate(layout.compact(), dtype, this.name);
    const { size } = layout;
    if (size < LEAST_PARALLEL) run(out.storage.ptr, size, a.ptr, pointerOf(b), pointerOf(c), pointerOf(d));
    else {
      const bytes = dtype === 'float32' ? 4 : 8;
      const step = (k: number): number => (((variant.signature >> (2 * k)) & 3) === MOVING ? bytes : 0);
      perElement(
        run,
        [out.storage.ptr, size, a.ptr, pointerOf(b), pointerOf(c), pointerOf(d)],
        1,
        [bytes, 0, bytes, step(0), step(1), step(2)],
        'dear',
      );
    }
    return out;
  }

  private composed(a: Tensor, b?: Operand, c?: Operand, d?: Operand): Tensor {
    const { f } = this;
    if (b === undefined) return f(a);
    if (c === undefined) return f(a, b);
    return d === undefined ? f(a, b, c) : f(a, b, c, d);
  }

  private variantFor(signature: number, b?: Operand, c?: Operand, d?: Operand): Variant | null {
    const { variants } = this;
    for (const variant of variants) {
      if (variant.signature !== signature) continue;
      const { constants } = variant;
      if (
        constants === null ||
        (Object.is(constants[0], numberOf(b)) &&
          Object.is(constants[1], numberOf(c)) &&
          Object.is(constants[2], numberOf(d)))
      ) {
        if (variant.run === false) this.prepare(variant, [b, c, d]);
        return variant;
      }
    }
    if (variants.length >= MAX_VARIANTS) return null;
    const hasNumbers = typeof b === 'number' || typeof c === 'number' || typeof d === 'number';
    const constants = hasNumbers ? [numberOf(b), numberOf(c), numberOf(d)] : null;
    const variant: Variant = { signature, constants, calls: 0, run: false, same: -1 };
    variants.push(variant);
    this.prepare(variant, [b, c, d]);
    return variant;
  }

  private prepare(variant: Variant, others: readonly (Operand | undefined)[]): void {
    if (++variant.calls <= fusing.after) return;
    // Whatever happens, it is not tried again.
    variant.run = null;
    const element: FloatElement = (variant.signature & 64) === 0 ? 'float32' : 'float64';
    const first = others.findIndex((x) => x === undefined);
    const given = first < 0 ? others : others.slice(0, first);
    const traced = trace(this.f, element, variant.signature, given);
    if (traced === null) return;
    if (typeof traced === 'number') variant.same = traced;
    else variant.run = kernels.program(traced, element);
  }
}

/**
 * An elementwise function that is to be one kernel. Its type says which of its operands are tensors; callers keep to it.
 */
export function fused(name: string, f: (...operands: never[]) => Tensor): Fused {
  return new Fused(name, f as Composed);
}

/** What an operand is beside a first one; negative where the function cannot be one kernel. */
function roleOf(x: Operand | undefined, beside: Tensor): number {
  if (x === beside) return MOVING;
  if (x === undefined) return ABSENT;
  if (typeof x === 'number') return CONSTANT;
  const { layout } = x;
  if (x.dtype !== beside.dtype || !layout.contiguous || (gradMode.enabled && x.requiresGrad)) return -1;
  if (layout === beside.layout || sameShape(layout.shape, beside.layout.shape)) return MOVING;
  return layout.ndim === 0 ? SINGLE : -1;
}

/** Shapes do not matter to a trace, as long as they are not those of single numbers. */
const SOME = Layout.contiguous([2]);

/** The steps of a function; the number of an operand, where it hands that on; null where it is no such function. */
function trace(
  f: Composed,
  element: FloatElement,
  signature: number,
  others: readonly (Operand | undefined)[],
): Program | number | null {
  const moving = [true, ...others.map((_, i) => ((signature >> (2 * i)) & 3) === MOVING)];
  const level = new TraceLevel(SOME, element, moving.length);
  const operands = [0, ...others].map((x, i) =>
    i > 0 && typeof x === 'number' ? x : level.input(i, moving[i]),
  );
  let y: Tensor;
  try {
    y = level.within(() => f(...operands));
  } catch {
    // Untraceable, or what will fail in the same way when the function runs.
    return null;
  }
  if (!(y instanceof Traced) || y.of !== level || y.layout !== SOME || y.dtype !== element) return null;
  if (y.place < moving.length) return y.place;
  return { moving, steps: level.steps, result: y.place };
}
