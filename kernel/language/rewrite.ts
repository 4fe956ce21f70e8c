/**
 * Turns the JavaScript of a cell into a function whose top-level names are assignments to variables that all cells
 * share, and that gives up control where the cell waits.
 */
import type {
  AnyNode,
  ExportDefaultDeclaration,
  ForOfStatement,
  FunctionDeclaration,
  ImportDeclaration,
  LabeledStatement,
  Program,
  Statement,
  ModuleDeclaration,
  VariableDeclaration,
  VariableDeclarator,
} from 'acorn';
import MagicString from 'magic-string';
import type { DecoratedClass } from './decorated.js';
import { importCode } from './imports.js';
import { localFrame, type LocalFrame } from './locals.js';
import { namespaceMembers } from './namespaces.js';
import type { CellDeclaration, CellScope } from './scope.js';

export interface RewriteOptions {
  /** The name in the script scope of a top-level name. */
  readonly nameOf: (name: string) => string;
  /** Whether a name that this cell does not declare is a constant of another cell. */
  readonly isConstant: (name: string) => boolean;
  readonly decorated: readonly DecoratedClass[];
  /** Names of the script scope that the function holds itself as long as it runs. */
  readonly locals: readonly string[];
  /** The statement whose value is the cell's result. */
  readonly result: Statement | null;
}

export interface Rewritten {
  readonly text: MagicString;
  readonly declares: readonly string[];
  readonly suspends: boolean;
  /** By where the declared name stands in the JavaScript. */
  readonly places: ReadonlyMap<number, Place>;
  readonly keep: string | null;
}

/** Where an error in a declaration belongs: to its value. */
export interface Place {
  readonly place: number;
  /** What V8 names is a parenthesis before the declared names. */
  readonly isBefore: boolean;
}

export function rewrite(js: string, program: Program, scope: CellScope, options: RewriteOptions): Rewritten {
  return new Rewriter(js, program, scope, options).run();
}

class Rewriter {
  private readonly text: MagicString;
  /** The parameter that holds the context; no identifier of the cell is spelled like it. */
  private readonly context: string;
  private readonly frame: LocalFrame | null;
  private suspends = false;
  private readonly prelude: string[] = [];
  private readonly places = new Map<number, Place>();
  private loops = 0;

  constructor(
    private readonly js: string,
    private readonly program: Program,
    private readonly scope: CellScope,
    private readonly options: RewriteOptions,
  ) {
    this.text = new MagicString(js);
    let context = '$cell';
    while (js.includes(context)) context += '_';
    this.context = context;
    this.frame = options.locals.length > 0 ? localFrame(options.locals, context) : null;
  }

  run(): Rewritten {
    // Inner insertions come before outer ones at the same place, hence the order.
    for (const suspension of this.scope.suspensions)
      if (suspension.type === 'loop') this.forAwait(suspension.node, suspension.labels);
      else {
        const { start, end } = suspension.node;
        const [before, after] = this.waiting();
        this.text.update(start, start + 'await'.length, `${before}(`);
        this.text.appendLeft(end, `)${after}`);
      }
    for (const { start, end } of this.scope.importMetas) this.text.update(start, end, `${this.context}.meta`);
    for (const { start } of this.scope.importCalls)
      this.text.update(start, start + 'import'.length, `${this.context}.dynamicImport`);
    for (const declaration of this.scope.declarations) this.declaration(declaration);
    this.references();
    if (this.options.result) this.result(this.options.result);
    this.statements();
    for (const { name, holder, end } of this.options.decorated)
      this.text.appendLeft(end, ` ${this.target(name)} = ${holder};`);
    this.resetEnums();

    const { context, prelude, text, suspends, frame } = this;
    const head = `(function${suspends ? '*' : ''} ${frame?.functionName ?? ''}(${context}) { 'use strict';`;
    text.prepend(`${head} ${prelude.join(' ')}${frame?.begin ?? ''}\n`);
    text.append(`\n${frame?.end ?? ''}})`);
    const declares = [...this.scope.names.keys()].map((name) => this.options.nameOf(name));
    return { text, declares, suspends, keep: frame?.keep ?? null, places: this.places };
  }

  /** What stands around a promise that the cell waits for. Meanwhile others see its locals. */
  private waiting(): readonly [string, string] {
    this.suspends = true;
    return this.frame?.waiting ?? ['(yield ', ')'];
  }

  private wait(promise: string): string {
    return this.waiting().join(promise);
  }

  /** Functions and imports come first, as in a module; what was exported is simply declared. */
  private statements(): void {
    const { body } = this.program;
    const anchor = body.find((node) => !hoisted(node));
    for (const node of body) {
      this.statement(node);
      if (anchor && hoisted(node) && node.start > anchor.start)
        this.text.move(node.start, node.end, anchor.start);
    }
  }

  private statement(node: Statement | ModuleDeclaration): void {
    switch (node.type) {
      case 'FunctionDeclaration':
        this.functionDeclaration(node);
        break;
      case 'ClassDeclaration':
        if (!this.isShared(node.id.name)) break;
        this.text.prependRight(node.start, `${this.target(node.id.name)} = `);
        this.text.appendLeft(node.end, ';');
        break;
      case 'ImportDeclaration':
        this.importDeclaration(node);
        break;
      case 'ExportNamedDeclaration':
        if (!node.declaration) this.exportFrom(node, node.source?.raw);
        else {
          this.text.remove(node.start, node.declaration.start);
          this.statement(node.declaration);
        }
        break;
      case 'ExportAllDeclaration':
        this.exportFrom(node, node.source.raw);
        break;
      case 'ExportDefaultDeclaration':
        this.exportDefault(node);
        break;
      default:
    }
  }

  private importDeclaration(node: ImportDeclaration): void {
    const used = new Set(this.scope.references.map(({ name }) => name));
    // What the compiler imports for itself (the functions that JSX becomes) stays inside the cell.
    for (const { local } of node.specifiers)
      if (!this.isShared(local.name)) this.prelude.push(`let ${local.name};`);
    const code = importCode(node, {
      context: this.context,
      load: (module) => this.load(module),
      nameOf: (name) => this.target(name),
      isUsed: (name) => used.has(name),
    });
    this.text.update(node.start, node.end, code);
  }

  /** What `export … from` would export is not looked at; the module is loaded all the same. */
  private exportFrom(node: AnyNode, source: string | undefined): void {
    if (source === undefined) this.text.remove(node.start, node.end);
    else this.text.update(node.start, node.end, `${this.load(source)};`);
  }

  private load(module: string): string {
    return this.wait(`${this.context}.importModule(${module})`);
  }

  private exportDefault(node: ExportDefaultDeclaration): void {
    const { declaration } = node;
    if (declaration.type === 'FunctionDeclaration' && declaration.id) {
      this.text.remove(node.start, declaration.start);
      this.functionDeclaration(declaration);
      return;
    }
    if (declaration.type === 'ClassDeclaration' && declaration.id) {
      this.text.remove(node.start, declaration.start);
      this.statement(declaration);
      return;
    }
    const keyword = /^export\s+default\s*/.exec(this.js.slice(node.start))?.[0] ?? '';
    this.text.update(node.start, node.start + keyword.length, '(');
    const semicolon = this.js[node.end - 1] === ';';
    this.text.appendLeft(semicolon ? node.end - 1 : node.end, semicolon ? ')' : ');');
  }

  private functionDeclaration(node: FunctionDeclaration | ExportDefaultDeclaration['declaration']): void {
    if (node.type !== 'FunctionDeclaration' || !node.id || !this.isShared(node.id.name)) return;
    // Without its own name, so that calls of itself follow the shared variable. It is named by the assignment.
    const { id } = node;
    this.text.remove(id.start, id.end);
    const [before, after] = this.assignment(id.name, true);
    this.text.prependRight(node.start, before);
    this.text.appendLeft(node.end, `${after};`);
  }

  /** What stands around the value in an assignment to a top-level name, so that a function gets that name. */
  private assignment(name: string, isAnonymousFunction: boolean): readonly [string, string] {
    const target = this.target(name);
    if (target === name || !isAnonymousFunction) return [`${target} = `, ''];
    return [`${target} = { ${name}: `, ` }.${name}`];
  }

  private declaration({ node, place }: CellDeclaration): void {
    const { declarations, kind } = node;
    const first = declarations[0];
    // For pretty errors the keyword alone is cut; the pattern of a declaration is one of an assignment, too.
    this.text.remove(node.start, first.start);
    if (place === 'for-each') return;
    for (const declarator of declarations) this.declarator(declarator, kind);
    if (place !== 'statement') return;
    // Statements of their own, or V8 places an error in any of them at the first.
    const isList = this.isTopLevel(node);
    const parts = isList ? declarations : declarations.slice(0, 1);
    for (const [index, { id, init, start, end }] of parts.entries()) {
      if (index > 0) this.text.update(declarations[index - 1].end, start, '; ');
      const isObject = id.type === 'ObjectPattern';
      if (init) this.places.set(start, { place: init.start, isBefore: isObject });
      if (!isObject) continue;
      this.text.prependRight(start, '(');
      this.text.appendLeft(isList ? end : declarations[declarations.length - 1].end, ')');
    }
  }

  private isTopLevel(node: VariableDeclaration): boolean {
    return this.program.body.some(
      (each) => each === node || (each.type === 'ExportNamedDeclaration' && each.declaration === node),
    );
  }

  private declarator({ id, init, end }: VariableDeclarator, kind: VariableDeclaration['kind']): void {
    // `let x;` starts anew each time the cell runs; `var x;` says nothing about the value.
    if (!init && kind !== 'var') this.text.appendLeft(end, ' = void 0');
    if (!init || id.type !== 'Identifier' || this.target(id.name) === id.name) return;
    if (!isAnonymousFunction(init)) return;
    this.text.prependRight(init.start, `{ ${id.name}: `);
    this.text.appendLeft(init.end, ` }.${id.name}`);
  }

  private references(): void {
    const frozen = new Set<string>();
    const memberOf = namespaceMembers(this.program);
    for (const reference of this.scope.references) {
      const { name, start, end, role, shorthand } = reference;
      const member = memberOf(reference);
      if (member !== undefined) {
        this.text.update(start, end, shorthand ? `${name}: ${member}` : member);
        continue;
      }
      let target = this.target(name);
      if (role === 'write' && this.isConstant(name)) {
        // An assignment to a constant must fail when it runs. A real constant does that in all its forms.
        target = `${name}$const`;
        frozen.add(target);
      }
      if (target !== name) this.text.update(start, end, shorthand ? `${name}: ${target}` : target);
    }
    for (const name of frozen) this.prelude.push(`const ${name} = void 0;`);

    // Where the compiler took a name of the person for its own variable, give it back.
    const taken = new Set(this.scope.aliases.values());
    if (taken.size === 0) return;
    for (const { name, start, end, shorthand } of this.scope.identifiers)
      if (taken.has(name)) this.text.update(start, end, shorthand ? `${name}: ${name}$made` : `${name}$made`);
  }

  private isShared(name: string): boolean {
    return this.scope.names.has(this.scope.aliases.get(name) ?? name);
  }

  /** The name in the script scope for a name in the JavaScript. */
  private target(name: string): string {
    return this.options.nameOf(this.scope.aliases.get(name) ?? name);
  }

  private isConstant(name: string): boolean {
    const kind = this.scope.names.get(this.scope.aliases.get(name) ?? name);
    return kind === undefined ? this.options.isConstant(name) : kind === 'const' || kind === 'import';
  }

  private result(node: Statement): void {
    const semicolon = this.js[node.end - 1] === ';';
    this.text.prependRight(node.start, `return ${this.context}.box((`);
    this.text.appendLeft(semicolon ? node.end - 1 : node.end, semicolon ? '))' : '));');
  }

  /** `enum E` and `namespace N` extend what `E` and `N` hold: when the cell runs again they must start empty. */
  private resetEnums(): void {
    for (const name of extended(this.program))
      if (this.scope.names.get(name) === 'var') this.prelude.push(`${this.options.nameOf(name)} = void 0;`);
  }

  /**
   * `for await (LEFT of RIGHT) BODY` as a loop with visible waits, because a generator cannot contain it:
   * `{ const l = asyncLoop(RIGHT); try { for (; l.more(yield l.next()); ) { LEFT = l.value; BODY } } … }`
   */
  private forAwait(node: ForOfStatement, labels: readonly LabeledStatement[]): void {
    const { left, right, body } = node;
    const { context, text } = this;
    const loop = `${context}loop${++this.loops}`;
    const step = this.wait(`${loop}.next()`);
    const outermost = labels[0]?.start ?? node.start;
    const labelled = labels.map(({ label }) => `${label.name}: `).join('');

    text.prependRight(right.start, `{ const ${loop} = ${context}.asyncLoop(`);
    text.appendLeft(right.end, `); try { ${labelled}for (; ${loop}.more(${step}); ) { `);
    text.remove(outermost, left.start);
    text.remove(left.end, right.start);
    text.remove(right.end, body.start);
    text.move(right.start, right.end, outermost);

    const shared = left.type === 'VariableDeclaration' && this.isForCells(left);
    const isPattern = shared || left.type !== 'VariableDeclaration';
    if (isPattern) text.prependRight(shared ? left.declarations[0].start : left.start, '(');
    text.appendLeft(left.end, ` = ${loop}.value${isPattern ? ')' : ''}; `);
    const close = this.wait(`${loop}.close()`);
    text.appendLeft(
      node.end,
      ` } } catch (error) { ${loop}.fail(); throw error; } finally { if (${loop}.open) ${close}; } }`,
    );
  }

  private isForCells(node: VariableDeclaration): boolean {
    return this.scope.declarations.some((declaration) => declaration.node === node);
  }
}

function hoisted(node: Statement | ModuleDeclaration): boolean {
  if (node.type === 'ExportNamedDeclaration') return node.declaration?.type === 'FunctionDeclaration';
  if (node.type === 'ExportDefaultDeclaration')
    return node.declaration.type === 'FunctionDeclaration' && !!node.declaration.id;
  return node.type === 'FunctionDeclaration' || node.type === 'ImportDeclaration';
}

export function isAnonymousFunction(node: AnyNode): boolean {
  if (node.type === 'ArrowFunctionExpression') return true;
  return (node.type === 'FunctionExpression' || node.type === 'ClassExpression') && !node.id;
}

/** `N` of `(function (N) { … })(N || (N = {}))` and `var N = function (N) { … }(N || {})`. */
export function extended(program: Program): Set<string> {
  const names = new Set<string>();
  for (const statement of program.body) {
    const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (node?.type === 'ExpressionStatement') {
      const name = extendedBy(node.expression);
      if (name !== null) names.add(name);
    }
    if (node?.type === 'VariableDeclaration')
      for (const { id, init } of node.declarations)
        if (init && id.type === 'Identifier' && extendedBy(init) === id.name) names.add(id.name);
  }
  return names;
}

/** The name that a call of the form `(function (N) { … })(N || …)` extends. */
export function extendedBy(node: AnyNode): string | null {
  if (node.type !== 'CallExpression' || node.callee.type !== 'FunctionExpression') return null;
  const argument = node.arguments.at(0);
  const isOr = argument?.type === 'LogicalExpression' && argument.operator === '||';
  return isOr && argument.left.type === 'Identifier' ? argument.left.name : null;
}
