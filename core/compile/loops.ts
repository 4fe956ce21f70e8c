/** Loops as kernels: their tables, filled once as far as it is known where everything lies, and their calls. */
import { kernels } from '../kernels/index.js';
import { partOf } from '../kernels/meaning.js';
import { FusedTable, fusedTable, type FusedProgram } from '../kernels/program.js';
import { type RecordedKernel, recordedKernel } from '../kernels/recording.js';
import type { Axis } from '../kernels/threads/index.js';
import type { DriverArgument, DriverStep } from './driver.js';
import type { Argument, Loop } from './steps.js';

function programOf({ inputs, steps, outputs, reduction }: Loop): FusedProgram {
  return {
    inputs: inputs.map(({ moves, mask }) => ({ moves, mask })),
    numbers: 0,
    steps,
    outputs: outputs.map(({ value, mask }) => ({ value, mask })),
    reduction:
      reduction === null
        ? null
        : {
            op: reduction.op,
            over: reduction.over,
            value: reduction.value,
            divisor: reduction.divisor === null ? null : { constant: reduction.divisor },
          },
  };
}

/** Room for the table of a loop. */
export function tableBytes(loop: Loop): number {
  return Math.ceil(fusedTable.bytes(programOf(loop)) / 64) * 64;
}

/** Whether there is a kernel for a loop. */
export function canRun(loop: Loop): boolean {
  return kernels.fused(programOf(loop), loop.element) !== null;
}

const PART = ['i32', 'i32', 'i32', 'i32', 'i32'] as const;

/** A kernel, how it is called and divided among threads. */
export interface KernelCall {
  readonly kernel: RecordedKernel;
  readonly args: readonly DriverArgument[];
  readonly axes: readonly Axis[] | null;
}

/** A loop with its table at `ptr`: addresses that are given at each call are put there before it runs. */
export function lowerLoop(
  loop: Loop,
  ptr: number,
  lower: (x: Argument) => DriverArgument,
): { readonly puts: readonly DriverStep[]; readonly call: KernelCall } {
  const program = programOf(loop);
  const run = kernels.fused(program, loop.element);
  if (run === null) throw new Error('compile: a loop of known kernels could not be made');
  const table = new FusedTable(program, ptr);
  const puts: DriverStep[] = [];
  const place = (x: Argument, at: number): number => {
    const value = lower(x);
    if (typeof value === 'number') return value;
    puts.push({ kind: 'put', to: ptr + at, value });
    return 0;
  };
  const { rows, columns } = loop;
  table.size(rows, columns);
  loop.inputs.forEach(({ at, row }, i) => {
    table.input(i, place(at, fusedTable.input(i)), row);
  });
  const row = columns * (loop.element === 'float32' ? 4 : 8);
  loop.outputs.forEach(({ at, mask }, i) => {
    table.output(i, place(at, fusedTable.output(program, i)), mask ? columns : row);
  });
  if (loop.reduction !== null) table.result(place(loop.reduction.at, fusedTable.result(program)));
  const part = partOf(run);
  if (part === undefined) return { puts, call: { kernel: { run, types: ['i32'] }, args: [ptr], axes: null } };
  const kernel = recordedKernel(part.run) ?? { run: part.run, types: PART };
  return { puts, call: { kernel, args: [ptr, 0, rows, 0, columns], axes: part.axes(rows, columns) } };
}
