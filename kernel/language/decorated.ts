/** Classes with class decorators: swc keeps the decorated class in a variable of its own. */
import type { Program } from 'acorn';

export interface DecoratedClass {
  readonly name: string;
  /** The variable that holds what the decorators made of the class. */
  readonly holder: string;
  /** Where the statement ends that fills the holder. */
  readonly end: number;
}

/**
 * Finds `let _A; class A { … }`, and for a class with static members `let _A; new class extends _identity { … static
 * [class A { … }] … }()`.
 */
export function decoratedClasses(js: string, program: Program): DecoratedClass[] {
  const found: DecoratedClass[] = [];
  program.body.forEach((node, index) => {
    if (node.type !== 'VariableDeclaration' || node.kind !== 'let') return;
    const [first] = node.declarations;
    const next = program.body.at(index + 1);
    if (!next || first.init || first.id.type !== 'Identifier' || !first.id.name.startsWith('_')) return;
    const name = first.id.name.slice(1).replace(/\d*$/, '');
    const text = js.slice(next.start, next.end);
    if (new RegExp(`^new class extends _identity\\d* \\{[^]*?\\bclass ${escape(name)}\\b`).test(text))
      found.push({ name, holder: first.id.name, end: next.end });
    else if (next.type === 'ClassDeclaration' && next.id.name === name && text.includes('_initClass'))
      found.push({ name, holder: first.id.name, end: next.end });
  });
  return found;
}

function escape(name: string): string {
  return name.replaceAll('$', '\\$');
}
