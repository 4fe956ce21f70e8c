export { startSession } from './start.js';
export { createSession, type SessionOptions } from './create.js';
export type { CellCompiler } from './compile.js';
export type * from './session.js';
