/** Runs notebooks as scripts: `import { runNotebook } from 'nabla/run'`. */
export type { Difference } from './check/index.js';
export { ExitCode, RunError } from './exit.js';
export { parseNotebook, readNotebook, saveNotebook } from './notebook/index.js';
export type * from './notebook/types.js';
export type { OutputChange, OutputEvent } from './outputs.js';
export { parametersOf, type DeclaredParameter, type GivenParameters } from './parameters/index.js';
export type { RecordedValue } from './records.js';
export { junitReport, summaryOf, type RunSummary } from './report/index.js';
export type { RunningCell, RunReporter } from './reporter.js';
export type * from './options.js';
export { runNotebook } from './run.js';
