/** Threads that compute large operations together: README.md says how. */
export { helpersFor, parallel, settleThreads, type Axis } from './pool.js';
export { getNumThreads, setNumThreads, threadNotes } from './settings.js';
