/**
 * Loops of elementwise kernels, over rows of contiguous output. Each operand either moves with the output or stays at
 * one number for the row (`scalar`); the kernel has a loop for every combination that it supports and picks one by
 * the operands' steps.
 */
import { storeLeft } from './loops.js';
import { i32, v128, type FunctionBuilder, type I32, type Local, type V128 } from '../assembler/index.js';

/** How the elements of an operand or of the output are loaded. */
export interface ElementAccess {
  readonly bytes: 1 | 4 | 8;
  loadSplat(address: I32, offset?: number): V128;
}

/** Parameters of kernels of two operands: strides in bytes, steps along the row 0 or 1. */
export const BINARY_SIGNATURE = {
  a: 'i32',
  b: 'i32',
  out: 'i32',
  rows: 'i32',
  columns: 'i32',
  aRow: 'i32',
  bRow: 'i32',
  aStep: 'i32',
  bStep: 'i32',
} as const;

type BinaryParameters = Readonly<Record<keyof typeof BINARY_SIGNATURE, Local<'i32'>>>;

export const byteAccess: ElementAccess = { bytes: 1, loadSplat: v128.load8Splat };

export interface MapOperand {
  /** Start of the row, advanced by `row` bytes after each. */
  readonly pointer: Local<'i32'>;
  readonly row: I32;
  /** Not 0 when the operand moves along the row. */
  readonly step: I32;
}

export interface MapLoops {
  readonly access: ElementAccess;
  readonly out: Local<'i32'>;
  readonly rows: Local<'i32'>;
  readonly columns: I32;
  readonly operands: readonly MapOperand[];
  /** Vectors a turn of the main loop: more for what is quickly computed. */
  readonly unroll: number;
  readonly compute: (operands: readonly V128[]) => V128;
  /** Several vectors of one operand side by side, where that is better than one after the other. */
  readonly many?: (vectors: readonly V128[]) => readonly V128[];
}

/** The loops of a kernel of two operands. */
export function mapOfTwo(
  { a, b, out, rows, columns, aRow, bRow, aStep, bStep }: BinaryParameters,
  loops: Pick<MapLoops, 'access' | 'unroll' | 'compute'>,
): MapLoops {
  const operands = [
    { pointer: a, row: aRow, step: aStep },
    { pointer: b, row: bRow, step: bStep },
  ];
  return { ...loops, out, rows, columns, operands };
}

/** Emits the loops; a row where no operand moves is not provided for. */
export function emitMap(f: FunctionBuilder, loops: MapLoops): void {
  const { operands, out, rows, columns, access } = loops;
  const combinations = movingCombinations(operands.length);
  const pointers = operands.map(() => f.local('i32'));
  const target = f.local('i32');
  const left = f.local('i32');
  f.while(rows, () => {
    f.set(target, out);
    f.set(left, columns);
    operands.forEach((operand, k) => f.set(pointers[k], operand.pointer));
    chooseLoop(f, operands, combinations, (moving) => emitRow(f, loops, moving, { pointers, target, left }));
    operands.forEach((operand) => f.advance(operand.pointer, operand.row));
    f.advance(out, i32.mul(columns, access.bytes));
    f.advance(rows, -1);
  });
}

/** All ways in which at least one operand moves. */
function movingCombinations(count: number): boolean[][] {
  const all: boolean[][] = [];
  for (let bits = (1 << count) - 1; bits > 0; bits--)
    all.push(Array.from({ length: count }, (_, k) => (bits & (1 << k)) !== 0));
  return all;
}

function chooseLoop(
  f: FunctionBuilder,
  operands: readonly MapOperand[],
  combinations: readonly boolean[][],
  emit: (moving: readonly boolean[]) => void,
): void {
  const [first, ...rest] = combinations;
  if (rest.length === 0) {
    emit(first);
    return;
  }
  const isMoving = (operand: MapOperand, moving: boolean): I32 =>
    moving ? i32.ne(operand.step, 0) : i32.eqz(operand.step);
  const condition = operands
    .map((operand, k) => isMoving(operand, first[k]))
    .reduce((all, one) => i32.and(all, one));
  f.if(
    condition,
    () => emit(first),
    () => chooseLoop(f, operands, rest, emit),
  );
}

/** The loop over one row; which operands move is decided. */
export function emitRow(
  f: FunctionBuilder,
  { access, unroll, compute, many }: MapLoops,
  moving: readonly boolean[],
  at: { pointers: readonly Local<'i32'>[]; target: Local<'i32'>; left: Local<'i32'> },
): void {
  const { bytes } = access;
  const lanes = 16 / bytes;
  f.scope(() => {
    const fixed = at.pointers.map((pointer, k) => (moving[k] ? undefined : f.let(access.loadSplat(pointer))));
    const turn = (vectors: number, store: (value: V128, offset: number) => void): void => {
      for (let vector = 0; vector < vectors; vector++)
        f.scope(() => {
          const offset = vector * 16;
          store(compute(at.pointers.map((pointer, k) => fixed[k] ?? v128.load(pointer, offset))), offset);
        });
    };
    const sideBySide = (vectors: number, compute: NonNullable<typeof many>): void => {
      f.scope(() => {
        const offsets = Array.from({ length: vectors }, (_, vector) => 16 * vector);
        const values = compute(offsets.map((offset) => v128.load(at.pointers[0], offset)));
        values.forEach((value, i) => f.store(at.target, value, offsets[i]));
      });
    };
    const whole = (vectors: number): void => {
      if (many !== undefined && vectors > 1) sideBySide(vectors, many);
      else turn(vectors, (value, offset) => f.store(at.target, value, offset));
      at.pointers.forEach((pointer, k) => {
        if (moving[k]) f.advance(pointer, vectors * 16);
      });
      f.advance(at.target, vectors * 16);
      f.advance(at.left, -vectors * lanes);
    };
    if (unroll > 1) f.while(i32.geU(at.left, lanes * unroll), () => whole(unroll));
    f.while(i32.geU(at.left, lanes), () => whole(1));
    // The last numbers are computed together with what lies behind them, which is not stored.
    f.if(at.left, () => turn(1, (value) => storeLeft(f, bytes, at.target, value, at.left)));
  });
}
