/** What one turn of a fused kernel's loop does: load the inputs, compute the steps, store the outputs. */
import type { FloatElement } from '../api.js';
import {
  f32,
  f32x4,
  f64,
  f64x2,
  i16x8,
  i32,
  i32x4,
  i8x16,
  v128,
  type FunctionBuilder,
  type I32,
  type Local,
  type V128,
} from '../assembler/index.js';
import { fusedTable, type FusedInput, type FusedProgram, type ProgramOperand } from '../program.js';
import { floatLanes, type FloatLanes } from './lanes.js';
import { storeLeft } from './loops.js';
import type { Emitter } from './program.js';

/** An input or an output: where its row starts, where it is in the row, and what it is where it stays at one element. */
interface Place {
  readonly start: Local<'i32'>;
  readonly at: Local<'i32'>;
  readonly row: I32;
  /** Bytes of a vector. */
  readonly step: number;
  readonly fixed: Local<'v128'> | null;
}

export class FusedBody {
  readonly lanes: FloatLanes;
  private readonly inputs: (Place | null)[];
  private readonly outputs: Place[];
  private readonly numbers: Local<'v128'>[];

  constructor(
    private readonly f: FunctionBuilder,
    private readonly table: Local<'i32'>,
    /** The first row and column that are computed: others may be somebody else's. */
    private readonly first: { readonly row: Local<'i32'>; readonly column: Local<'i32'> },
    private readonly program: FusedProgram,
    private readonly emitters: readonly Emitter[],
    element: FloatElement,
  ) {
    this.lanes = floatLanes[element];
    const used = usedInputs(program);
    this.inputs = program.inputs.map(({ moves, mask }, i) =>
      used.has(i) ? this.place(fusedTable.input(i), moves, mask) : null,
    );
    this.outputs = program.outputs.map(({ mask }, i) =>
      this.place(fusedTable.output(program, i), true, mask),
    );
    this.numbers = Array.from({ length: program.numbers }, (_, i) => {
      const value = f64.load(table, fusedTable.number(program, i));
      return f.let(element === 'float32' ? f32x4.splat(f32.demote(value)) : f64x2.splat(value));
    });
  }

  private place(offset: number, moves: boolean, mask: boolean): Place {
    const { f, table, lanes, first } = this;
    const row = i32.load(table, offset + 4);
    const step = mask ? lanes.lanes : 16;
    const inRow = moves ? i32.mul(first.column, step / lanes.lanes) : i32.const(0);
    return {
      start: f.let(i32.add(i32.add(i32.load(table, offset), inRow), i32.mul(first.row, row))),
      at: f.local('i32'),
      row,
      step,
      fixed: moves ? null : f.local('v128'),
    };
  }

  private *places(): Generator<Place> {
    for (const place of this.inputs) if (place !== null) yield place;
    yield* this.outputs;
  }

  /** All places go to the start of their row, or to a strip of columns that begins so many elements behind it. */
  startRow(from?: I32): void {
    const { f, lanes } = this;
    for (const place of this.places()) {
      if (place.fixed !== null || from === undefined) f.set(place.at, place.start);
      else f.set(place.at, i32.add(place.start, i32.mul(from, place.step / lanes.lanes)));
    }
    this.loadFixed();
  }

  private loadFixed(): void {
    const { f, lanes, program } = this;
    this.inputs.forEach((place, i) => {
      if (place?.fixed == null) return;
      const isMask = program.inputs[i].mask;
      f.set(
        place.fixed,
        isMask ? i8x16.ne(v128.load8Splat(place.at), i8x16.splat(0)) : lanes.loadSplat(place.at),
      );
    });
  }

  /** The rows that start next. */
  nextRow(): void {
    for (const { start, row } of this.places()) this.f.advance(start, row);
  }

  /** In the middle of a strip: the same columns of the next row. */
  down(): void {
    for (const { at, row } of this.places()) this.f.advance(at, row);
    this.loadFixed();
  }

  /** Along the row, by vectors. */
  advance(vectors: number): void {
    for (const { at, step, fixed } of this.places()) if (fixed === null) this.f.advance(at, vectors * step);
  }

  /** The values of a vector that many vectors further on. */
  compute(vector: number): V128[] {
    const { f, program, numbers, lanes } = this;
    const values = this.inputs.map((place, i): V128 => {
      if (place === null) return lanes.ops.const(0);
      return place.fixed ?? f.let(this.load(place, program.inputs[i], vector));
    });
    values.push(...numbers);
    const operand = (x: ProgramOperand): V128 =>
      typeof x === 'number' ? values[x] : lanes.ops.const(x.constant);
    program.steps.forEach(({ inputs: from }, i) => {
      values.push(f.let(this.emitters[i](f, from.map(operand))));
    });
    return values;
  }

  /** An operand that no element has a part in: a number. */
  operandOutside(x: ProgramOperand): V128 {
    if (typeof x !== 'number') return this.lanes.ops.const(x.constant);
    return this.numbers[x - this.program.inputs.length];
  }

  private load({ at, step }: Place, { mask }: FusedInput, vector: number): V128 {
    if (!mask) return v128.load(at, vector * step);
    const bytes = v128.load32Zero(at, vector * step);
    const words = i32x4.extendLow16U(i16x8.extendLow8U(bytes));
    const spread =
      this.lanes.lanes === 4
        ? words
        : i8x16.shuffle(words, words, [0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7]);
    return i32x4.ne(spread, i32x4.const(0));
  }

  /** Stores the outputs; only the first elements of them where fewer than a vector are left. */
  store(values: readonly V128[], vector: number, left?: I32): void {
    const { f, lanes, program } = this;
    this.outputs.forEach(({ at, step }, i) => {
      const { value, mask } = program.outputs[i];
      const result = mask ? f.let(this.maskBytes(values[value])) : values[value];
      if (left !== undefined) storeLeft(f, mask ? 1 : lanes.bytes, at, result, left);
      else if (!mask) f.store(at, result, vector * step);
      else if (lanes.lanes === 4) f.storeLane(4, at, result, 0, vector * step);
      else for (const lane of [0, 1]) f.storeLane(1, at, result, lane, vector * step + lane);
    });
  }

  /** A byte for each lane, 0 or 1. */
  private maskBytes(mask: V128): V128 {
    const order = this.lanes.lanes === 4 ? [0, 4, 8, 12] : [0, 8, 0, 8];
    const bytes = i8x16.shuffle(mask, mask, [...order, ...order, ...order, ...order]);
    return v128.and(bytes, i8x16.splat(1));
  }

  /** The vector with one of its lanes everywhere. */
  lane(value: V128, lane: number): V128 {
    const { bytes } = this.lanes;
    const pattern = Array.from({ length: 16 }, (_, i) => lane * bytes + (i % bytes));
    return i8x16.shuffle(value, value, pattern);
  }
}

function usedInputs({ steps, outputs, reduction }: FusedProgram): ReadonlySet<number> {
  const used = new Set(outputs.map(({ value }) => value));
  if (reduction !== null) {
    used.add(reduction.value);
  }
  for (const { inputs } of steps) for (const x of inputs) if (typeof x === 'number') used.add(x);
  return used;
}
