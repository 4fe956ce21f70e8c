/** The types that parameters are declared with: what they print as, and which values they accept. */

export type ParameterType =
  | { kind: 'number' | 'string' | 'boolean' }
  /** A type that is not looked into: any value that JSON can hold. */
  | { kind: 'unknown' }
  | { kind: 'literal'; value: number | string | boolean | null }
  | { kind: 'array'; item: ParameterType }
  | { kind: 'tuple'; items: ParameterType[] }
  | { kind: 'record'; value: ParameterType }
  | { kind: 'object'; fields: Map<string, { type: ParameterType; optional: boolean }> }
  | { kind: 'union'; types: ParameterType[] };

/** The type as TypeScript writes it. */
export function typeText(type: ParameterType): string {
  switch (type.kind) {
    case 'literal':
      return JSON.stringify(type.value);
    case 'array':
      return type.item.kind === 'union' ? `(${typeText(type.item)})[]` : `${typeText(type.item)}[]`;
    case 'tuple':
      return `[${type.items.map(typeText).join(', ')}]`;
    case 'record':
      return `Record<string, ${typeText(type.value)}>`;
    case 'object': {
      const fields = [...type.fields].map(
        ([name, field]) => `${propertyName(name)}${field.optional ? '?' : ''}: ${typeText(field.type)}`,
      );
      return fields.length === 0 ? '{}' : `{ ${fields.join('; ')} }`;
    }
    case 'union':
      return type.types.map(typeText).join(' | ');
    default:
      return type.kind;
  }
}

const propertyName = (name: string): string =>
  /^[\p{L}_$][\p{L}\d_$]*$/u.test(name) ? name : JSON.stringify(name);

/** Whether part of the type is unknown, so that its text would lose something. */
export function hasUnknown(type: ParameterType): boolean {
  switch (type.kind) {
    case 'unknown':
      return true;
    case 'array':
      return hasUnknown(type.item);
    case 'tuple':
      return type.items.some(hasUnknown);
    case 'record':
      return hasUnknown(type.value);
    case 'object':
      return [...type.fields.values()].some((field) => hasUnknown(field.type));
    case 'union':
      return type.types.some(hasUnknown);
    default:
      return false;
  }
}

/** Why `value` is not of `type`, or undefined when it is; `where` names it in the answer. */
export function mismatch(value: unknown, type: ParameterType, where: string): string | undefined {
  const wrong = (): string => `${where} must be ${typeText(type)}, not ${valueText(value)}`;
  switch (type.kind) {
    case 'unknown':
      return undefined;
    case 'literal':
      return value === type.value ? undefined : wrong();
    case 'array': {
      if (!Array.isArray(value)) return wrong();
      return first(value, (item, index) => mismatch(item, type.item, `${where}[${index}]`));
    }
    case 'tuple': {
      if (!Array.isArray(value) || value.length !== type.items.length) return wrong();
      return first(type.items, (item, index) => mismatch(value[index], item, `${where}[${index}]`));
    }
    case 'record':
      if (!isRecord(value)) return wrong();
      return first(Object.entries(value), ([key, field]) => mismatch(field, type.value, `${where}.${key}`));
    case 'object': {
      if (!isRecord(value)) return wrong();
      const extra = Object.keys(value).find((key) => !type.fields.has(key));
      if (extra !== undefined) return `${where} has no field ${extra}: it is ${typeText(type)}`;
      return first([...type.fields], ([key, field]) => {
        if (key in value) return mismatch(value[key], field.type, `${where}.${key}`);
        return field.optional ? undefined : `${where}.${key} is missing: ${where} is ${typeText(type)}`;
      });
    }
    case 'union':
      return type.types.some((one) => mismatch(value, one, where) === undefined) ? undefined : wrong();
    default:
      return typeof value === type.kind ? undefined : wrong();
  }
}

function first<T>(
  items: readonly T[],
  look: (item: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = look(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as TypeScript writes it. */
export function valueText(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  // Only JSON values and numbers come here; `undefined` is what a tuple or an object lacks.
  return value === undefined ? 'undefined' : JSON.stringify(value);
}
