/**
 * Elementwise functions of up to three operands and three numbers, written once: the same rule is followed on vectors
 * by a WebAssembly kernel of its own, and on numbers by the reference. One pass over memory where composed ops take
 * one each.
 */
import type { UnaryOp } from './api.js';

/** What a rule is written in: values, and conditions on them. */
export interface Algebra<V, C> {
  number(value: number): V;
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  mul(a: V, b: V): V;
  div(a: V, b: V): V;
  /** The smaller one; the first where they do not compare. */
  min(a: V, b: V): V;
  /** The larger one; the first where they do not compare. */
  max(a: V, b: V): V;
  lt(a: V, b: V): C;
  le(a: V, b: V): C;
  gt(a: V, b: V): C;
  ge(a: V, b: V): C;
  eq(a: V, b: V): C;
  and(a: C, b: C): C;
  or(a: C, b: C): C;
  not(a: C): C;
  /** a where the condition holds, else b; both are computed. */
  select(condition: C, a: V, b: V): V;
  /** A function that the kernels have and that needs no help of the host. */
  unary(op: UnaryOp, x: V): V;
  /** To be used more than once: what is not kept is computed for each use. Operands and numbers are kept already. */
  keep(value: V): V;
}

/** The function of one element of each operand, and of the numbers. */
export type Rule = <V, C>(m: Algebra<V, C>, operands: readonly V[], numbers: readonly V[]) => V;

export interface Formula {
  readonly name: string;
  /** How many operands it has. */
  readonly operands: 1 | 2 | 3;
  readonly rule: Rule;
  /** Whether it takes more than a few instructions, so that several vectors at once gain nothing. */
  readonly dear: boolean;
}

export function formula(
  name: string,
  operands: 1 | 2 | 3,
  rule: Rule,
  { dear = false }: { dear?: boolean } = {},
): Formula {
  return { name, operands, rule, dear };
}

/** Where operands are: addresses, and 1 for elements side by side or 0 for one that is repeated. At least one is 1. */
export interface FormulaOperands {
  a: number;
  b: number;
  c: number;
  aStep: 0 | 1;
  bStep: 0 | 1;
  cStep: 0 | 1;
}

/** The numbers of a formula. */
export type FormulaNumbers = readonly [number?, number?, number?];
