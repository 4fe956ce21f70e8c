/** A whole step as one WebAssembly function that calls the kernels with their arguments, most of them constants. */
import { ByteWriter } from '../kernels/assembler/bytes.js';
import { memoryIsShared, memoryPages, wasmMemory } from '../memory.js';
import type { ArgumentType, KernelFunction, RecordedKernel } from '../kernels/recording.js';

/** An argument: a number, or an address behind one that is given at the call. */
export type DriverArgument = number | { readonly parameter: number; readonly offset: number };

export type DriverStep =
  | { readonly kind: 'kernel'; readonly kernel: RecordedKernel; readonly args: readonly DriverArgument[] }
  /** A JavaScript function by number. */
  | { readonly kind: 'host'; readonly number: number }
  /** Writes an address into a table. */
  | { readonly kind: 'put'; readonly to: number; readonly value: DriverArgument }
  | { readonly kind: 'copy'; readonly from: number; readonly to: number; readonly bytes: number };

const TYPE_CODES: Readonly<Record<ArgumentType, number>> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** Compiles the steps; the result is called with as many addresses as there are parameters. */
export function compileDriver(
  steps: readonly DriverStep[],
  parameters: number,
  host: (number: number) => void,
): KernelFunction {
  const kernels = new Map<RecordedKernel, number>();
  for (const step of steps) {
    if (step.kind === 'kernel' && !kernels.has(step.kernel)) kernels.set(step.kernel, kernels.size);
  }
  const imports: Record<string, KernelFunction> = { host };
  for (const [{ run }, index] of kernels) imports[`k${index}`] = run;
  const code = new ByteWriter();
  for (const step of steps) emit(code, step, kernels);
  const binary = assemble(code, [...kernels.keys()], parameters);
  const module = new WebAssembly.Module(binary);
  const { exports } = new WebAssembly.Instance(module, { env: { memory: wasmMemory }, kernels: imports });
  const { run } = exports;
  if (typeof run !== 'function') throw new Error('compile: the step was not compiled');
  return run as KernelFunction;
}

function emit(code: ByteWriter, step: DriverStep, kernels: ReadonlyMap<RecordedKernel, number>): void {
  switch (step.kind) {
    case 'kernel':
      step.args.forEach((x, i) => {
        emitArgument(code, x, step.kernel.types[i]);
      });
      code.byte(0x10);
      code.unsigned(1 + (kernels.get(step.kernel) ?? 0));
      return;
    case 'host':
      constant(code, step.number);
      code.byte(0x10);
      code.unsigned(0);
      return;
    case 'put':
      constant(code, step.to);
      emitArgument(code, step.value, 'i32');
      code.append([0x36, 2, 0]);
      return;
    case 'copy':
      constant(code, step.to);
      constant(code, step.from);
      constant(code, step.bytes);
      code.append([0xfc, 10, 0, 0]);
  }
}

function emitArgument(code: ByteWriter, x: DriverArgument, type: ArgumentType): void {
  if (typeof x !== 'number') {
    code.byte(0x20);
    code.unsigned(x.parameter);
    if (x.offset === 0) return;
    constant(code, x.offset);
    code.byte(0x6a);
  } else if (type === 'f64') {
    code.byte(0x44);
    code.float64(x);
  } else if (type === 'f32') {
    code.byte(0x43);
    code.float32(x);
  } else constant(code, x);
}

function constant(code: ByteWriter, value: number): void {
  code.byte(0x41);
  code.signed(value);
}

function assemble(code: ByteWriter, kernels: readonly RecordedKernel[], parameters: number): Uint8Array {
  const out = new ByteWriter();
  out.append([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const section = (id: number, write: (inner: ByteWriter) => void): void => {
    out.byte(id);
    out.sized(write);
  };
  // The types: of the host's function, of the kernels, of the step itself.
  const types: (readonly ArgumentType[])[] = [
    ['i32'],
    ...kernels.map((kernel) => kernel.types),
    new Array<ArgumentType>(parameters).fill('i32'),
  ];
  section(1, (inner) => {
    inner.unsigned(types.length);
    for (const list of types) {
      inner.byte(0x60);
      inner.unsigned(list.length);
      inner.append(list.map((type) => TYPE_CODES[type]));
      inner.unsigned(0);
    }
  });
  section(2, (inner) => {
    inner.unsigned(2 + kernels.length);
    ['host', ...kernels.map((_, i) => `k${i}`)].forEach((name, type) => {
      inner.name('kernels');
      inner.name(name);
      inner.byte(0);
      inner.unsigned(type);
    });
    inner.name('env');
    inner.name('memory');
    inner.byte(2);
    inner.byte(memoryIsShared ? 3 : 1);
    inner.unsigned(memoryPages);
    inner.unsigned(memoryPages);
  });
  section(3, (inner) => {
    inner.unsigned(1);
    inner.unsigned(types.length - 1);
  });
  section(7, (inner) => {
    inner.unsigned(1);
    inner.name('run');
    inner.byte(0);
    inner.unsigned(1 + kernels.length);
  });
  section(10, (inner) => {
    inner.unsigned(1);
    inner.sized((body) => {
      body.unsigned(0);
      body.append(code.bytes);
      body.byte(0x0b);
    });
  });
  return Uint8Array.from(out.bytes);
}
