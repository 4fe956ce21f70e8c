/** Programs of elementwise steps as one loop: every step is the code of its own kernel, so that results are the same. */
import type { FloatElement, ProgramFunction } from '../api.js';
import {
  ModuleBuilder,
  v128,
  type FunctionBuilder,
  type FunctionHandle,
  type V128,
} from '../assembler/index.js';
import type { Program, ProgramOperand, ProgramStep } from '../program.js';
import { describeKernel } from '../meaning.js';
import { vectors } from './formula.js';
import { floatLanes } from './lanes.js';
import { emitRow } from './map-code.js';
import { binaryCode, unaryCode } from './ops.js';

/** Steps that one more vector a turn makes faster: a few, most of few instructions. */
export const FEW_STEPS = 4;

const SIGNATURE = { out: 'i32', n: 'i32', a: 'i32', b: 'i32', c: 'i32', d: 'i32' } as const;

/** Null where a step has no vector code. */
export function compileProgram(program: Program, element: FloatElement): ProgramFunction | null {
  const lanes = floatLanes[element];
  const module = new ModuleBuilder();
  const emitters = program.steps.map((step, i) => emitterOf(step, element, module, `host${i}`));
  if (emitters.includes(null)) return null;
  module.define('run', SIGNATURE, (f, p) => {
    const pointers = [p.a, p.b, p.c, p.d].slice(0, program.moving.length);
    const compute = (inputs: readonly V128[]): V128 => {
      // Inputs are loads: read once, whatever uses them.
      const used = usedInputs(program);
      const values: V128[] = inputs.map((x, i) => (used.has(i) ? f.let(x) : x));
      const operand = (x: ProgramOperand): V128 =>
        typeof x === 'number' ? values[x] : lanes.ops.const(x.constant);
      program.steps.forEach(({ inputs: from }, i) => {
        values.push(f.let(emitters[i]!(f, from.map(operand))));
      });
      return values[program.result];
    };
    emitRow(
      f,
      {
        access: lanes,
        out: p.out,
        rows: p.n,
        columns: p.n,
        operands: [],
        unroll: program.steps.length <= FEW_STEPS ? 2 : 1,
        compute,
      },
      program.moving,
      { pointers, target: p.out, left: p.n },
    );
  });
  return describeKernel(module.compile().run, { kind: 'program', program, element });
}

function usedInputs({ steps, result }: Program): ReadonlySet<number> {
  const used = new Set([result]);
  for (const { inputs } of steps) for (const x of inputs) if (typeof x === 'number') used.add(x);
  return used;
}

/** The code of one step, given its inputs. */
export type Emitter = (f: FunctionBuilder, inputs: readonly V128[]) => V128;

/** Null where a step has no vector code. */
export function emitterOf(
  step: ProgramStep,
  element: FloatElement,
  module: ModuleBuilder,
  hostName: string,
): Emitter | null {
  const lanes = floatLanes[element];
  const { ops } = lanes;
  const imported = (host: ((...values: number[]) => number) | undefined): FunctionHandle | undefined =>
    host && module.import(hostName, host, host.length);
  switch (step.kind) {
    case 'unary': {
      const code = unaryCode(step.op, element);
      if (!code) return null;
      const host = imported(code.host);
      return (f, [x]) => code.compute(f, ops, x, host);
    }
    case 'binary': {
      const code = binaryCode(step.op, element);
      if (!code) return null;
      const host = imported(code.host);
      return (f, [a, b]) => code.compute(f, ops, a, b, host);
    }
    case 'compare':
      return (_, [a, b]) => ops[step.op](a, b);
    case 'logic':
      if (step.op === 'bitAnd') return (_, [a, b]) => v128.and(a, b);
      if (step.op === 'bitOr') return (_, [a, b]) => v128.or(a, b);
      return (_, [a, b]) => v128.xor(a, b);
    case 'not':
      return (_, [x]) => v128.not(x);
    case 'select':
      return (_, [mask, a, b]) => v128.select(a, b, mask);
    case 'number':
      return (_, [mask]) => v128.and(mask, ops.const(1));
    case 'formula': {
      const { rule, operands } = step.formula;
      return (f, values) => rule(vectors(f, lanes), values.slice(0, operands), values.slice(operands));
    }
  }
}
