export { junitReport } from './junit.js';
export { summaryOf, summaryOfFailure, type CellSummary, type Reported, type RunSummary } from './summary.js';
export { writeReport } from './write.js';
