export { checkLanguage, isScript, parseNotebook, readNotebook } from './read.js';
export { Shelf } from './shelf.js';
export { shelveOutputs } from './texts.js';
export { formatNotebook, saveNotebook } from './write.js';
export type * from './types.js';
