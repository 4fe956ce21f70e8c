/** Kinds of completions: the numbers of the Language Server Protocol, the words of frontends. */

/** Indexed by CompletionItemKind (3.17). */
const WORDS = [
  'text',
  'text',
  'method',
  'function',
  'class',
  'property',
  'variable',
  'class',
  'interface',
  'module',
  'property',
  'unit',
  'value',
  'enum',
  'keyword',
  'snippet',
  'color',
  'file',
  'reference',
  'folder',
  'enum-member',
  'constant',
  'struct',
  'event',
  'operator',
  'type-parameter',
];

export const FUNCTION = 3;
export const VARIABLE = 6;
export const KEYWORD = 14;

export function kindWord(kind: number): string {
  return WORDS[kind] ?? 'text';
}

/** Kinds that only a type position takes. */
export function isTypeOnly(kind: string): boolean {
  return kind === 'interface' || kind === 'type';
}

/** Whether a name of this kind may stand where a type is expected. */
export function isType(kind: string): boolean {
  return isTypeOnly(kind) || ['class', 'enum', 'namespace', 'module', 'import'].includes(kind);
}

/** What a declaration in a cell is called. */
export function declaredWord(kind: string): string {
  return (
    { const: 'variable', let: 'variable', type: 'interface', namespace: 'module', import: 'module' }[kind] ??
    kind
  );
}
