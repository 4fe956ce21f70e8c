export { junitReport, type JUnitRun } from './junit.js';
export { summaryOf, summaryOfFailure, type CellSummary, type RunSummary } from './summary.js';
export { writeReport } from './write.js';
