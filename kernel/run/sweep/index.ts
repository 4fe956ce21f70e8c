export { readSweep, type SweepSpec } from './spec.js';
export { bestLine, csvOf, summaryNotebook, tableOf, textTable } from './summary.js';
export { makeRunFolder, runSweep, type SweepResult, type SweepRow } from './sweep.js';
