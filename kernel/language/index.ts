export { CellTransformer } from './transformer.js';
export { cellHelpers } from './context.js';
export { excerpt, displayWidth, type ExcerptOptions } from './excerpt.js';
export type * from './cell.js';
export { isComplete } from './complete.js';
