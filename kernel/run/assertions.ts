/** Claims about what a notebook recorded, such as `finalLoss < 0.1`: compared, never evaluated as code. */
import { ExitCode, RunError } from './exit.js';
import { nearest } from './nearest.js';
import type { RecordedValue } from './records.js';

type Operator = '<' | '<=' | '>' | '>=' | '==' | '!=';

export interface Assertion {
  text: string;
  /** The recorded value that it is about. */
  name: string;
  operator: Operator;
  /** A value, or the name of another recorded one. */
  right: { value: RecordedValue } | { name: string };
}

/** Reads `NAME OPERATOR VALUE`. Throws `RunError` (exit code 2) when the text is something else. */
export function parseAssertion(text: string): Assertion {
  const [, left = '', operator = '', right = ''] =
    /^([^<>=!]+?)\s*(<=|>=|[=!]==?|<|>)\s*([^<>=!]+)$/.exec(text.trim()) ?? [];
  const compared = OPERATORS.get(operator);
  if (compared === undefined)
    throw new RunError(
      `--assert '${text}': write NAME < VALUE, with one of < <= > >= == !=, and a number, true, false, "text" or another name as the value`,
      ExitCode.usage,
    );
  return { text, name: unquoted(left) ?? left, operator: compared, right: operand(right.trim()) };
}

const OPERATORS = new Map<string, Operator>([
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
  ['==', '=='],
  ['===', '=='],
  ['!=', '!='],
  ['!==', '!='],
]);

function operand(text: string): Assertion['right'] {
  if (!Number.isNaN(Number(text))) return { value: Number(text) };
  if (text === 'NaN') return { value: NaN };
  if (text === 'true' || text === 'false') return { value: text === 'true' };
  const quoted = unquoted(text);
  return quoted === undefined ? { name: text } : { value: quoted };
}

const unquoted = (text: string): string | undefined => /^(["'])(.*)\1$/.exec(text)?.[2];

/** Why the assertion does not hold, or undefined when it does. */
export function violation(
  { text, name, operator, right }: Assertion,
  records: ReadonlyMap<string, RecordedValue>,
): string | undefined {
  const names = 'name' in right ? [name, right.name] : [name];
  const missing = names.find((one) => !records.has(one));
  if (missing !== undefined) {
    const near = nearest(missing, records.keys());
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    return `${text}: the notebook recorded no ${missing}${hint}`;
  }
  const actual = records.get(name);
  const expected = 'name' in right ? records.get(right.name) : right.value;
  if (actual === undefined || expected === undefined || holds(actual, operator, expected)) return undefined;
  return `${text}: ${names.map((one) => `${one} is ${String(records.get(one))}`).join(', ')}`;
}

function holds(left: RecordedValue, operator: Operator, right: RecordedValue): boolean {
  const a = typeof right === 'number' ? asNumber(left) : left;
  const b = typeof a === 'number' ? asNumber(right) : right;
  if (operator === '==') return a === b;
  if (operator === '!=') return a !== b;
  // Only numbers are ordered; with NaN nothing holds.
  if (typeof a !== 'number' || typeof b !== 'number') return false;
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

/** JSON has no NaN and no infinities: they are recorded as text. */
const asNumber = (value: RecordedValue): RecordedValue =>
  typeof value === 'string' && ['NaN', 'Infinity', '-Infinity'].includes(value) ? Number(value) : value;
