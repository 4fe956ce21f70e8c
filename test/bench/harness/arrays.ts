/** Arrays that contenders of all languages read: 4-byte elements one after another in a file. */
import { writeFileSync } from 'node:fs';

export interface ArrayData {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

export interface ArrayFile {
  readonly file: string;
  readonly arrays: Readonly<
    Record<string, { shape: readonly number[]; dtype: 'float32' | 'int32'; offset: number }>
  >;
}

export function writeArrays(file: string, arrays: Readonly<Record<string, ArrayData>>): ArrayFile {
  let offset = 0;
  const places: Record<string, ArrayFile['arrays'][string]> = {};
  const parts: Uint8Array[] = [];
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    places[name] = { shape, dtype: data instanceof Int32Array ? 'int32' : 'float32', offset };
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    offset += data.byteLength;
  }
  writeFileSync(file, Buffer.concat(parts));
  return { file, arrays: places };
}
