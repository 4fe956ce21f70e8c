/**
 * Names of other blocks of the same namespace: `namespace N { export const a = 1 } namespace N { a }`. The compiler
 * (swc 1.16.18) qualifies only those of the same block.
 */
import type { AnyNode, BlockStatement, CallExpression, Pattern, Program } from 'acorn';
import type { Reference } from './scope.js';

interface Block {
  /** `N`, or `N.M` for a namespace inside of another. */
  readonly path: string;
  readonly parameter: string;
  readonly body: BlockStatement;
}

/** Gives what must stand for a reference: `N.a` for `a`, or undefined. */
export function namespaceMembers(program: Program): (reference: Reference) => string | undefined {
  const blocks: Block[] = [];
  const members = new Map<string, Set<string>>();
  const add = (path: string, names: readonly string[]): void => {
    const known = members.get(path) ?? new Set();
    for (const name of names) known.add(name);
    members.set(path, known);
  };
  const visit = (statements: readonly AnyNode[], outer: Block | null): void => {
    for (const statement of statements) {
      const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
      const call = node?.type === 'ExpressionStatement' ? node.expression : null;
      const block = call?.type === 'CallExpression' ? blockOf(call, outer) : null;
      if (block) {
        blocks.push(block);
        if (outer) add(outer.path, [block.path.slice(outer.path.length + 1)]);
        add(block.path, exported(block));
        visit(block.body.body, block);
      }
    }
  };
  visit(program.body, null);
  // One block alone is qualified already, and most cells have none.
  if (blocks.length < 2) return () => undefined;
  return ({ name, start, role }) => {
    if (role === 'declare') return undefined;
    const around = blocks.filter(({ body }) => body.start <= start && start < body.end);
    // Inner blocks come later.
    const owner = around.reverse().find(({ path }) => members.get(path)?.has(name));
    return owner && `${owner.parameter}.${name}`;
  };
}

/** `(function (N) { … })(N || (N = {}))`, and inside of `N`: `(function (M) { … })(N.M || (N.M = {}))`. */
function blockOf({ callee, arguments: given }: CallExpression, outer: Block | null): Block | null {
  const [argument] = given;
  if (callee.type !== 'FunctionExpression' || given.length !== 1) return null;
  const [parameter] = callee.params;
  if (callee.params.length !== 1 || parameter.type !== 'Identifier') return null;
  if (argument.type !== 'LogicalExpression' || argument.operator !== '||') return null;
  const { left } = argument;
  if (left.type === 'Identifier') return { path: left.name, parameter: parameter.name, body: callee.body };
  const member = memberOf(left, outer?.parameter);
  return outer && member !== null
    ? { path: `${outer.path}.${member}`, parameter: parameter.name, body: callee.body }
    : null;
}

/** The names that the statements of a block assign to its parameter. */
function exported({ body, parameter }: Block): string[] {
  return body.body.flatMap((statement) => {
    if (statement.type !== 'ExpressionStatement') return [];
    const { expression } = statement;
    const parts = expression.type === 'SequenceExpression' ? expression.expressions : [expression];
    return parts.flatMap((part) =>
      part.type === 'AssignmentExpression' ? targets(part.left, parameter) : [],
    );
  });
}

function targets(pattern: Pattern, parameter: string): string[] {
  switch (pattern.type) {
    case 'MemberExpression': {
      const name = memberOf(pattern, parameter);
      return name === null ? [] : [name];
    }
    case 'ObjectPattern':
      return pattern.properties.flatMap((each) =>
        targets(each.type === 'RestElement' ? each.argument : each.value, parameter),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((each) => (each ? targets(each, parameter) : []));
    case 'AssignmentPattern':
      return targets(pattern.left, parameter);
    case 'RestElement':
      return targets(pattern.argument, parameter);
    default:
      return [];
  }
}

function memberOf(node: AnyNode, object: string | undefined): string | null {
  if (node.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier') return null;
  return node.object.type === 'Identifier' && node.object.name === object ? node.property.name : null;
}
