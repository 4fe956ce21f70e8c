/** Nodes of operations with several outputs, whose gradients are used together. */
import type { Tensor } from '../tensor.js';
import { type Gradients, Node } from './node.js';

export abstract class MultiNode extends Node {
  private arrived: (Tensor | null)[];

  protected constructor(
    next: readonly (Node | null)[],
    protected readonly outputs: readonly Pick<Tensor, 'shape' | 'dtype'>[],
  ) {
    super(next);
    this.arrived = outputs.map(() => null);
  }

  /** The gradients of the inputs, given those of the outputs (null for outputs that none arrived for). */
  protected abstract backwardOutputs(grads: readonly (Tensor | null)[]): Gradients;

  override readonly several = true;

  override receive(grad: Tensor, slot: number, add: (a: Tensor, b: Tensor) => Tensor): void {
    const before = this.arrived[slot] ?? null;
    this.arrived[slot] = before === null ? grad : add(before, grad);
  }

  override received(): boolean {
    return this.arrived.some((grad) => grad !== null);
  }

  override clear(): void {
    this.arrived = this.outputs.map(() => null);
  }

  backward(): Gradients {
    return this.backwardAll();
  }

  override backwardAll(): Gradients {
    const { arrived } = this;
    this.clear();
    return this.backwardOutputs(arrived);
  }
}

/** One output of such a node. */
export class OutputNode extends Node {
  constructor(
    private readonly source: MultiNode,
    /** Which of the outputs. */
    override readonly slot: number,
  ) {
    super([source]);
  }

  get name(): string {
    return this.source.name;
  }

  backward(grad: Tensor): Gradients {
    return [grad];
  }

  release(): void {
    // Nothing is saved.
  }
}
