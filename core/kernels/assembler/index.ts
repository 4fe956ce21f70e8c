/** A small WebAssembly assembler: typed expressions, functions with locals and loops, modules over the tensor memory. */
export * from './expressions.js';
export { callHost, FunctionBuilder, ModuleBuilder } from './module.js';
export type { FunctionHandle, Local, WasmFunction } from './module.js';
