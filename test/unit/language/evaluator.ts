/** Runs compiled cells as the user process does, in a realm of their own and in process. */
import { createRequire } from 'node:module';
import vm from 'node:vm';
import { TraceMap, originalPositionFor } from '@jridgewell/trace-mapping';
import { CellTransformer } from '../../../kernel/language/index.js';
import { cellHelpers } from '../../../kernel/language/context.js';
import type {
  CellContext,
  CellSyntaxError,
  CompiledCell,
  SourcePosition,
} from '../../../kernel/language/cell.js';

type CellFunction = (context: CellContext) => unknown;

export class Evaluator {
  readonly transformer = new CellTransformer();
  readonly printed: unknown[] = [];
  private readonly realm: vm.Context;
  private readonly declared = new Set<string>();
  private count = 0;

  constructor(globals: Record<string, unknown> = {}) {
    this.realm = vm.createContext({
      print: (value: unknown) => this.printed.push(value),
      require: createRequire(import.meta.url),
      URL,
      setTimeout,
      ...globals,
    });
  }

  compile(code: string): CompiledCell {
    const cell = this.transformer.compile(code, { count: ++this.count, cwd: '/notebooks' });
    if (cell.kind === 'syntax-error') throw new CellError(cell);
    return cell;
  }

  /** The cell's result; undefined when it has none. */
  async run(code: string): Promise<unknown> {
    return await this.evaluate(this.compile(code));
  }

  /** Where in the cell's text the topmost frame of the error is that the cell ends with. */
  async failure(code: string): Promise<SourcePosition & { error: unknown }> {
    const cell = this.compile(code);
    try {
      await this.evaluate(cell);
    } catch (error) {
      return { ...position(cell, error), error };
    }
    throw new Error('the cell did not fail');
  }

  async evaluate(cell: CompiledCell): Promise<unknown> {
    const fresh = cell.declares.filter((name) => !this.declared.has(name));
    if (fresh.length > 0) vm.runInContext(`let ${fresh.join(', ')};`, this.realm);
    for (const name of fresh) this.declared.add(name);
    const context: CellContext = {
      ...cellHelpers,
      meta: { url: 'file:///notebooks/cell.ts' } as ImportMeta,
      importModule,
      dynamicImport: (specifier) => importModule(String(specifier)),
    };
    const script = new vm.Script(cell.js, {
      filename: cell.filename,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    const body = script.runInContext(this.realm) as CellFunction;
    const outcome: unknown = Reflect.apply(body, undefined, [context]);
    const boxed = cell.suspends ? await drive(outcome as Generator) : outcome;
    return (boxed as { value: unknown } | undefined)?.value;
  }
}

async function importModule(
  specifier: string,
  attributes?: Record<string, string>,
): Promise<Record<string, unknown>> {
  const module = (await import(specifier, attributes && { with: attributes })) as unknown;
  return module as Record<string, unknown>;
}

async function drive(cell: Generator): Promise<unknown> {
  let step = cell.next();
  while (!step.done) {
    let value: unknown;
    try {
      value = await step.value;
    } catch (error) {
      step = cell.throw(error);
      continue;
    }
    step = cell.next(value);
  }
  return step.value;
}

/** Position of the topmost frame of a cell in an error's stack, mapped into the cell's own text. */
export function position(cell: CompiledCell, error: unknown): SourcePosition {
  const stack = (error as { stack: string }).stack;
  const frame = stack.split('\n').find((line) => line.includes(`${cell.filename}:`));
  const [, line, column] = /:(\d+):(\d+)\)?$/.exec(frame ?? '') ?? [];
  const found = originalPositionFor(new TraceMap(cell.map), {
    line: Number(line),
    column: Number(column) - 1,
  });
  if (found.line === null) throw new Error(`unmapped: ${stack}`);
  return { line: found.line, column: found.column };
}

/** What `compile` throws in tests for a cell with a syntax error. */
export class CellError extends Error {
  constructor(readonly report: CellSyntaxError) {
    super(`${report.message} at ${report.position.line}:${report.position.column}`);
  }
}

/** Runs cells one after the other in a new session and gives the result of the last. */
export async function runCells(...cells: string[]): Promise<unknown> {
  const evaluator = new Evaluator();
  let result: unknown;
  for (const cell of cells) result = await evaluator.run(cell);
  return result;
}
