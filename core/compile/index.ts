/** Steps that are traced once and replayed. */
export { compile, type Compiled, type CompileOptions } from './compile.js';
export type { GraphStatistics } from './graph.js';
export type { CompileStatistics } from './statistics.js';
