export { DEFAULT_TOLERANCE, differences, storedOutputs, UNCHECKED_TAGS, type Difference } from './check.js';
export { textDifference } from './text.js';
