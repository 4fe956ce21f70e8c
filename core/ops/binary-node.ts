/** What an elementwise op of two operands is, and its node in the graph. */
import { edgeAt } from '../autograd/levels/wrapped.js';
import { backwardName, freedError, type Gradients, Node, versionError } from '../autograd/node.js';
import type { DType } from '../dtype.js';
import type { BinaryFunction, BinaryOp } from '../kernels/api.js';
import { kernels } from '../kernels/index.js';
import type { Shape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import type { Operand } from './operand.js';
import type { OpDescription } from './record.js';
import { keepElementsOf } from './deferred/record.js';
import { type Fused, fused } from './fused.js';
import { sumTo } from './sum.js';

/** Which of the operands a, b and the result y a derivative reads. */
type Reads = '' | 'a' | 'b' | 'y' | 'ab' | 'ay' | 'by' | 'aby';

type BinaryGradient = (grad: Tensor, a: Operand, b: Operand, y: Tensor) => Tensor;

export interface BinaryDescription extends Omit<OpDescription, 'params' | 'options'> {
  readonly params?: readonly string[];
  /** The kernel's name, or the function of two elements where there is no kernel. */
  readonly compute: BinaryOp | ((a: number, b: number) => number);
  /** The dtype of integer operands' result: the promoted one, a float dtype, or bool treated as a byte. */
  readonly integers: 'keep' | 'float';
  /** Gradients by the operands (of the result's shape; broadcasting is undone by the node), and what they read. */
  readonly a?: { readonly reads: Reads; readonly vjp: BinaryGradient };
  readonly b?: { readonly reads: Reads; readonly vjp: BinaryGradient };
  /** Throws for second operands that the op has no integer result with. */
  readonly checkIntegers?: (b: Operand) => void;
  /** What replaces the op where all operands are bool. */
  readonly bools?: BinaryOp | 'refuse';
}

const READS_A = 1;
const READS_B = 2;
const READS_Y = 4;

function readsOf(gradient: BinaryDescription['a']): number {
  if (gradient === undefined) return 0;
  const { reads } = gradient;
  return (
    (reads.includes('a') ? READS_A : 0) |
    (reads.includes('b') ? READS_B : 0) |
    (reads.includes('y') ? READS_Y : 0)
  );
}

const unused = (grad: Tensor): Tensor => grad;

/** What an op is, as calls read it: one class for all ops, with what a call needs worked out before. */
export class BinaryKind {
  readonly name: string;
  readonly how: BinaryDescription['compute'];
  readonly integers: 'keep' | 'float';
  readonly bools: BinaryDescription['bools'];
  readonly checkIntegers: BinaryDescription['checkIntegers'];
  readonly byA: BinaryGradient | null;
  readonly byB: BinaryGradient | null;
  /** The same as one kernel, where they can be. */
  readonly gradientA: Fused;
  readonly gradientB: Fused;
  readonly readByA: number;
  readonly readByB: number;
  /** The kernels for float32 and float64, once they were needed; null where the op has none. */
  private narrow: BinaryFunction | null = null;
  private wide: BinaryFunction | null = null;

  constructor(description: BinaryDescription) {
    this.name = description.name;
    this.how = description.compute;
    this.integers = description.integers;
    this.bools = description.bools;
    this.checkIntegers = description.checkIntegers;
    this.byA = description.a?.vjp ?? null;
    this.byB = description.b?.vjp ?? null;
    this.gradientA = fused(`${description.name}Backward`, this.byA ?? unused);
    this.gradientB = fused(`${description.name}Backward`, this.byB ?? unused);
    this.readByA = readsOf(description.a);
    this.readByB = readsOf(description.b);
  }

  /** The kernel for float32 or float64. */
  kernel(dtype: DType): BinaryFunction | null {
    return (dtype === 'float32' ? this.narrow : this.wide) ?? this.compile(dtype);
  }

  private compile(dtype: DType): BinaryFunction | null {
    const { how } = this;
    if (typeof how !== 'string') return null;
    if (dtype === 'float32') return (this.narrow = kernels.binaryFunction(how, 'float32'));
    return (this.wide = kernels.binaryFunction(how, 'float64'));
  }
}

const NO_SHAPE: Shape = [];

function isSaved(operand: Operand | null): boolean {
  return operand !== null && typeof operand !== 'number';
}

export class BinaryNode extends Node {
  private a: Operand | null = null;
  private b: Operand | null = null;
  private y: Tensor | null = null;
  private readonly aVersion: number = 0;
  private readonly bVersion: number = 0;
  private readonly yVersion: number = 0;
  private readonly aShape: Shape;
  private readonly bShape: Shape;
  private freed = false;

  constructor(
    private readonly kind: BinaryKind,
    a: Operand,
    b: Operand,
    y: Tensor,
  ) {
    const byA = typeof a !== 'number' && kind.byA !== null ? edgeAt(a, y.level) : null;
    const byB = typeof b !== 'number' && kind.byB !== null ? edgeAt(b, y.level) : null;
    super([byA, byB]);
    this.aShape = typeof a === 'number' ? NO_SHAPE : a.layout.shape;
    this.bShape = typeof b === 'number' ? NO_SHAPE : b.layout.shape;
    const reads = (byA === null ? 0 : kind.readByA) | (byB === null ? 0 : kind.readByB);
    if ((reads & READS_A) !== 0) {
      this.a = a;
      if (typeof a !== 'number') {
        this.aVersion = a.storage.version;
        keepElementsOf(a);
      }
    }
    if ((reads & READS_B) !== 0) {
      this.b = b;
      if (typeof b !== 'number') {
        this.bVersion = b.storage.version;
        keepElementsOf(b);
      }
    }
    if ((reads & READS_Y) !== 0) {
      this.y = y;
      this.yVersion = y.storage.version;
      keepElementsOf(y);
    }
  }

  get name(): string {
    return backwardName(this.kind.name);
  }

  backward(grad: Tensor): Gradients {
    if (this.freed) throw freedError(this.name);
    const { a, b, y, kind } = this;
    if (a !== null && typeof a !== 'number' && a.storage.version !== this.aVersion) {
      throw versionError(this.name, a, this.aVersion);
    }
    if (b !== null && typeof b !== 'number' && b.storage.version !== this.bVersion) {
      throw versionError(this.name, b, this.bVersion);
    }
    if (y !== null && y.storage.version !== this.yVersion) throw versionError(this.name, y, this.yVersion);
    // What is not read is not saved; the gradient stands in for it.
    const x = a ?? grad;
    const z = b ?? grad;
    const out = y ?? grad;
    return [
      this.needs(0) ? sumTo(kind.gradientA.call(grad, x, z, out), this.aShape) : null,
      this.needs(1) ? sumTo(kind.gradientB.call(grad, x, z, out), this.bShape) : null,
    ];
  }

  release(): void {
    // Where no tensor was saved, none is missing the second time.
    if (this.y === null && !isSaved(this.a) && !isSaved(this.b)) return;
    this.freed = true;
    this.a = null;
    this.b = null;
    this.y = null;
  }

  protected override saved(): readonly (Tensor | null)[] {
    return [this.a, this.b, this.y].map((x) => (typeof x === 'number' ? null : x));
  }
}
