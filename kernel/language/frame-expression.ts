/** What a person types into a debugger, as JavaScript for a frame that stands still. */
import type { Identifier, Property } from 'acorn';
import { full } from 'acorn-walk';
import { translateCell } from './typescript.js';

/**
 * TypeScript becomes JavaScript, and names that the script scope holds under other ones (`URL`) become those: `nameOf`.
 * Throws a SyntaxError for what is no TypeScript.
 */
export function frameExpression(text: string, nameOf: (name: string) => string): string {
  const translation = translateCell(text);
  if ('fault' in translation) throw new SyntaxError(translation.fault.message);
  const { js, program } = translation.ok;
  const [only] = program.body;
  const isOne = program.body.length === 1 && only.type === 'ExpressionStatement';
  const [from, to] = isOne ? [only.expression.start, only.expression.end] : [0, js.length];

  const names = new Map<number, Identifier>();
  const shorthands = new Set<number>();
  const others = new Set<number>();
  full(program, (node) => {
    if (node.type === 'Identifier') names.set(node.start, node);
    if (node.type === 'Property') {
      const property = node as Property;
      if (property.shorthand) shorthands.add(property.start);
      else if (!property.computed) others.add(property.key.start);
    }
    if (node.type === 'MemberExpression' && 'computed' in node && !node.computed) {
      const { property } = node as unknown as { property: Identifier };
      others.add(property.start);
    }
  });
  let result = '';
  let at = from;
  for (const { start, end, name } of [...names.values()].sort((a, b) => a.start - b.start)) {
    const target = nameOf(name);
    if (target === name || others.has(start) || start < from || end > to) continue;
    result += js.slice(at, start) + (shorthands.has(start) ? `${name}: ${target}` : target);
    at = end;
  }
  result += js.slice(at, to);
  return isOne ? `(${result})` : result;
}
