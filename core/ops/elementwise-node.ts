/**
 * The node of elementwise ops of one or two operands. One class for all of them: what walks the graph reads fields of few
 * classes quickly, and of many slowly.
 */
import { backwardName, freedError, type Gradients, Node, versionError } from '../autograd/node.js';
import type { Shape } from '../layout.js';
import type { Tensor } from '../tensor.js';
import { keepElementsOf } from './deferred/record.js';
import type { Operand } from './operand.js';

export interface ElementwiseKind {
  /** The op's name. */
  readonly name: string;
  /** The gradients of the operands, whose saved tensors are as they were. */
  gradients(node: ElementwiseNode, grad: Tensor): Gradients;
}

const NO_SHAPE: Shape = [];

export class ElementwiseNode extends Node {
  /** The operands and the result, as far as the derivative reads them. */
  a: Operand | null = null;
  b: Operand | null = null;
  y: Tensor | null = null;
  /** What the gradients are summed to, where operands were repeated. */
  aShape: Shape = NO_SHAPE;
  bShape: Shape = NO_SHAPE;
  private aVersion = 0;
  private bVersion = 0;
  private yVersion = 0;
  private freed = false;

  constructor(
    private readonly kind: ElementwiseKind,
    next: readonly (Node | null)[],
  ) {
    super(next);
  }

  saveA(a: Operand): void {
    this.a = a;
    if (typeof a === 'number') return;
    this.aVersion = a.storage.version;
    keepElementsOf(a);
  }

  saveB(b: Operand): void {
    this.b = b;
    if (typeof b === 'number') return;
    this.bVersion = b.storage.version;
    keepElementsOf(b);
  }

  saveY(y: Tensor): void {
    this.y = y;
    this.yVersion = y.storage.version;
    keepElementsOf(y);
  }

  get name(): string {
    return backwardName(this.kind.name);
  }

  backward(grad: Tensor): Gradients {
    if (this.freed) throw freedError(this.name);
    const { a, b, y } = this;
    if (a !== null && typeof a !== 'number' && a.storage.version !== this.aVersion)
      throw versionError(this.name, a, this.aVersion);
    if (b !== null && typeof b !== 'number' && b.storage.version !== this.bVersion)
      throw versionError(this.name, b, this.bVersion);
    if (y !== null && y.storage.version !== this.yVersion) throw versionError(this.name, y, this.yVersion);
    return this.kind.gradients(this, grad);
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

function isSaved(operand: Operand | null): boolean {
  return operand !== null && typeof operand !== 'number';
}
