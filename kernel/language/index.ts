export { cellHelpers } from './context.js';
export type * from './cell.js';
