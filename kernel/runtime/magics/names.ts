/** `%who` and `%whos`: the names that cells have declared. */
import { inspect } from 'node:util';
import vm from 'node:vm';
import { cellNames } from '../scope.js';

/** @param types names of types, of which only such names are listed; empty: all are */
export function who(types: string): void {
  const names = declared(types).map(({ name }) => name);
  process.stdout.write(names.length === 0 ? `${NOTHING(types)}\n` : `${names.join('  ')}\n`);
}

export function whos(types: string): void {
  const rows = declared(types).map(({ name, type, value }): [string, string, string] => [
    name,
    type,
    preview(value),
  ]);
  if (rows.length === 0) {
    who(types);
    return;
  }
  rows.unshift(['name', 'type', 'value']);
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length));
  const [first, second] = [width(0), width(1)];
  const lines = rows.map(([name, type, value]) =>
    `${name.padEnd(first)}  ${type.padEnd(second)}  ${value}`.trimEnd(),
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}

const NOTHING = (types: string): string =>
  types === '' ? 'Cells have declared no names.' : `Cells have declared no names of the type ${types}.`;

interface Declared {
  readonly name: string;
  readonly type: string;
  readonly value: unknown;
}

function declared(types: string): Declared[] {
  const wanted = new Set(
    types
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((type) => type !== ''),
  );
  return cellNames()
    .map((name): Declared => {
      const value = valueOf(name);
      return { name: written(name), type: typeName(value), value };
    })
    .filter(
      ({ type, value }) =>
        wanted.size === 0 ||
        [/^\w*/.exec(type)![0], typeof value].some((each) => wanted.has(each.toLowerCase())),
    );
}

/** The name as cells write it: one that a global has lies under another. */
function written(name: string): string {
  return name.replace(/\$cell$/, '');
}

function valueOf(name: string): unknown {
  return new vm.Script(name, { filename: 'nabla:scope' }).runInThisContext() as unknown;
}

function typeName(value: unknown): string {
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'string') return `string(${value.length})`;
    const isClass = typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
    return isClass ? 'class' : value === null ? 'null' : typeof value;
  }
  const constructor: unknown = Reflect.get(value, 'constructor');
  const name = typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'Object';
  if ('shape' in value && 'dtype' in value && Array.isArray(value.shape))
    return `${name} [${value.shape.join(', ')}] ${String(value.dtype)}`;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return `${name}(${lengthOf(value)})`;
  return value instanceof Map || value instanceof Set ? `${name}(${value.size})` : name;
}

function lengthOf(value: object): string {
  return 'length' in value ? String(value.length) : 'byteLength' in value ? String(value.byteLength) : '';
}

const LONGEST = 60;

function preview(value: unknown): string {
  if (typeof value === 'function') return '';
  if (typeof value === 'object' && value !== null && 'shape' in value && 'dtype' in value) return '';
  const text = inspect(value, {
    depth: 1,
    maxArrayLength: 8,
    maxStringLength: LONGEST,
    breakLength: Infinity,
  });
  const line = text.replace(/\s+/g, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
