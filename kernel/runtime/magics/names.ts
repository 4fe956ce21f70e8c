/** `%who` and `%whos`: the names that cells have declared. */
import { inspect } from 'node:util';
import vm from 'node:vm';
import { cellNames } from '../scope.js';

export function who(): void {
  const names = cellNames().map(written);
  process.stdout.write(names.length === 0 ? 'Cells have declared no names.\n' : `${names.join('  ')}\n`);
}

export function whos(): void {
  const rows = cellNames().map((name): [string, string, string] => {
    const value = valueOf(name);
    return [written(name), typeName(value), preview(value)];
  });
  if (rows.length === 0) {
    who();
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
