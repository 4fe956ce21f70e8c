/** JSON as configuration files have it: with comments, and with commas after the last element. */
import { parseExpressionAt, type Expression, type Property, type SpreadElement } from 'acorn';

export interface JsonFault {
  readonly message: string;
  /** Where in the text. */
  readonly offset: number;
}

/** The value of a text; an empty one is an empty object, as TypeScript has it. */
export function parseJsonc(text: string): { readonly value: unknown } | { readonly fault: JsonFault } {
  const source = text.replace(/^\ufeff/, ' ');
  if (/^(?:\s|\/\/.*|\/\*(?:[^*]|\*(?!\/))*\*\/)*$/.test(source)) return { value: {} };
  try {
    const expression = parseExpressionAt(source, 0, { ecmaVersion: 'latest' });
    const rest = source.slice(expression.end).replace(/\/\/.*|\/\*[^]*?\*\//g, '');
    if (rest.trim() !== '')
      throw new JsonError('expected the end of the file', expression.end + rest.search(/\S/));
    return { value: valueOf(expression) };
  } catch (error) {
    if (error instanceof JsonError) return { fault: error };
    if (!(error instanceof SyntaxError) || !('pos' in error) || typeof error.pos !== 'number') throw error;
    return { fault: { message: error.message.replace(/ \(\d+:\d+\)$/, ''), offset: error.pos } };
  }
}

class JsonError extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

function valueOf(node: Expression | SpreadElement | null): unknown {
  switch (node?.type) {
    case 'Literal':
      if (node.regex || node.bigint != null) break;
      return node.value;
    case 'ArrayExpression':
      return node.elements.map(valueOf);
    case 'ObjectExpression':
      return Object.fromEntries(node.properties.map(entryOf));
    case 'UnaryExpression':
      if (
        node.operator === '-' &&
        node.argument.type === 'Literal' &&
        typeof node.argument.value === 'number'
      )
        return -node.argument.value;
      break;
    default:
  }
  throw new JsonError('expected a JSON value', node?.start ?? 0);
}

function entryOf(property: Property | SpreadElement): [string, unknown] {
  if (property.type === 'Property' && property.kind === 'init' && !property.computed && !property.shorthand) {
    const { key, value } = property;
    if (key.type === 'Literal' && typeof key.value === 'string') return [key.value, valueOf(value)];
    if (key.type === 'Identifier') return [key.name, valueOf(value)];
  }
  throw new JsonError('expected a name in quotation marks', property.start);
}
