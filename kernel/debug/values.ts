/** Values in words: one line for a list of variables, and the name of their type. Runs no code of theirs. */
import { inspect } from 'node:util';
import type { Runtime } from 'node:inspector';
import type { RemoteObject } from './cdp.js';

const LONGEST = 10_000;
const LONGEST_FUNCTION = 80;

type Preview = Runtime.ObjectPreview;
type PropertyPreview = Runtime.PropertyPreview;

/** How a client names types. JupyterLab shows a variable's type in place of its value, but for four of Python's types. */
export type Naming = 'typescript' | 'jupyterlab';

/** `summary` is what our own code says of a tensor. */
export function valueText(value: RemoteObject, summary: string | null = null): string {
  if (summary !== null) return `${value.className ?? 'Tensor'} ${summary.replaceAll('\n', ' · ')}`;
  switch (value.type) {
    case 'string':
      return inspect(String(value.value).slice(0, LONGEST));
    case 'function':
      return functionText(value.description ?? '');
    case 'object':
      return value.subtype === 'null' ? 'null' : objectText(value);
    case 'undefined':
      return 'undefined';
    default:
      return value.unserializableValue ?? value.description ?? String(value.value);
  }
}

export function typeName(
  value: RemoteObject,
  naming: Naming,
  summary: string | null = null,
): string | undefined {
  const kind = value.type === 'object' ? value.subtype : value.type;
  if (kind === 'null' || kind === 'undefined') return naming === 'jupyterlab' ? undefined : kind;
  if (value.type === 'object') return objectType(value, summary);
  if (naming === 'typescript' || value.type === 'function') return value.type;
  if (value.type === 'number') return Number.isInteger(value.value) ? 'int' : 'float';
  if (value.type === 'string') return 'str';
  return value.type === 'boolean' ? 'bool' : undefined;
}

function objectType({ className, description, subtype }: RemoteObject, summary: string | null): string {
  const name = className ?? 'Object';
  if (summary !== null) {
    const [, shape = '', dtype = ''] = /^shape (\[[^\]]*\]), (\w+)/.exec(summary) ?? [];
    return `${name} ${shape} ${dtype}`.trim();
  }
  // `Array(3)`, `Map(2)`: how much there is in it.
  return subtype !== undefined && /^[\w$]+\(\d+\)$/.test(description ?? '') ? String(description) : name;
}

/** `ƒ name(a, b)`, `(a) => …`, `class A extends B`. */
function functionText(source: string): string {
  const arrow = /^(?:async\s*)?(?:\([^)]*\)|[\w$]+)\s*=>/.exec(source)?.[0];
  const head = /^((?:async\s+)?)(?:function\b)?\s*(\*?\s*[^\s(]*)\s*(\([^)]*\))/.exec(source);
  const text = source.startsWith('class')
    ? source.replace(/\{[^]*$/, '').trim()
    : arrow !== undefined
      ? `${arrow.replace(/\s*=>$/, ' =>')} …`
      : head
        ? `${head[1]}ƒ ${head[2]}${head[3]}`
        : source;
  const line = text.replace(/\s+/g, ' ');
  return line.length > LONGEST_FUNCTION ? `${line.slice(0, LONGEST_FUNCTION)}…` : line;
}

function objectText({ description = 'Object', preview, subtype }: RemoteObject): string {
  // What they are is said by the description alone.
  if (subtype === 'regexp' || subtype === 'date') return description;
  if (subtype === 'error') return description.split('\n    at ')[0];
  if (!preview) return description;
  return previewText(preview);
}

function previewText({ description = '', subtype, properties, entries, overflow }: Preview): string {
  const more = overflow ? ['…'] : [];
  if (subtype === 'array' || subtype === 'typedarray') {
    const items = properties.map((each) => (/^\d+$/.test(each.name) ? partText(each) : namedPart(each)));
    const list = `[${[...items, ...more].join(', ')}]`;
    return /^Array\(\d+\)$/.test(description) ? list : `${description} ${list}`;
  }
  if (entries) {
    const parts = entries.map(({ key, value }) =>
      key ? `${innerText(key)} => ${innerText(value)}` : innerText(value),
    );
    return `${description} {${[...parts, ...more].join(', ')}}`;
  }
  const body = `{${[...properties.map(namedPart), ...more].join(', ')}}`;
  return description === 'Object' ? body : `${description} ${body}`;
}

function namedPart(property: PropertyPreview): string {
  return `${property.name}: ${partText(property)}`;
}

function partText({ type, value, subtype }: PropertyPreview): string {
  // A getter is not called.
  if (type === 'accessor') return '(…)';
  if (type === 'function') return 'ƒ';
  if (type === 'string') return inspect(value ?? '');
  if (value === 'Object' && subtype === undefined) return '{…}';
  return value ?? type;
}

function innerText({ type, description, subtype, preview }: Preview & { preview?: Preview }): string {
  if (type === 'string') return inspect(description ?? '');
  if (preview) return previewText(preview);
  return subtype === 'null' ? 'null' : description === 'Object' ? '{…}' : (description ?? type);
}

/** The number in `Array(1000)`; 0 where there is none. */
export function sizeOf({ description, subtype }: RemoteObject): number {
  if (!/^(array|typedarray|map|set)$/.test(subtype ?? '')) return 0;
  return Number(/\((\d+)\)$/.exec(description ?? '')?.[1] ?? 0);
}
