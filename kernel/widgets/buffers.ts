/**
 * State as widgets send it: JSON, and apart from it the binary values, each with the path to its place in the JSON.
 * (ipywidgets' messaging protocol, version 2.)
 */

export type BufferPath = readonly (string | number)[];

export interface Packed {
  /** JSON. Without what is binary: null stands for it. */
  state: Record<string, unknown>;
  buffer_paths: BufferPath[];
  buffers: Uint8Array[];
}

/** Takes what is binary (an ArrayBuffer, a typed array, a DataView) out of `state`. */
export function pack(state: Readonly<Record<string, unknown>>): Packed {
  const buffer_paths: BufferPath[] = [];
  const buffers: Uint8Array[] = [];
  const visit = (value: unknown, path: BufferPath): unknown => {
    const bytes = bytesOf(value);
    if (bytes) {
      buffer_paths.push(path);
      buffers.push(bytes);
      return null;
    }
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    // A date or a class with toJSON is what JSON.stringify makes of it.
    if (!isPlainObject(value) || typeof value.toJSON === 'function') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, [...path, key])]));
  };
  const json = Object.fromEntries(Object.entries(state).map(([key, item]) => [key, visit(item, [key])]));
  return { state: json, buffer_paths, buffers };
}

/** The state again, its binary values as `Uint8Array`. Paths that lead nowhere are passed over. */
export function unpack(
  state: Readonly<Record<string, unknown>>,
  paths: unknown,
  buffers: readonly Uint8Array[],
): Record<string, unknown> {
  const whole = structuredClone(state) as Record<string, unknown>;
  if (!Array.isArray(paths)) return whole;
  for (const [index, path] of paths.entries())
    if (Array.isArray(path) && index < buffers.length) place(whole, path, buffers[index]);
  return whole;
}

function place(root: Record<string, unknown>, path: readonly unknown[], bytes: Uint8Array): void {
  let parent: unknown = root;
  for (const step of path.slice(0, -1)) parent = child(parent, step);
  const last = path.at(-1);
  if (Array.isArray(parent) && typeof last === 'number') parent[last] = bytes;
  else if (isPlainObject(parent) && typeof last === 'string') define(parent, last, bytes);
}

function child(parent: unknown, step: unknown): unknown {
  if (Array.isArray(parent) && typeof step === 'number') return parent[step];
  if (isPlainObject(parent) && typeof step === 'string' && Object.hasOwn(parent, step)) return parent[step];
  return undefined;
}

/** As an assignment, but `__proto__` is a name like any other. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer
    ? new Uint8Array(value)
    : undefined;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
