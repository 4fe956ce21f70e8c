/** What the library exports, asked of the server as a completion in a document that imports from it. */
import { itemsOf, type Item } from './items.js';

export const LIBRARY_DOCUMENT = { name: 'nabla-cell-library.ts', text: "import {  } from 'nabla';" };

/** The parameters of the completion. */
export function libraryQuestion(uri: string): object {
  return { textDocument: { uri }, position: { line: 0, character: 9 }, context: { triggerKind: 1 } };
}

/** The names in its answer; `type` is a word of the language there. */
export function libraryItems(answer: unknown): Item[] {
  return itemsOf(answer).filter(
    ({ label }) => label !== 'type' && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(label),
  );
}
