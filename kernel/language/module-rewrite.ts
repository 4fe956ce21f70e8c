/**
 * Turns an ECMAScript module into a function that says what it imports and exports (`compiled-module.ts`). Imported
 * names become properties of namespaces and exports are read through functions, so both are live, as in the standard.
 */
import type {
  ExportDefaultDeclaration,
  ExportNamedDeclaration,
  Identifier,
  ImportAttribute,
  ImportDeclaration,
  Literal,
  Pattern,
  Program,
} from 'acorn';
import { simple } from 'acorn-walk';
import MagicString from 'magic-string';
import type { ExportSource, ModuleRequest } from './compiled-module.js';
import { namespaceMembers } from './namespaces.js';
import { isAnonymousFunction } from './rewrite.js';
import { analyse, type CellScope } from './scope.js';

export interface RewrittenModule {
  readonly text: MagicString;
  readonly isAsync: boolean;
  readonly requests: readonly ModuleRequest[];
  readonly exports: ReadonlyMap<string, ExportSource>;
  readonly stars: readonly number[];
}

/** Whether a program can only be an ECMAScript module. */
export function isModule(program: Program, scope = scopeOf(program)): boolean {
  return (
    program.body.some(({ type }) => /^(?:Import|Export)\w*Declaration$/.test(type)) ||
    scope.importMetas.length > 0 ||
    scope.suspensions.length > 0
  );
}

export function scopeOf(program: Program): CellScope {
  return analyse(program, ({ name }) => name);
}

export function rewriteModule(js: string, program: Program, scope: CellScope): RewrittenModule {
  return new Rewriter(js, program, scope).run();
}

/** Replaces `import(…)` in a CommonJS module by a call of its scope. */
export function rewriteScript(js: string, scope: CellScope): MagicString {
  const text = new MagicString(js);
  const name = freeName(js);
  for (const { start } of scope.importCalls) text.update(start, start + 'import'.length, `${name}.import`);
  text.prepend(`(function (exports, require, module, __filename, __dirname, ${name}) {`);
  text.append('\n})');
  return text;
}

class Rewriter {
  private readonly text: MagicString;
  private readonly m: string;
  private readonly requests: (Omit<ModuleRequest, 'names'> & { names: Name[] })[] = [];
  private readonly exports = new Map<string, ExportSource>();
  private readonly stars: number[] = [];
  /** What stands for an imported name. */
  private readonly imported = new Map<string, Extract<ExportSource, { request: number }>>();
  private readonly setUp: string[] = [];

  constructor(
    private readonly js: string,
    private readonly program: Program,
    private readonly scope: CellScope,
  ) {
    this.text = new MagicString(js);
    this.m = freeName(js);
  }

  run(): RewrittenModule {
    const { text, m, scope, requests, stars } = this;
    const isAsync = scope.suspensions.length > 0;
    for (const suspension of scope.suspensions) {
      const { type, node } = suspension;
      const waitedFor = type === 'await' ? node.argument : node.right;
      text.prependRight(waitedFor.start, `${m}.${type === 'await' ? 'wait' : 'each'}(`);
      text.appendLeft(waitedFor.end, ')');
    }
    for (const { start, end } of scope.importMetas) text.update(start, end, `${m}.meta`);
    for (const { start } of scope.importCalls) text.update(start, start + 'import'.length, `${m}.import`);
    for (const node of this.program.body)
      switch (node.type) {
        case 'ImportDeclaration':
          this.importDeclaration(node);
          break;
        case 'ExportNamedDeclaration':
          this.exportNamed(node);
          break;
        case 'ExportDefaultDeclaration':
          this.exportDefault(node);
          break;
        case 'ExportAllDeclaration': {
          const request = this.request(node.source, node.attributes);
          if (node.exported) this.exports.set(nameOf(node.exported), { request, name: null });
          else stars.push(request);
          text.remove(node.start, node.end);
          break;
        }
        default:
      }
    this.resolveExports();
    this.references();
    const variables = requests.map((_, index) => this.variable(index)).join(', ');
    const take = variables === '' ? '' : `[${variables}] = ${m}.modules();`;
    text.prepend(
      `(${isAsync ? 'async function' : 'function*'} (${m}, require, module, exports, __filename, __dirname) { ` +
        `'use strict'; ${take === '' ? '' : `let ${take}`} ${this.setUp.join(' ')} ` +
        `${m}.exports({ ${this.getters()} }); ${isAsync ? '' : `yield; ${take}`}\n`,
    );
    text.append('\n})');
    return { text, isAsync, requests, exports: this.exports, stars };
  }

  private request(source: Literal, attributes: readonly ImportAttribute[] = []): number {
    const specifier = String(source.value);
    const given = Object.fromEntries(attributes.map(({ key, value }) => [nameOf(key), String(value.value)]));
    return this.requests.push({ specifier, offset: source.start, attributes: given, names: [] }) - 1;
  }

  private variable(request: number): string {
    return `${this.m}${request}`;
  }

  private importDeclaration(node: ImportDeclaration): void {
    const request = this.request(node.source, node.attributes);
    const used = new Set(this.scope.references.map(({ name }) => name));
    for (const specifier of node.specifiers) {
      const local = specifier.local.name;
      const name =
        specifier.type === 'ImportNamespaceSpecifier'
          ? null
          : specifier.type === 'ImportDefaultSpecifier'
            ? 'default'
            : nameOf(specifier.imported);
      this.imported.set(local, { request, name });
      // A capitalised name that nothing uses as a value may be a type that nobody marked so.
      const required = used.has(local) || !/^\p{Lu}/u.test(local);
      if (name !== null) this.requests[request].names.push({ name, required, offset: specifier.start });
    }
    this.text.remove(node.start, node.end);
  }

  private exportNamed(node: ExportNamedDeclaration): void {
    const { declaration, source, specifiers } = node;
    if (declaration) {
      for (const name of declaredNames(declaration)) this.exports.set(name, { local: name });
      this.text.remove(node.start, declaration.start);
      return;
    }
    const request = source ? this.request(source, node.attributes) : undefined;
    for (const { local, exported, start } of specifiers) {
      const from = request === undefined ? { local: nameOf(local) } : { request, name: nameOf(local) };
      this.exports.set(nameOf(exported), from);
      // What is passed on may be a type: the compiler cannot know.
      if (request !== undefined)
        this.requests[request].names.push({ name: nameOf(local), required: false, offset: start });
    }
    this.text.remove(node.start, node.end);
  }

  private exportDefault(node: ExportDefaultDeclaration): void {
    const { text } = this;
    const { declaration } = node;
    const isDeclaration =
      declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration';
    if (isDeclaration && declaration.id) {
      this.exports.set('default', { local: declaration.id.name });
      text.remove(node.start, declaration.start);
      return;
    }
    const local = `${this.m}default`;
    this.exports.set('default', { local });
    if (declaration.type === 'FunctionDeclaration') {
      // Functions can be called before the module has run. This one must still be called "default".
      const head = /^(?:async\s+)?function\s*\*?/.exec(this.js.slice(declaration.start))?.[0] ?? '';
      text.remove(node.start, declaration.start);
      text.appendLeft(declaration.start + head.length, ` ${local}`);
      this.setUp.push(`Object.defineProperty(${local}, 'name', { value: 'default', configurable: true });`);
      return;
    }
    const isNamed = declaration.type === 'ClassDeclaration' || isAnonymousFunction(declaration);
    text.update(
      node.start,
      declaration.start,
      isNamed ? `const ${local} = { default: (` : `const ${local} = (`,
    );
    text.appendLeft(declaration.end, isNamed ? ') }.default;' : ');');
    if (this.js[node.end - 1] === ';' && node.end > declaration.end) text.remove(declaration.end, node.end);
  }

  /** `import { a } from …; export { a }` passes on what another module exports. */
  private resolveExports(): void {
    for (const [name, source] of this.exports) {
      if (!('local' in source)) continue;
      const imported = this.imported.get(source.local);
      if (imported) this.exports.set(name, imported);
    }
  }

  private getters(): string {
    const locals = [...this.exports.values()].flatMap((source) => ('local' in source ? [source.local] : []));
    return [...new Set(locals)].map((local) => `${JSON.stringify(local)}: () => ${local}`).join(', ');
  }

  private references(): void {
    const { text, m } = this;
    const called = this.callees();
    const exported = new Set(
      [...this.exports.values()].flatMap((source) => ('local' in source ? [source.local] : [])),
    );
    const live = new Set<string>();
    const memberOf = namespaceMembers(this.program);
    for (const reference of this.scope.references) {
      const { name, start, end, role, shorthand } = reference;
      const imported = this.imported.get(name);
      let target = memberOf(reference);
      if (target !== undefined) {
        // A name of a namespace goes before those of the module.
      } else if (imported) {
        target = this.variable(imported.request);
        if (imported.name !== null) target += `[${JSON.stringify(imported.name)}]`;
        if (imported.name !== null && called.has(start)) target = `(0, ${target})`;
      } else if (role === 'write' && exported.has(name) && this.scope.names.get(name) !== 'const') {
        live.add(name);
        target = `${m}live.${name}`;
      }
      if (target !== undefined) text.update(start, end, shorthand ? `${name}: ${target}` : target);
    }
    if (live.size === 0) return;
    const accessors = [...live].map(
      (name) =>
        `get ${name}() { return ${name}; }, set ${name}(${m}v) { ${name} = ${m}v; ${m}.changed(${JSON.stringify(name)}); }`,
    );
    this.setUp.push(`const ${m}live = { ${accessors.join(', ')} };`);
  }

  /** Where names begin that are called: `this` must not become the namespace. */
  private callees(): Set<number> {
    const starts = new Set<number>();
    if (this.imported.size === 0) return starts;
    simple(this.program, {
      CallExpression: ({ callee }) => {
        if (callee.type === 'Identifier') starts.add(callee.start);
      },
      TaggedTemplateExpression: ({ tag }) => {
        if (tag.type === 'Identifier') starts.add(tag.start);
      },
    });
    return starts;
  }
}

type Name = ModuleRequest['names'][number];

/** A name that the text does not use. */
function freeName(js: string): string {
  let name = '$m';
  while (js.includes(name)) name += '_';
  return name;
}

function nameOf(key: Identifier | Literal): string {
  return key.type === 'Identifier' ? key.name : String(key.value);
}

function declaredNames(node: NonNullable<ExportNamedDeclaration['declaration']>): string[] {
  if (node.type !== 'VariableDeclaration') return [node.id.name];
  return node.declarations.flatMap(({ id }) => namesIn(id));
}

function namesIn(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        namesIn(property.type === 'RestElement' ? property.argument : property.value),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? namesIn(element) : []));
    case 'RestElement':
      return namesIn(pattern.argument);
    case 'AssignmentPattern':
      return namesIn(pattern.left);
    default:
      return [];
  }
}
