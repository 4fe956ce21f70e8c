/** Parameters as a table for people. */
import type { DeclaredParameter } from './declared.js';
import { typeText, valueText } from './types.js';

/** A line a parameter: `name: type = value  what its comment says`. */
export function parametersTable(parameters: readonly DeclaredParameter[]): string[] {
  const lines = parameters.map(({ name, type, initial }) => {
    const value = initial === 'computed' ? ' = (computed)' : initial ? ` = ${valueText(initial.value)}` : '';
    return `${name}: ${typeText(type)}${value}`;
  });
  const width = Math.min(60, Math.max(0, ...lines.map(({ length }) => length)));
  return lines.map((line, index) => {
    const { comment } = parameters[index];
    return comment === undefined ? line : `${line.padEnd(width)}  ${comment}`;
  });
}
