export { type RunHistogram } from './event.js';
export { listRuns, readRun, readRuns, type Logged, type LoggedRun } from './reader.js';
export { SummaryWriter, type ScalarValue, type SummaryWriterOptions } from './writer.js';
