/** Values given to parameters, checked against their declarations. */
import { ExitCode, RunError } from '../exit.js';
import { nearest } from '../nearest.js';
import type { DeclaredParameter } from './declared.js';
import { mismatch, typeText, type ParameterType } from './types.js';

/** Values of parameters by name, as they are or as text of a command line, which is read by the declared type. */
export interface GivenParameters {
  values?: Readonly<Record<string, unknown>>;
  /** These win over `values`. */
  texts?: Readonly<Record<string, string>>;
}

export interface SetParameter {
  parameter: DeclaredParameter;
  value: unknown;
}

/** Throws `RunError` (exit code 2) for an unknown name and for a value of a wrong type. */
export function checkParameters(
  declared: readonly DeclaredParameter[],
  given: GivenParameters,
): SetParameter[] {
  const byName = new Map(declared.map((parameter) => [parameter.name, parameter]));
  const set = new Map<string, SetParameter>();
  const find = (name: string): DeclaredParameter => byName.get(name) ?? unknownName(name, [...byName.keys()]);
  for (const [name, value] of Object.entries(given.values ?? {})) {
    const parameter = find(name);
    const wrong = isJson(value)
      ? mismatch(value, parameter.type, `parameter ${name}`)
      : `parameter ${name} must be a value that JSON can hold, or a number`;
    if (wrong !== undefined) throw new RunError(wrong, ExitCode.usage);
    set.set(name, { parameter, value });
  }
  for (const [name, text] of Object.entries(given.texts ?? {})) {
    const parameter = find(name);
    set.set(name, { parameter, value: readText(text, parameter) });
  }
  return [...set.values()];
}

function unknownName(name: string, known: readonly string[]): never {
  const near = nearest(name, known);
  const hint =
    near !== undefined
      ? `; did you mean ${near}?`
      : known.length === 0
        ? '; its cell tagged "parameters" declares none'
        : `; there are: ${known.join(', ')}`;
  throw new RunError(`the notebook has no parameter ${name}${hint}`, ExitCode.usage);
}

/**
 * A text of the command line as a value of the declared type: `5` is a number unless a string is asked for, lists
 * and objects are JSON, everything else is text.
 */
function readText(text: string, { name, type }: DeclaredParameter): unknown {
  const value = valueIn(text);
  const where = `parameter ${name}`;
  // A type that is not looked into takes what the text looks like.
  if (value !== undefined && typeof value !== 'string' && mismatch(value, type, where) === undefined)
    return value;
  if (mismatch(text, type, where) === undefined) return text;
  const inner = isContainer(type) ? (value ?? text) : text;
  const example =
    isContainer(type) && typeof inner === 'string' ? `, in JSON, such as ${exampleOf(type)}` : '';
  throw new RunError(`${mismatch(inner, type, where) ?? where}${example}`, ExitCode.usage);
}

const isContainer = ({ kind }: ParameterType): boolean =>
  kind === 'array' || kind === 'tuple' || kind === 'record' || kind === 'object';

/** A text as a number or JSON; undefined when it is neither. */
function valueIn(text: string): unknown {
  if (text.trim() !== '' && !Number.isNaN(Number(text))) return Number(text);
  if (text === 'NaN') return NaN;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function exampleOf(type: ParameterType): string {
  switch (type.kind) {
    case 'number':
      return '0.5';
    case 'boolean':
      return 'true';
    case 'string':
    case 'unknown':
      return '"text"';
    case 'array':
      return `[${exampleOf(type.item)}]`;
    case 'tuple':
      return `[${type.items.map(exampleOf).join(', ')}]`;
    case 'record':
      return `{"name": ${exampleOf(type.value)}}`;
    case 'object':
      return `{${[...type.fields].map(([name, field]) => `"${name}": ${exampleOf(field.type)}`).join(', ')}}`;
    case 'union':
      return exampleOf(type.types[0]);
    case 'literal':
      return typeText(type);
  }
}

function isJson(value: unknown): boolean {
  if (value === null || ['number', 'string', 'boolean'].includes(typeof value)) return true;
  return typeof value === 'object' && Object.values(value).every(isJson);
}
