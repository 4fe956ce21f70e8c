/** Computes expressions: as one kernel where that was worth compiling, else step by step. */
import type { FloatElement, FusedFunction, FusedProgram, ReduceOp } from '../../kernels/api.js';
import { kernels } from '../../kernels/index.js';
import {
  FusedTable,
  type FusedReduction,
  MAX_FUSED_PLACES,
  type ProgramStep,
  WHOLE_TURN,
} from '../../kernels/program.js';
import { getNumThreads, perGrid } from '../../kernels/threads/index.js';
import { elementBytes } from '../../kernels/views.js';
import { Storage } from '../../storage.js';
import { storeElement } from '../operand.js';
import { type Part, type Value, WHOLE } from './value.js';

/** A reduction at the end of an expression; see `FusedReduction`. */
export interface Ending {
  readonly op: ReduceOp;
  readonly over: FusedReduction['over'];
  /** For 'columns' and 'rows': how many columns there are. */
  readonly columns: number;
  readonly out: Storage;
}

/** Elements times steps that an expression of one structure must have had before it is compiled, which takes 0.1 ms. */
export const compiling = { after: 2 ** 20 };
/** Structures that are remembered. */
const MOST_KNOWN = 512;

interface Known {
  worth: number;
  /** False as long as it is not compiled. */
  run: FusedFunction | null | false;
}

const known = new Map<string, Known>();

/** Counts, for tests. */
export const evaluations = { fused: 0, alone: 0, reduced: 0 };

const MOST_SLOTS = 3 + MAX_FUSED_PLACES + 32;
const table = Storage.allocate(MOST_SLOTS * 8, 'deferred');
const numberSlots = Storage.allocate(16, 'deferred');

/** An expression, written down: what its kernel is called with, and by what it is known. */
interface Written {
  readonly inputs: readonly Part[];
  readonly numbers: readonly number[];
  readonly steps: readonly Value[];
  readonly key: string;
}

// Which kind of thing an operand refers to, in the key of an expression.
const INPUT = 0x1000;
const NUMBER = 0x2000;
const STEP = 0x3000;

let lastMark = 0;

function write(root: Value, ending: Ending | null): Written {
  const inputs: Part[] = [];
  const numbers: number[] = [];
  const steps: Value[] = [];
  const mark = ++lastMark;
  let key = `${root.element}${ending === null ? '' : ` ${ending.op} ${ending.over}`} `;
  const inputOf = (part: Part): number => {
    for (let i = 0; i < inputs.length; i++) {
      const other = inputs[i];
      if (
        other.value === part.value &&
        other.offset === part.offset &&
        other.row === part.row &&
        other.moves === part.moves
      )
        return i;
    }
    return inputs.push(part) - 1;
  };
  const visit = (value: Value): void => {
    value.mark = mark;
    for (const { value: from } of value.parts)
      if (from !== null && from.step !== null && from.mark !== mark) visit(from);
    key += String.fromCharCode(value.step!.id);
    for (const part of value.parts) {
      const from = part.value;
      if (from === null) key += String.fromCharCode(NUMBER + numbers.push(part.number));
      else if (from.step === null) key += String.fromCharCode(INPUT + inputOf(part));
      else key += String.fromCharCode(STEP + from.place);
    }
    value.place = steps.push(value) - 1;
    if (isStored(value, root, ending)) key += '!';
  };
  visit(root);
  for (const { moves } of inputs) key += moves ? 'm' : 'f';
  return { inputs, numbers, steps, key };
}

function isStored(value: Value, root: Value, ending: Ending | null): boolean {
  if (value.storage === null) return false;
  return value === root && ending === null ? true : value.kept || value.step!.dear;
}

/** Stores the elements of an expression. */
export function evaluate(root: Value): void {
  if (root.weight === 1) {
    computeAlone(root);
    return;
  }
  const written = write(root, null);
  const run = written.steps.length === 1 ? null : kernelFor(written, root, null);
  if (run === null) {
    for (const value of written.steps) computeAlone(value);
    return;
  }
  execute(run, written, root, null);
  evaluations.fused++;
}

/** Reduces an expression without storing it; false where that would not pay, or cannot be. */
export function evaluateReduced(root: Value, ending: Ending): boolean {
  const { columns } = root;
  if (ending.over === 'all') {
    if (columns % WHOLE_TURN !== 0) return false;
  } else if (columns !== 0 && columns !== ending.columns) return false;
  const written = write(root, ending);
  // A sum of everything is one thread's work; what takes long is divided, and summed afterwards.
  if (ending.over === 'all' && getNumThreads() > 1 && written.steps.some(({ step }) => step!.dear))
    return false;
  const run = kernelFor(written, root, ending);
  if (run === null) return false;
  execute(run, written, root, ending);
  evaluations.reduced++;
  return true;
}

/** Null where it does not pay to compile one yet. */
function kernelFor(written: Written, root: Value, ending: Ending | null): FusedFunction | null {
  const { key, steps } = written;
  let entry = known.get(key);
  if (entry === undefined) {
    if (known.size >= MOST_KNOWN) {
      const [oldest] = known.keys();
      known.delete(oldest);
    }
    known.set(key, (entry = { worth: 0, run: false }));
  }
  if (entry.run !== false) return entry.run;
  entry.worth += root.size * (steps.length + (ending === null ? 0 : 1));
  // What has given its memory back can be computed as part of a kernel only.
  const mustFuse = ending === null && steps.some(({ storage }) => storage === null);
  if (entry.worth < compiling.after && !mustFuse) return null;
  return (entry.run = kernels.fused(programOf(written, root, ending), root.element));
}

function programOf({ inputs, numbers, steps }: Written, root: Value, ending: Ending | null): FusedProgram {
  const first = inputs.length + numbers.length;
  const program: ProgramStep[] = [];
  /** The number of each expression's result. */
  const results: number[] = [];
  let nextNumber = inputs.length;
  const operand = (part: Part): number => {
    if (part.value === null) return nextNumber++;
    if (part.value.step !== null) return results[part.value.place];
    return inputs.findIndex(
      ({ value, offset, row, moves }) =>
        value === part.value && offset === part.offset && row === part.row && moves === part.moves,
    );
  };
  for (const { step, parts } of steps) {
    const given = parts.map(operand);
    program.push({ ...step!.work, inputs: given });
    results.push(first + program.length - 1);
  }
  return {
    inputs: inputs.map(({ moves }) => ({ moves, mask: false })),
    numbers: numbers.length,
    steps: program,
    outputs: steps.flatMap((value, i) =>
      isStored(value, root, ending) ? [{ value: results[i], mask: false }] : [],
    ),
    reduction:
      ending === null
        ? null
        : { op: ending.op, over: ending.over, value: results[steps.length - 1], divisor: null },
  };
}

function execute(run: FusedFunction, written: Written, root: Value, ending: Ending | null): void {
  const { inputs, numbers, steps } = written;
  const bytes = elementBytes[root.element];
  const columns = ending !== null && ending.over !== 'all' ? ending.columns : root.columns || root.size;
  const outputs = steps.filter((value) => isStored(value, root, ending));
  const shape = { inputs, outputs, numbers: numbers.length };
  const places = new FusedTable(shape, table.ptr);
  places.size(root.size / columns, columns);
  inputs.forEach(({ value, offset, row }, i) => {
    places.input(i, value!.storage!.ptr + offset * bytes, (row === WHOLE ? columns : row) * bytes);
  });
  outputs.forEach(({ storage }, i) => {
    places.output(i, storage!.address, columns * bytes);
  });
  numbers.forEach((value, i) => {
    places.number(i, value);
  });
  if (ending !== null) places.result(ending.out.ptr);
  run(table.ptr);
  for (const value of outputs) value.computed();
}

/** One step by its own kernel; what it is computed from is there. */
function computeAlone(value: Value): void {
  const { element, size, parts, columns } = value;
  const { work } = value.step!;
  const out = (value.storage ??= Storage.allocate(size * elementBytes[element], 'deferred')).address;
  const bytes = elementBytes[element];
  const address = (part: Part, slot: number): number => partAddress(part, element, slot);
  const rowOf = ({ row }: Part): number => (row === WHOLE ? columns : row) * bytes;
  const effort = value.step!.dear ? 'dear' : 'cheap';
  if (work.kind === 'unary') {
    const [x] = parts;
    // The function first, so that it is there when the kernel is called.
    const run = kernels.unaryFunction(work.op, element);
    const from = address(x, 0);
    const row = rowOf(x);
    if (columns === 0) kernels.unaryFlat(work.op, element, size, from, out);
    else
      perGrid(
        run,
        [from, out, size / columns, columns, row],
        {
          rows: 2,
          columns: 3,
          rowSteps: [row, columns * bytes, 0, 0, 0],
          columnSteps: [bytes, bytes, 0, 0, 0],
        },
        effort,
      );
  } else {
    const [a, b] = parts;
    const [x, y] = [address(a, 0), address(b, 1)];
    const [aRow, bRow] = [rowOf(a), rowOf(b)];
    const [aStep, bStep] = [a.moves ? 1 : 0, b.moves ? 1 : 0] as const;
    const run = kernels.binaryFunction(work.op, element);
    if (columns === 0) kernels.binaryFlat(work.op, element, size, x, y, out, aStep, bStep);
    else
      perGrid(
        run,
        [x, y, out, size / columns, columns, aRow, bRow, aStep, bStep],
        {
          rows: 3,
          columns: 4,
          rowSteps: [aRow, bRow, columns * bytes, 0, 0, 0, 0, 0, 0],
          columnSteps: [aStep * bytes, bStep * bytes, bytes, 0, 0, 0, 0, 0, 0],
        },
        effort,
      );
  }
  value.computed();
  evaluations.alone++;
}

function partAddress({ value, number, offset }: Part, element: FloatElement, slot: number): number {
  if (value !== null) return value.storage!.ptr + offset * elementBytes[element];
  const at = numberSlots.ptr + slot * 8;
  storeElement(element, at, number);
  return at;
}
