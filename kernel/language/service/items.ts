/** Items of a completion as the Language Server Protocol has them, as far as they matter here. */
import { isObject } from './json.js';
import { isPlace, type Place } from './positions.js';

export interface Item {
  readonly label: string;
  readonly text: string;
  readonly kind: number;
  readonly sort: string;
  readonly detail: string;
  /** Where its edit begins: the line and the character; null: at the word. */
  readonly from: Place | null;
  /** The import that the name lacks, and how the module exports it; null: it is in scope. */
  readonly auto: { readonly module: string; readonly kind: number } | null;
}

/** Whether the answer would be the same when more is typed. */
export function isWholeList(answer: unknown): boolean {
  return isObject(answer) && answer.isIncomplete !== true;
}

/** Those of an answer about a document that has so many lines more before the cell than others. */
export function itemsOf(answer: unknown, moreLines = 0): Item[] {
  const list: unknown = isObject(answer) ? answer.items : answer;
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).map((item): Item => {
    const { label, kind, sortText, detail, insertText, textEdit, data } = item;
    const edit = isObject(textEdit) ? textEdit : null;
    const range = edit?.range ?? edit?.insert;
    const text = edit?.newText ?? insertText ?? label;
    const auto = isObject(data) && isObject(data.autoImport) ? data.autoImport : null;
    return {
      label: String(label),
      text: String(text).replace(/\?$/, ''),
      kind: Number(kind ?? 1),
      sort: typeof sortText === 'string' ? sortText : '15',
      detail: typeof detail === 'string' ? detail : '',
      from: isObject(range) && isPlace(range.start) ? above(range.start, moreLines) : null,
      auto: auto && { module: String(auto.moduleSpecifier), kind: Number(auto.importKind) },
    };
  });
}

function above({ line, character }: Place, lines: number): Place {
  return { line: Math.max(0, line - lines), character };
}
