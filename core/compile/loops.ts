/** Loops as kernels: their tables, filled once as far as it is known where everything lies, and their calls. */
import { kernels } from '../kernels/index.js';
import { FusedTable, fusedTable, type FusedProgram } from '../kernels/program.js';
import type { DriverArgument, DriverStep } from './driver.js';
import type { Argument, Loop } from './steps.js';

function programOf({ inputs, steps, outputs }: Loop): FusedProgram {
  return {
    inputs: inputs.map(({ moves }) => ({ moves, mask: false })),
    numbers: 0,
    steps,
    outputs: outputs.map(({ value }) => ({ value, mask: false })),
    reduction: null,
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

/** A loop with its table at `ptr`: addresses that are given at each call are put there before it runs. */
export function lowerLoop(loop: Loop, ptr: number, lower: (x: Argument) => DriverArgument): DriverStep[] {
  const program = programOf(loop);
  const run = kernels.fused(program, loop.element);
  if (run === null) throw new Error('compile: a loop of known kernels could not be made');
  const table = new FusedTable(program, ptr);
  const out: DriverStep[] = [];
  const place = (x: Argument, at: number): number => {
    const value = lower(x);
    if (typeof value === 'number') return value;
    out.push({ kind: 'put', to: ptr + at, value });
    return 0;
  };
  table.size(loop.rows, loop.columns);
  loop.inputs.forEach(({ at, row }, i) => {
    table.input(i, place(at, fusedTable.input(i)), row);
  });
  const row = loop.columns * (loop.element === 'float32' ? 4 : 8);
  loop.outputs.forEach(({ at }, i) => {
    table.output(i, place(at, fusedTable.output(program, i)), row);
  });
  out.push({ kind: 'kernel', kernel: { run, types: ['i32'] }, args: [ptr] });
  return out;
}
