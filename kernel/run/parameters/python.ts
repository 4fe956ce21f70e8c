/** Parameters of notebooks in Python: what their cell assigns at the top level, and values as Python writes them. */
import type { DeclaredParameter } from './declared.js';
import { isRecord, type ParameterType } from './types.js';

/** `steps: int = 100  # how many` */
const ASSIGNMENT =
  /^([\p{L}_][\p{L}\d_]*)\s*(?::\s*([^=#]+?)\s*)?=(?!=)\s*((?:"[^"]*"|'[^']*'|[^#"'])*?)\s*(?:#\s*(.*))?$/u;

const TYPES = new Map<string, ParameterType>([
  ['int', { kind: 'number' }],
  ['float', { kind: 'number' }],
  ['str', { kind: 'string' }],
  ['bool', { kind: 'boolean' }],
]);

/** Other types are not looked into: any value is taken. */
export function pythonParameters(source: string): DeclaredParameter[] {
  return source.split('\n').flatMap((line) => {
    const found = ASSIGNMENT.exec(line.trimEnd());
    if (found === null) return [];
    const [, name, annotation, value = '', comment] = found as (string | undefined)[];
    if (name === undefined) return [];
    const initial = constant(value);
    const type = TYPES.get(annotation ?? (initial === undefined ? '' : nameOfType(initial.value)));
    return [
      {
        name,
        keyword: 'let' as const,
        type: type ?? { kind: 'unknown' as const },
        annotated: annotation !== undefined,
        initial: initial ?? ('computed' as const),
        ...(comment && { comment: comment.trim() }),
      },
    ];
  });
}

function constant(text: string): { value: unknown } | undefined {
  const word = { True: true, False: false, None: null }[text];
  if (word !== undefined) return { value: word };
  const quoted = /^(["'])([^\\]*)\1$/.exec(text)?.[2];
  if (quoted !== undefined) return { value: quoted };
  const number = Number(text.replaceAll('_', ''));
  return text !== '' && !Number.isNaN(number) ? { value: number } : undefined;
}

function nameOfType(value: unknown): string {
  if (typeof value === 'number') return 'float';
  return typeof value === 'string' ? 'str' : typeof value === 'boolean' ? 'bool' : '';
}

/** A JSON value, or a number that JSON has none for, as a Python expression. */
export function pythonLiteral(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number')
    return Number.isFinite(value)
      ? Object.is(value, -0)
        ? '-0.0'
        : String(value)
      : `float("${String(value)}")`;
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (isRecord(value)) {
    const fields = Object.entries(value).map(
      ([key, field]) => `${JSON.stringify(key)}: ${pythonLiteral(field)}`,
    );
    return `{${fields.join(', ')}}`;
  }
  return JSON.stringify(value);
}
