/**
 * A level that computes nothing: it notes which kernels an elementwise function of tensors calls, and on what, so that
 * they can be made one (`ops/fused.ts`).
 */
import type { BinaryOp, CompareOp, UnaryOp } from '../../kernels/api.js';
import type { ProgramOperand, ProgramStep } from '../../kernels/program.js';
import { Layout } from '../../layout.js';
import { Storage } from '../../storage.js';
import type { Tensor } from '../../tensor.js';
import type { DType } from '../../dtype.js';
import { Level, type Operand, type Step, Wrapped } from './wrapped.js';

/** The kernel that an operation is, for who traces it. 'same' hands its operand on. */
export type TracedKernel =
  | { readonly kind: 'unary'; readonly op: UnaryOp }
  | { readonly kind: 'binary'; readonly op: BinaryOp }
  | { readonly kind: 'compare'; readonly op: CompareOp }
  | { readonly kind: 'logic'; readonly op: BinaryOp }
  | { readonly kind: 'select' }
  | { readonly kind: 'not' }
  | { readonly kind: 'number' }
  | { readonly kind: 'same' };

/** Thrown where a function does something else than calling elementwise kernels. */
export class Untraceable extends Error {}

const nothing = Storage.allocate(0, 'trace');

export class TraceLevel extends Level {
  override readonly transform = 'trace';
  override readonly traces = true;
  readonly steps: ProgramStep[] = [];

  constructor(
    /** Of the elements, and of what is computed of them. */
    private readonly layout: Layout,
    private readonly dtype: DType,
    private readonly inputCount: number,
  ) {
    super();
  }

  protected override recordsBelow(): boolean {
    return false;
  }

  /** An input that has all elements, or is one number. */
  input(index: number, moving: boolean): Traced {
    return new Traced(this, index, moving ? this.layout : Layout.scalar, this.dtype);
  }

  override run(step: Step): Tensor {
    const { kernel, inputs } = step;
    if (kernel === undefined) throw new Untraceable(step.name);
    if (kernel.kind === 'same') {
      const [x] = inputs;
      if (x instanceof Traced && x.of === this) return x;
      throw new Untraceable(step.name);
    }
    if (kernel.kind === 'compare' && kernel.op === 'eq' && inputs[1] === 0 && isMask(inputs[0])) {
      return this.run({ ...step, kernel: { kind: 'not' }, inputs: [inputs[0]] });
    }
    const ofMasks = kernel.kind === 'logic' || kernel.kind === 'number' || kernel.kind === 'not';
    let layout = Layout.scalar;
    const operands = inputs.map((x, at): ProgramOperand => {
      const dtype = ofMasks || (kernel.kind === 'select' && at === 0) ? 'bool' : this.dtype;
      if (typeof x === 'number') {
        if (dtype === 'bool') throw new Untraceable(step.name);
        return { constant: x };
      }
      if (!(x instanceof Traced) || x.of !== this || x.dtype !== dtype) throw new Untraceable(step.name);
      if (x.layout === this.layout) layout = this.layout;
      return x.place;
    });
    this.steps.push({ ...kernel, inputs: operands });
    const makesMask = kernel.kind === 'compare' || kernel.kind === 'logic' || kernel.kind === 'not';
    const place = this.inputCount + this.steps.length - 1;
    return new Traced(this, place, layout, makesMask ? 'bool' : this.dtype);
  }
}

/** A value of a trace: it has a shape and a dtype, but no elements. */
export class Traced extends Wrapped {
  constructor(
    override readonly of: TraceLevel,
    /** Its number in the program. */
    readonly place: number,
    layout: Layout,
    dtype: DType,
  ) {
    super(nothing, layout, dtype);
  }

  override get value(): Tensor {
    throw new Untraceable('reading');
  }

  override get ptr(): number {
    throw new Untraceable('reading');
  }

  override write(): void {
    throw new Untraceable('writing');
  }
}

function isMask(x: Operand): boolean {
  return x instanceof Traced && x.dtype === 'bool';
}

/** What operations without derivative need to be steps of a trace. */
export function tracedStep(name: string, kernel: TracedKernel, inputs: readonly Operand[]): Step {
  return {
    name,
    inputs,
    kernel,
    call: () => {
      throw new Untraceable(name);
    },
    jvp: () => null,
    batch: null,
  };
}
