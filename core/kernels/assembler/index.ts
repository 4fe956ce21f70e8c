/** A small WebAssembly assembler: typed expressions, functions with locals and loops, modules over the tensor memory. */
export * from './expressions.js';
export { callHost, FunctionBuilder } from './function.js';
export type { FunctionHandle, Local } from './function.js';
export { ModuleBuilder } from './module.js';
export type { WasmFunction } from './module.js';
