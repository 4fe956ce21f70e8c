/** Threads that compute large operations together: README.md says how. */
export { lendProcessor } from './balance.js';
export {
  columnAxes,
  gridAxes,
  LEAST_PARALLEL,
  perColumns,
  perElement,
  perGrid,
  perRow,
  rowAxes,
  type Effort,
  type Grid,
} from './flat.js';
export {
  helperChunks,
  job,
  jointly,
  parallel,
  prepared,
  restHelpers,
  settleThreads,
  type Axis,
} from './pool.js';
export { getNumThreads, setNumThreads, threadNotes } from './settings.js';
export { asWord, inParts } from './alone.js';
export { noteLibrary } from './shared-functions.js';
export type { LibraryFunction } from './helper.js';
