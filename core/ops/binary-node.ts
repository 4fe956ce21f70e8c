/** What an elementwise op of two operands is, and its node in the graph. */
import { edgeAt } from '../autograd/levels/wrapped.js';
import { backwardName, freedError, type Gradients, Node, versionError } from '../autograd/node.js';
import type { BinaryOp } from '../kernels/api.js';
import type { Shape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import type { Operand } from './operand.js';
import type { OpDescription } from './record.js';
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
    private readonly description: BinaryDescription,
    a: Operand,
    b: Operand,
    y: Tensor,
  ) {
    const byA = typeof a !== 'number' && description.a !== undefined ? edgeAt(a, y.level) : null;
    const byB = typeof b !== 'number' && description.b !== undefined ? edgeAt(b, y.level) : null;
    super([byA, byB]);
    this.aShape = typeof a === 'number' ? NO_SHAPE : a.layout.shape;
    this.bShape = typeof b === 'number' ? NO_SHAPE : b.layout.shape;
    const ra = byA === null ? '' : description.a!.reads;
    const rb = byB === null ? '' : description.b!.reads;
    if (ra.includes('a') || rb.includes('a')) {
      this.a = a;
      if (typeof a !== 'number') this.aVersion = a.storage.version;
    }
    if (ra.includes('b') || rb.includes('b')) {
      this.b = b;
      if (typeof b !== 'number') this.bVersion = b.storage.version;
    }
    if (ra.includes('y') || rb.includes('y')) {
      this.y = y;
      this.yVersion = y.storage.version;
    }
  }

  get name(): string {
    return backwardName(this.description.name);
  }

  backward(grad: Tensor): Gradients {
    if (this.freed) throw freedError(this.name);
    const { a, b, y, description } = this;
    if (a !== null && typeof a !== 'number' && a.storage.version !== this.aVersion) {
      throw versionError(this.name, a, this.aVersion);
    }
    if (b !== null && typeof b !== 'number' && b.storage.version !== this.bVersion) {
      throw versionError(this.name, b, this.bVersion);
    }
    if (y !== null && y.storage.version !== this.yVersion) throw versionError(this.name, y, this.yVersion);
    // What is not read is not saved; the gradient stands in for it.
    const byA = this.needs(0)
      ? sumTo(description.a!.vjp(grad, a ?? grad, b ?? grad, y ?? grad), this.aShape)
      : null;
    const byB = this.needs(1)
      ? sumTo(description.b!.vjp(grad, a ?? grad, b ?? grad, y ?? grad), this.bShape)
      : null;
    return [byA, byB];
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
