export { type RunHistogram, type RunImage } from './event.js';
export { listRuns, readRun, readRuns, type Logged, type LoggedRun, type TagFilter } from './reader.js';
export { type RunSettings } from './settings.js';
export { SummaryWriter, type ScalarValue, type SummaryWriterOptions } from './writer.js';
