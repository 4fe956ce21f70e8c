/**
 * Fused programs as kernels: loops over rows and columns whose body is the code of the steps' own kernels, and
 * reductions that take their elements from it in the order of the `reduce` kernel.
 */
import type { FloatElement } from '../api.js';
import {
  f32x4,
  f64x2,
  i32,
  ModuleBuilder,
  type FunctionBuilder,
  type I32,
  type Local,
  type V128,
  type WasmFunction,
} from '../assembler/index.js';
import {
  FusedCache,
  fusedTable,
  MAX_FUSED_PLACES,
  type FusedFunction,
  type FusedProgram,
  type FusedReduction,
  type ProgramStep,
} from '../program.js';
import { i32 as i32Memory } from '../../memory.js';
import { describeFused } from '../meaning.js';
import { type Axis, columnAxes, type Effort, gridAxes, parallel, rowAxes } from '../threads/index.js';
import { FusedBody } from './fused-code.js';
import { floatLanes, type FloatLanes } from './lanes.js';
import { storeLeft } from './loops.js';
import { binaryCode, DEAR, unaryCode } from './ops.js';
import { emitterOf, type Emitter, FEW_STEPS } from './program.js';
import {
  addPromoted,
  BLOCK_ROWS,
  BLOCK_VECTORS,
  reductionOf,
  ROWS_IN_FLIGHT,
  smaller,
  type Reduction,
} from './reduce-code.js';

/** Kernels that are kept: some hundred bytes to some kilobytes each. */
const MOST_KERNELS = 512;

/** The kernels that were made of programs; null for one that cannot be made. */
export const fusedKernels = new FusedCache(MOST_KERNELS);

export function fused(program: FusedProgram, element: FloatElement): FusedFunction | null {
  return fusedKernels.get(program, element, compileFused);
}

function compileFused(program: FusedProgram, element: FloatElement): FusedFunction | null {
  if (program.inputs.length + program.outputs.length > MAX_FUSED_PLACES) return null;
  const module = new ModuleBuilder();
  const emitters: Emitter[] = [];
  for (const [i, step] of program.steps.entries()) {
    const emitter = emitterOf(step, element, module, `host${i}`);
    if (emitter === null) return null;
    emitters.push(emitter);
  }
  const { reduction } = program;
  module.define('run', PART, (f, { table, row, rows, column, columns }) => {
    const body = new FusedBody(f, table, { row, column }, program, emitters, element);
    if (reduction === null) emitElements(f, body, rows, columns, program.steps.length <= FEW_STEPS ? 2 : 1);
    else {
      const { bytes } = body.lanes;
      const begin = reduction.over === 'rows' ? column : row;
      const result = f.let(i32.add(i32.load(table, fusedTable.result(program)), i32.mul(begin, bytes)));
      const parts = { f, body, rows, columns, result, reduction, element };
      if (reduction.over === 'rows') emitColumns(parts);
      else emitRows(parts);
    }
  });
  const isDear = program.steps.some((step) => isDearStep(step, element));
  return divided(module.compile().run, reduction, isDear ? 'dear' : 'cheap');
}

/** A kernel computes a part of the rows and columns: all, or what a thread has taken. */
const PART = { table: 'i32', row: 'i32', rows: 'i32', column: 'i32', columns: 'i32' } as const;
const GRID = { rows: 2, columns: 4, rowSteps: [0, 1, 0, 0, 0], columnSteps: [0, 0, 0, 1, 0] };

/** The kernel of all rows and columns, by several threads where its results do not depend on each other. */
function divided(run: WasmFunction, reduction: FusedReduction | null, effort: Effort): FusedFunction {
  const axesOf = (rows: number, columns: number): readonly Axis[] | null => {
    const part = [0, 0, rows, 0, columns];
    if (reduction === null) return gridAxes(part, GRID, effort);
    if (reduction.over === 'columns') return rowAxes(part, GRID.rows, columns, GRID.rowSteps, effort);
    if (reduction.over === 'rows') return columnAxes(part, GRID.columns, rows, GRID.columnSteps, effort);
    return null;
  };
  const whole: FusedFunction = (table) => {
    const rows = i32Memory[(table + fusedTable.rows) >>> 2];
    const columns = i32Memory[(table + fusedTable.columns) >>> 2];
    const axes = axesOf(rows, columns);
    if (axes === null) run(table, 0, rows, 0, columns);
    else parallel(run, [table, 0, rows, 0, columns], ...axes);
  };
  return describeFused(whole, { run, axes: axesOf });
}

function isDearStep(step: ProgramStep, element: FloatElement): boolean {
  if (step.kind === 'unary') return unaryCode(step.op, element)?.unroll === DEAR;
  if (step.kind === 'binary') return binaryCode(step.op, element)?.unroll === DEAR;
  return step.kind === 'formula' && step.formula.dear;
}

/** Only outputs that are stored element by element. */
function emitElements(
  f: FunctionBuilder,
  body: FusedBody,
  rows: Local<'i32'>,
  columns: I32,
  unroll: number,
): void {
  const { lanes } = body.lanes;
  const left = f.local('i32');
  const turn = (vectors: number): void => {
    for (let vector = 0; vector < vectors; vector++) f.scope(() => body.store(body.compute(vector), vector));
    body.advance(vectors);
    f.advance(left, -vectors * lanes);
  };
  f.while(rows, () => {
    body.startRow();
    f.set(left, columns);
    if (unroll > 1) f.while(i32.geU(left, unroll * lanes), () => turn(unroll));
    f.while(i32.geU(left, lanes), () => turn(1));
    f.if(left, () => f.scope(() => body.store(body.compute(0), 0, left)));
    body.nextRow();
    f.advance(rows, -1);
  });
}

interface ReductionParts {
  readonly f: FunctionBuilder;
  readonly body: FusedBody;
  readonly rows: Local<'i32'>;
  readonly columns: Local<'i32'>;
  readonly result: Local<'i32'>;
  readonly reduction: FusedReduction;
  readonly element: FloatElement;
}

/** The sum or extreme so far, as the `reduce` kernel keeps it: sums of float32 in float64. */
class Total {
  private readonly total: Local<'v128'>;
  readonly sums: readonly Local<'v128'>[];
  readonly step: Reduction['step'];
  readonly start: V128;
  private readonly isWide: boolean;
  private readonly lanes: FloatLanes;

  constructor(
    private readonly f: FunctionBuilder,
    { op }: FusedReduction,
    element: FloatElement,
  ) {
    this.lanes = floatLanes[element];
    this.isWide = op === 'sum' && element === 'float32';
    ({ step: this.step, start: this.start } = reductionOf(op, element));
    this.total = f.local('v128');
    this.sums = Array.from({ length: ROWS_IN_FLIGHT }, () => f.local('v128'));
  }

  clear(): void {
    this.f.set(this.total, this.isWide ? f64x2.const(0) : this.start);
  }

  /** Takes over the sums of a block. */
  block(): void {
    const { f, sums, step, total } = this;
    const combine = (a: V128, b: V128): V128 => step(f, a, b);
    f.scope(() => {
      f.set(sums[0], combine(sums[0], sums[1]));
      f.set(sums[2], combine(sums[2], sums[3]));
      f.set(sums[0], combine(sums[0], sums[2]));
      if (this.isWide) addPromoted(f, total, sums[0]);
      else f.set(total, combine(total, sums[0]));
    });
  }

  /** The lanes become one number. */
  horizontal(): void {
    const { f, step, total } = this;
    f.scope(() => {
      const keep = (half: V128): V128 => f.let(half);
      const sum = this.isWide
        ? floatLanes.float64.horizontal(f64x2.add, total, keep)
        : this.lanes.horizontal((a, b) => step(f, a, b), total, keep);
      f.set(total, sum);
    });
  }

  /** One number more. */
  add(value: V128): void {
    const { f, step, total } = this;
    f.set(total, this.isWide ? f64x2.add(total, f64x2.promoteF32(value)) : step(f, total, value));
  }

  /** In the first lane. */
  get value(): V128 {
    return this.isWide ? f32x4.demoteF64(this.total) : this.total;
  }
}

/** Each row, or all of them, to one number. */
function emitRows({ f, body, rows, columns, result, reduction, element }: ReductionParts): void {
  const { lanes, bytes, ops } = body.lanes;
  const { value, divisor, over } = reduction;
  const total = new Total(f, reduction, element);
  const left = f.local('i32');
  const block = f.local('i32');
  const inRow = f.local('i32');
  const all = over === 'all';
  const perTurn = ROWS_IN_FLIGHT * lanes;

  const turn = (): void => {
    total.sums.forEach((sum, k) =>
      f.scope(() => {
        const values = body.compute(k);
        body.store(values, k);
        f.set(sum, total.step(f, sum, values[value]));
      }),
    );
    body.advance(ROWS_IN_FLIGHT);
    f.advance(block, -perTurn);
    if (!all) return;
    f.advance(inRow, -perTurn);
    f.if(i32.eqz(inRow), () => {
      f.set(inRow, columns);
      body.nextRow();
      body.startRow();
    });
  };
  const line = (): void => {
    total.clear();
    f.while(i32.geU(left, perTurn), () => {
      f.set(block, i32.and(smaller(left, BLOCK_VECTORS * perTurn), -perTurn));
      f.set(left, i32.sub(left, block));
      for (const sum of total.sums) f.set(sum, total.start);
      f.while(block, turn);
      total.block();
    });
    total.horizontal();
    f.while(i32.geU(left, lanes), () => {
      f.scope(() => {
        const values = body.compute(0);
        body.store(values, 0);
        for (let lane = 0; lane < lanes; lane++) total.add(f.let(body.lane(values[value], lane)));
      });
      body.advance(1);
      f.advance(left, -lanes);
    });
    f.if(left, () =>
      f.scope(() => {
        const values = body.compute(0);
        body.store(values, 0, left);
        for (let lane = 0; lane < lanes - 1; lane++)
          f.if(i32.gtU(left, lane), () => total.add(body.lane(values[value], lane)));
      }),
    );
    const reduced = divisor === null ? total.value : ops.div(total.value, body.operandOutside(divisor));
    f.storeLane(bytes, result, reduced);
  };

  if (all) {
    f.set(left, i32.mul(rows, columns));
    f.set(inRow, columns);
    body.startRow();
    line();
    return;
  }
  f.while(rows, () => {
    body.startRow();
    f.set(left, columns);
    line();
    f.advance(result, bytes);
    body.nextRow();
    f.advance(rows, -1);
  });
}

/** Each column to one number: strips of columns, as many as fit into registers, down all rows. */
function emitColumns({ f, body, rows, columns, result, reduction, element }: ReductionParts): void {
  const { lanes, bytes, ops } = body.lanes;
  const { value, divisor } = reduction;
  const { start, step } = reductionOf(reduction.op, element);
  const from = f.local('i32');
  const left = f.local('i32');
  const block = f.local('i32');
  const totals = Array.from({ length: 4 }, () => f.local('v128'));
  const sums = Array.from({ length: 4 }, () => f.local('v128'));

  /** @param rest how many columns of the only vector count, where that is not all */
  const strip = (vectors: number, rest?: I32): void => {
    body.startRow(from);
    f.set(left, rows);
    for (let k = 0; k < vectors; k++) f.set(totals[k], start);
    f.while(left, () => {
      f.set(block, smaller(left, BLOCK_ROWS));
      f.set(left, i32.sub(left, block));
      for (let k = 0; k < vectors; k++) f.set(sums[k], start);
      f.while(block, () => {
        for (let k = 0; k < vectors; k++)
          f.scope(() => {
            const values = body.compute(k);
            body.store(values, k, rest);
            f.set(sums[k], step(f, sums[k], values[value]));
          });
        body.down();
        f.advance(block, -1);
      });
      f.scope(() => {
        for (let k = 0; k < vectors; k++) f.set(totals[k], step(f, totals[k], sums[k]));
      });
    });
    for (let k = 0; k < vectors; k++) {
      const reduced: V128 = divisor === null ? totals[k] : ops.div(totals[k], body.operandOutside(divisor));
      if (rest === undefined) f.store(result, reduced, k * 16);
      else storeLeft(f, bytes, result, reduced, rest);
    }
    f.advance(result, vectors * 16);
    f.advance(from, vectors * lanes);
    f.advance(columns, -vectors * lanes);
  };
  f.while(i32.geU(columns, 4 * lanes), () => strip(4));
  f.while(i32.geU(columns, lanes), () => strip(1));
  f.if(columns, () => strip(1, columns));
}
