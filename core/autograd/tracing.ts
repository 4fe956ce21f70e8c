/** What a step that is being traced must know beside the calls of its kernels (`compile/`). */
import type { Tensor } from '../tensor.js';
import type { Node } from './node.js';

export interface StepRecorder {
  /** The gradient of a leaf is read. */
  gradRead(leaf: Tensor, value: Tensor | null): void;
  gradWritten(leaf: Tensor, value: Tensor | null): void;
  /** Kernels are called with the elements of a tensor, outside of any op. */
  uses(tensor: Tensor): void;
  /** The elements of a tensor were changed in place. */
  changed(tensor: Tensor): void;
  /** A view of a tensor's elements is made in JavaScript. */
  viewed(tensor: Tensor): void;
  /** A module is called. */
  module(module: object, hooked: boolean): void;
  /** Whether a node will be needed again, so that it must keep what it saved. */
  keeps(node: Node): boolean;
  /** A gradient goes through functions of the user's. */
  hooked(name: string): void;
  /** Values go to JavaScript that no trace can follow. */
  escapes(operation: string): void;
}

interface Tracing {
  /** What looks, where a step is being traced; read on the paths of ops, so it is a plain object. */
  current: StepRecorder | null;
  /** Puts everything back after an interrupt that cut a trace or a replay off. */
  unwind: (() => void) | null;
}

export const tracing: Tracing = { current: null, unwind: null };
