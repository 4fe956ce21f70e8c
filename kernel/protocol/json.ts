/**
 * JSON as it may go on the wire: what a person computes (NaN losses, BigInt, cyclic objects, broken Unicode) must
 * never make a frame that a client cannot read.
 */

/** A JSON object whose members have not been looked at yet. */
export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * `value` as JSON text. NaN and the infinities become null (JSON has no other place for them), a BigInt becomes a
 * number when it is a safe integer and a decimal string otherwise, a cycle becomes null and lone surrogates become
 * U+FFFD: Python clients can read those but cannot save them.
 */
export function toJson(value: object): string {
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    text = JSON.stringify(plain(value, new Set()));
  }
  // JSON.stringify escapes a surrogate only when it is alone.
  return /\\ud[89a-f]/i.test(text) ? JSON.stringify(plain(parse(text), new Set())) : text;
}

/** An object whose JSON text has been written already, in UTF-8: another thread did it. */
export class WrittenJson {
  constructor(readonly bytes: Uint8Array) {}
}

/** `value` as a frame. */
export function toFrame(value: object): string | Uint8Array {
  return value instanceof WrittenJson ? value.bytes : toJson(value);
}

/** A copy of `value` that JSON can hold. */
function plain(value: unknown, ancestors: Set<object>): unknown {
  if (typeof value === 'bigint') {
    return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(value)
      : value.toString();
  }
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value !== 'object' || value === null) return value;
  // Depth is bounded because the stack is: a client would not survive such a message either.
  if (ancestors.has(value) || ancestors.size > 500) return null;
  ancestors.add(value);
  const copy = Array.isArray(value)
    ? value.map((item) => plain(item, ancestors))
    : Object.fromEntries(
        Object.entries(value).map(([key, item]) => [wellFormed(key), plain(item, ancestors)]),
      );
  ancestors.delete(value);
  return copy;
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** JSON.parse, whose result is not to be trusted. */
export function parse(text: string): unknown {
  return JSON.parse(text);
}
