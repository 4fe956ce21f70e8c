/** Fused programs in plain JavaScript: element by element, each step rounded to the type of the elements. */
import type { FloatElement, Ptr } from '../api.js';
import {
  fusedTable,
  type FusedFunction,
  type FusedProgram,
  type ProgramOperand,
  type ProgramStep,
} from '../program.js';
import { elementBytes, views } from '../views.js';
import { binaryFunctions, compareFunctions } from './binary.js';
import { numbers as algebra } from './formula.js';
import { reductions } from './reduce.js';
import { unaryFunctions } from './unary.js';
import { f64, i32, u8 } from '../../memory.js';

/** Masks are 1 and 0. */
function valueOf(step: ProgramStep, x: readonly number[]): number {
  switch (step.kind) {
    case 'unary':
      return unaryFunctions[step.op](x[0]);
    case 'binary':
      return binaryFunctions[step.op](x[0], x[1]);
    case 'compare':
      return compareFunctions[step.op](x[0], x[1]) ? 1 : 0;
    case 'logic':
      return binaryFunctions[step.op](x[0], x[1]);
    case 'not':
      return 1 - x[0];
    case 'select':
      return x[0] === 1 ? x[1] : x[2];
    case 'number':
      return x[0];
    case 'formula': {
      const { rule, operands } = step.formula;
      return rule(algebra, x.slice(0, operands), x.slice(operands));
    }
  }
}

interface Place {
  readonly ptr: number;
  readonly row: number;
}

function placeAt(address: number): Place {
  return { ptr: i32[address >>> 2] >>> 0, row: i32[(address >>> 2) + 1] };
}

function interpret(program: FusedProgram, element: FloatElement, table: Ptr): void {
  const array = views[element];
  const bytes = elementBytes[element];
  const round = (x: number): number => (element === 'float32' ? Math.fround(x) : x);
  const rows = i32[(table + fusedTable.rows) >>> 2];
  const columns = i32[(table + fusedTable.columns) >>> 2];
  const inputs = program.inputs.map((_, i) => placeAt(table + fusedTable.input(i)));
  const outputs = program.outputs.map((_, i) => placeAt(table + fusedTable.output(program, i)));
  const numbers = Array.from({ length: program.numbers }, (_, i) =>
    round(f64[(table + fusedTable.number(program, i)) / 8]),
  );
  const { reduction } = program;
  const over = reduction?.over;
  const accumulator = reduction === null ? null : reductions[reduction.op];
  const totals = new Array<number>(over === 'all' ? 1 : over === 'rows' ? columns : rows).fill(
    accumulator?.start ?? 0,
  );
  const operandOf =
    (values: readonly number[]) =>
    (x: ProgramOperand): number =>
      typeof x === 'number' ? values[x] : round(x.constant);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const values = program.inputs.map(({ moves, mask }, i) => {
        const at = inputs[i].ptr + r * inputs[i].row;
        return mask ? u8[at + (moves ? c : 0)] : array[at / bytes + (moves ? c : 0)];
      });
      values.push(...numbers);
      for (const step of program.steps) values.push(round(valueOf(step, step.inputs.map(operandOf(values)))));
      program.outputs.forEach(({ value, mask }, i) => {
        const at = outputs[i].ptr + r * outputs[i].row;
        if (mask) u8[at + c] = values[value];
        else array[at / bytes + c] = values[value];
      });
      if (reduction === null || accumulator === null) continue;
      const to = over === 'all' ? 0 : over === 'rows' ? c : r;
      totals[to] = accumulator.step(totals[to], values[reduction.value]);
    }
  if (reduction === null) return;
  const { divisor } = reduction;
  const all = [...program.inputs.map(() => 0), ...numbers];
  const result = placeAt(table + fusedTable.result(program)).ptr / bytes;
  totals.forEach((total, i) => {
    array[result + i] = divisor === null ? total : round(total) / operandOf(all)(divisor);
  });
}

export function fused(program: FusedProgram, element: FloatElement): FusedFunction {
  return (table) => {
    interpret(program, element, table);
  };
}
