export { checkLanguage, isScript, parseNotebook, readNotebook } from './read.js';
export { formatNotebook, saveNotebook } from './write.js';
export type * from './types.js';
