/** Threads that compute large operations together: README.md says how. */
export { LEAST_PARALLEL, perColumns, perElement, perGrid, perRow, type Effort, type Grid } from './flat.js';
export { helperChunks, job, jointly, parallel, settleThreads, type Axis } from './pool.js';
export { getNumThreads, setNumThreads, threadNotes } from './settings.js';
