/** Notes ops on many elements as expressions instead of computing them (see `value.ts`). */
import { levels } from '../../autograd/levels/wrapped.js';
import { gradMode } from '../../autograd/mode.js';
import type { BinaryOp, FloatElement, ReduceOp, UnaryOp } from '../../kernels/api.js';
import { hasSimd } from '../../kernels/features.js';
import { collapse } from '../../kernels/nest.js';
import type { Layout } from '../../layout.js';
import { writesLater } from '../../storage.js';
import type { Tensor } from '../../tensor.js';
import type { Operand } from '../operand.js';
import { type Ending, evaluateReduced } from './evaluate.js';
import { numberPart, type Part, type Step, Value, WHOLE } from './value.js';

/** From so many elements on, one pass less over the memory is worth noting an op down. */
export const deferring = { from: hasSimd() ? 2 ** 14 : Infinity };

/** Steps of one expression, and what it reads, counted as often as they appear: kernels of more keep values on the stack. */
const MOST_STEPS = 12;
const MOST_SOURCES = 8;

/**
 * What is changed in place again and again (a parameter) is computed with at once if it is large: expressions that read it
 * would keep a copy of it each time.
 */
const MOST_CHANGES = 3;
const SMALL_BYTES = 2 ** 15;

/** A few instructions, sooner done again than stored and loaded. */
const CHEAP: ReadonlySet<string> = new Set([
  'neg',
  'abs',
  'sign',
  'sqrt',
  'rsqrt',
  'reciprocal',
  'square',
  'cube',
  'relu',
  'floor',
  'ceil',
  'round',
  'trunc',
  'frac',
  'add',
  'sub',
  'mul',
  'div',
  'maximum',
  'minimum',
  'fmax',
  'fmin',
  'copysign',
  'heaviside',
  'reluGrad',
  'tanhGrad',
  'sigmoidGrad',
] satisfies (UnaryOp | BinaryOp)[]);

export function isCheap(op: UnaryOp | BinaryOp): boolean {
  return CHEAP.has(op);
}

let nextStep = 0x4000;
const unarySteps = new Map<UnaryOp, Step>();
const binarySteps = new Map<BinaryOp, Step>();

function unaryStep(op: UnaryOp): Step {
  let step = unarySteps.get(op);
  if (step === undefined)
    unarySteps.set(op, (step = { id: nextStep++, dear: !CHEAP.has(op), work: { kind: 'unary', op } }));
  return step;
}

function binaryStep(op: BinaryOp): Step {
  let step = binarySteps.get(op);
  if (step === undefined)
    binarySteps.set(op, (step = { id: nextStep++, dear: !CHEAP.has(op), work: { kind: 'binary', op } }));
  return step;
}

/** Whether an op with a result of that layout may be noted down; where somebody watches, ops are computed when they are called. */
export function defers(layout: Layout): boolean {
  return layout.size >= deferring.from && gradMode.watch === null && levels.top === null;
}

/** The operands of an expression that is being noted down, and what follows from them. */
class Parts {
  readonly list: Part[] = [];
  columns = 0;
  weight = 1;
  sources = 0;

  constructor(private readonly layout: Layout) {}

  /** False where the operand does not fit in: then the op is computed at once. */
  add(x: Operand): boolean {
    if (typeof x === 'number') {
      this.list.push(numberPart(x));
      this.sources++;
      return true;
    }
    const part = partOf(x, this.layout);
    if (part === null) return false;
    const value = part.value!;
    this.weight += value.weight;
    this.sources += value.sources;
    this.list.push(part);
    return (
      this.fits(value.columns) && this.fits(part.row === WHOLE || !repeats(part) ? 0 : this.rowLength(x))
    );
  }

  private rowLength({ layout }: Tensor): number {
    return columnsOf(layout, this.layout);
  }

  private fits(columns: number): boolean {
    if (columns === 0 || columns === this.columns) return true;
    if (this.columns !== 0) return false;
    this.columns = columns;
    return true;
  }
}

/** Whether an operand depends on where rows begin. */
function repeats({ moves, row }: Part): boolean {
  return moves || row !== 0;
}

/** The elements of an operand; null for one that a kernel cannot follow, or that should not be read later. */
function partOf(x: Tensor, layout: Layout): Part | null {
  const { storage, layout: own } = x;
  const { deferred } = storage;
  if (deferred instanceof Value && deferred.step !== null) {
    if (own.contiguous && own.offset === 0 && own.size === layout.size && own.size === deferred.size)
      return { value: deferred, number: 0, moves: true, offset: 0, row: WHOLE };
  }
  // Asking says what is wrong with a tensor that has no elements any more.
  if (x.level > 0 || x.ptr < 0) return null;
  if (storage.version > MOST_CHANGES && storage.byteLength > SMALL_BYTES) return null;
  const place = placeOf(own, layout);
  if (place === null) return null;
  const known = storage.deferred;
  let value: Value;
  if (known instanceof Value) value = known;
  else {
    const element = x.dtype === 'float32' ? 'float32' : 'float64';
    storage.deferred = value = new Value(storage, element, own.size, null, [], 0, 0, 1);
  }
  return { value, number: 0, moves: place.moves, offset: own.offset, row: place.row };
}

/** How an operand goes along a result. */
function placeOf(own: Layout, layout: Layout): { readonly moves: boolean; readonly row: number } | null {
  if (own.contiguous && own.size === layout.size) return { moves: true, row: WHOLE };
  if (own.size === 1) return { moves: false, row: 0 };
  const { rank, strides } = collapse(layout.shape, [own.broadcastStrides(layout.shape)]);
  const [column, row = 0] = strides[0];
  if (rank > 2 || (column !== 0 && column !== 1) || (rank === 1 && column !== 0)) return null;
  return { moves: column === 1, row: rank === 1 ? 0 : row };
}

function columnsOf(own: Layout, layout: Layout): number {
  const { rank, sizes } = collapse(layout.shape, [own.broadcastStrides(layout.shape)]);
  return rank === 2 ? sizes[0] : 0;
}

/** Makes a result the expression of a step; false where the step has to be computed now. */
function note(step: Step, operands: readonly Operand[], out: Tensor): boolean {
  let parts = new Parts(out.layout);
  if (!operands.every((x) => parts.add(x))) return false;
  if (parts.weight > MOST_STEPS || parts.sources > MOST_SOURCES) {
    // What it is made of is computed first.
    for (const { value } of parts.list) value?.settle();
    parts = new Parts(out.layout);
    if (!operands.every((x) => parts.add(x))) return false;
  }
  const { list, columns, weight, sources } = parts;
  if (!list.some(({ moves }) => moves)) return false;
  const element: FloatElement = out.dtype === 'float32' ? 'float32' : 'float64';
  const { storage } = out;
  const value = new Value(storage, element, out.layout.size, step, list, columns, weight, sources);
  for (const { value: from } of list) if (from !== null) from.readers++;
  storage.deferred = value;
  writesLater(storage.byteLength);
  return true;
}

export function deferUnary(op: UnaryOp, x: Tensor, out: Tensor): boolean {
  return note(unaryStep(op), [x], out);
}

export function deferBinary(op: BinaryOp, a: Operand, b: Operand, out: Tensor): boolean {
  return note(binaryStep(op), [a, b], out);
}

/** Reduces [outer, size, inner] of a tensor that is an expression, in one pass with it; false where it is none, or that cannot be. */
export function reduceDeferred(
  op: ReduceOp,
  x: Tensor,
  { outer, size, inner }: { readonly outer: number; readonly size: number; readonly inner: number },
  out: Tensor,
): boolean {
  const { deferred } = x.storage;
  if (!(deferred instanceof Value) || deferred.step === null || gradMode.watch !== null) return false;
  const { layout } = x;
  if (!layout.contiguous || layout.offset !== 0 || layout.size !== deferred.size) return false;
  let ending: Ending;
  if (inner === 1) ending = { op, over: outer === 1 ? 'all' : 'columns', columns: size, out: out.storage };
  else if (outer === 1) ending = { op, over: 'rows', columns: inner, out: out.storage };
  else return false;
  return evaluateReduced(deferred, ending);
}

/** Notes that the graph reads these elements: they are stored as soon as they are computed on the way to something else. */
export function keepElementsOf(x: Tensor): void {
  x.storage.deferred?.keep();
}
