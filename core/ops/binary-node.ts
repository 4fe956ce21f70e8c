/** What an elementwise op of two operands is. */
import { edgeAt } from '../autograd/levels/wrapped.js';
import type { Gradients } from '../autograd/node.js';
import type { DType } from '../dtype.js';
import type { BinaryFunction, BinaryOp } from '../kernels/api.js';
import { kernels } from '../kernels/index.js';
import type { Tensor } from '../tensor.js';
import type { Operand } from './operand.js';
import type { OpDescription } from './record.js';
import { type ElementwiseKind, ElementwiseNode } from './elementwise-node.js';
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
export class BinaryKind implements ElementwiseKind {
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

  /** What is not read is not saved; the gradient stands in for it. */
  gradients(node: ElementwiseNode, grad: Tensor): Gradients {
    const x = node.a ?? grad;
    const z = node.b ?? grad;
    const out = node.y ?? grad;
    return [
      node.needs(0) ? sumTo(this.gradientA.call(grad, x, z, out), node.aShape) : null,
      node.needs(1) ? sumTo(this.gradientB.call(grad, x, z, out), node.bShape) : null,
    ];
  }

  /** The node of a result y of a and b, of which at least one is recorded. */
  record(a: Operand, b: Operand, y: Tensor): ElementwiseNode {
    const byA = typeof a !== 'number' && this.byA !== null ? edgeAt(a, y.level) : null;
    const byB = typeof b !== 'number' && this.byB !== null ? edgeAt(b, y.level) : null;
    const node = new ElementwiseNode(this, [byA, byB]);
    if (typeof a !== 'number') node.aShape = a.layout.shape;
    if (typeof b !== 'number') node.bShape = b.layout.shape;
    const reads = (byA === null ? 0 : this.readByA) | (byB === null ? 0 : this.readByB);
    if ((reads & READS_A) !== 0) node.saveA(a);
    if ((reads & READS_B) !== 0) node.saveB(b);
    if ((reads & READS_Y) !== 0) node.saveY(y);
    return node;
  }

  private compile(dtype: DType): BinaryFunction | null {
    const { how } = this;
    if (typeof how !== 'string') return null;
    if (dtype === 'float32') return (this.narrow = kernels.binaryFunction(how, 'float32'));
    return (this.wide = kernels.binaryFunction(how, 'float64'));
  }
}
