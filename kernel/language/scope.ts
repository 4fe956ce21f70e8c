/**
 * Which names a cell declares for all cells, which it refers to, and where it waits. One walk over the JavaScript
 * that the compiler made of the cell.
 */
import type {
  AnyNode,
  ArrowFunctionExpression,
  AwaitExpression,
  Class,
  ForInStatement,
  ForOfStatement,
  Function as FunctionNode,
  Identifier,
  ImportExpression,
  LabeledStatement,
  MetaProperty,
  Pattern,
  Program,
  VariableDeclaration,
} from 'acorn';

export type NameKind = 'var' | 'let' | 'const' | 'function' | 'class' | 'import';

/** An identifier that means a name of the cell, of another cell, or of the global object. */
export interface Reference {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly role: 'read' | 'write' | 'declare';
  /** It stands for key and value at once, as in `{ x }`. */
  readonly shorthand: boolean;
  /** A function inside the cell refers to it. */
  readonly captured: boolean;
  /** It is in a loop. */
  readonly looped: boolean;
}

/** A `let`, `const` or `var` whose names all cells see. */
export interface CellDeclaration {
  readonly node: VariableDeclaration;
  readonly place: 'statement' | 'for' | 'for-each';
}

/** Where the cell itself waits. */
export type Suspension =
  | { readonly type: 'await'; readonly node: AwaitExpression }
  | { readonly type: 'loop'; readonly node: ForOfStatement; readonly labels: readonly LabeledStatement[] };

export interface CellScope {
  /** The names that all cells see, as the person wrote them. */
  readonly names: ReadonlyMap<string, NameKind>;
  /** Names in the JavaScript that the compiler made of others, to avoid one that it made up: `env1` of `env`. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly declarations: readonly CellDeclaration[];
  readonly references: readonly Reference[];
  /** Inner ones before outer ones. */
  readonly suspensions: readonly Suspension[];
  readonly importMetas: readonly MetaProperty[];
  /** Every `import(…)`, at any depth. */
  readonly importCalls: readonly ImportExpression[];
  /** Every identifier that is a variable, in all scopes. */
  readonly identifiers: readonly Pick<Reference, 'name' | 'start' | 'end' | 'shorthand'>[];
}

/** What the person called a name that is declared in the JavaScript; null when the compiler made it up. */
export type OriginalName = (name: Identifier) => string | null;

/** What the compiler made up stays inside the cell. `classes` are names that are declared in a way of its own. */
export function analyse(
  program: Program,
  originalName: OriginalName,
  classes: readonly string[] = [],
): CellScope {
  const walk = new Walk(originalName, classes);
  for (const statement of program.body) walk.visit(statement);
  return walk.finish();
}

const LOOPS: ReadonlySet<string> = new Set([
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
]);

class Scope {
  readonly names = new Set<string>();
  readonly references: Reference[] = [];

  constructor(
    readonly parent: Scope | null,
    /** `var` belongs to the nearest of these. */
    readonly holdsVar: boolean,
  ) {}
}

type Declare = (name: Identifier, shorthand: boolean) => void;

class Walk {
  private readonly top = new Scope(null, true);
  private readonly names = new Map<string, NameKind>();
  private readonly aliases = new Map<string, string>();
  private readonly identifiers: CellScope['identifiers'][number][] = [];
  private readonly declarations: CellDeclaration[] = [];
  private readonly suspensions: Suspension[] = [];
  private readonly importMetas: MetaProperty[] = [];
  private readonly importCalls: ImportExpression[] = [];
  private scope = this.top;
  /** Functions around the node; in the cell itself 0. */
  private depth = 0;
  private loops = 0;

  constructor(
    private readonly originalName: OriginalName,
    classes: readonly string[],
  ) {
    for (const name of classes) this.names.set(name, 'class');
  }

  finish(): CellScope {
    // Only names that the compiler made up are declared in `top` itself.
    const references = this.top.references.filter(({ name }) => !this.top.names.has(name));
    const { names, aliases, declarations, suspensions, importMetas, importCalls, identifiers } = this;
    return { names, aliases, declarations, references, suspensions, importMetas, importCalls, identifiers };
  }

  visit(node: AnyNode | null | undefined, labels: readonly LabeledStatement[] = []): void {
    if (!node) return;
    const isLoop = LOOPS.has(node.type);
    if (isLoop) this.loops++;
    this.visitNode(node, labels);
    if (isLoop) this.loops--;
  }

  private visitNode(node: AnyNode, labels: readonly LabeledStatement[]): void {
    switch (node.type) {
      case 'Identifier':
        this.refer(node, 'read', false);
        break;
      case 'VariableDeclaration':
        this.variables(node, 'statement');
        break;
      case 'FunctionDeclaration':
        if (node.id) this.declareHere(node.id, 'function');
        this.function(node);
        break;
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.function(node);
        break;
      case 'ClassDeclaration':
        if (node.id) this.declareHere(node.id, 'class');
        this.class(node);
        break;
      case 'ClassExpression':
        this.class(node);
        break;
      case 'BlockStatement':
        this.inScope(false, () => this.all(node.body));
        break;
      case 'StaticBlock':
        this.inFunction(() => this.all(node.body));
        break;
      case 'ForStatement':
        this.inScope(false, () => {
          if (node.init?.type === 'VariableDeclaration') this.variables(node.init, 'for');
          else this.visit(node.init);
          this.all([node.test, node.update, node.body]);
        });
        break;
      case 'ForInStatement':
        this.forEach(node);
        break;
      case 'ForOfStatement':
        this.forEach(node);
        if (node.await && this.depth === 0) this.suspensions.push({ type: 'loop', node, labels });
        break;
      case 'LabeledStatement':
        this.visit(node.body, [...labels, node]);
        break;
      case 'SwitchStatement':
        this.visit(node.discriminant);
        this.inScope(false, () => this.all(node.cases));
        break;
      case 'CatchClause':
        this.inScope(false, () => {
          if (node.param) this.pattern(node.param, (name, shorthand) => this.bind(name, shorthand));
          this.visit(node.body);
        });
        break;
      case 'AssignmentExpression':
        this.pattern(node.left, null);
        this.visit(node.right);
        break;
      case 'UpdateExpression':
        this.target(node.argument);
        break;
      case 'AwaitExpression':
        this.visit(node.argument);
        if (this.depth === 0) this.suspensions.push({ type: 'await', node });
        break;
      case 'MetaProperty':
        if (node.meta.name === 'import') this.importMetas.push(node);
        break;
      case 'ImportExpression':
        this.importCalls.push(node);
        this.children(node);
        break;
      case 'MemberExpression':
        this.visit(node.object);
        if (node.computed) this.visit(node.property);
        break;
      case 'MethodDefinition':
        if (node.computed) this.visit(node.key);
        this.visit(node.value);
        break;
      case 'PropertyDefinition':
        if (node.computed) this.visit(node.key);
        this.inFunction(() => this.visit(node.value));
        break;
      case 'Property':
        if (node.computed) this.visit(node.key);
        if (node.shorthand && node.value.type === 'Identifier') this.refer(node.value, 'read', true);
        else this.visit(node.value);
        break;
      case 'ImportDeclaration':
        for (const { local } of node.specifiers) this.declareHere(local, 'import');
        break;
      case 'ExportNamedDeclaration':
        this.visit(node.declaration);
        break;
      case 'ExportDefaultDeclaration':
        this.visit(node.declaration);
        break;
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'ExportAllDeclaration':
        break;
      default:
        this.children(node);
    }
  }

  private all(nodes: readonly (AnyNode | null | undefined)[]): void {
    for (const node of nodes) this.visit(node);
  }

  /** Nodes without names or scopes of their own. */
  private children(node: AnyNode): void {
    for (const child of Object.values(node) as unknown[])
      if (Array.isArray(child)) {
        for (const element of child) if (isNode(element)) this.visit(element);
      } else if (isNode(child)) this.visit(child);
  }

  private inScope(holdsVar: boolean, body: () => void): void {
    const scope = new Scope(this.scope, holdsVar);
    const parent = this.scope;
    this.scope = scope;
    body();
    this.scope = parent;
    for (const reference of scope.references)
      if (!scope.names.has(reference.name)) parent.references.push(reference);
  }

  private inFunction(body: () => void): void {
    this.depth++;
    this.inScope(true, body);
    this.depth--;
  }

  private function(node: FunctionNode | ArrowFunctionExpression): void {
    this.inFunction(() => {
      if (node.type === 'FunctionExpression' && node.id) this.bind(node.id, false);
      for (const parameter of node.params)
        this.pattern(parameter, (name, shorthand) => this.bind(name, shorthand));
      if (node.body.type === 'BlockStatement') this.all(node.body.body);
      else this.visit(node.body);
    });
  }

  private class(node: Class): void {
    this.inScope(false, () => {
      if (node.id) this.bind(node.id, false);
      this.visit(node.superClass);
      this.all(node.body.body);
    });
  }

  private forEach(node: ForInStatement | ForOfStatement): void {
    this.inScope(false, () => {
      if (node.left.type === 'VariableDeclaration') this.variables(node.left, 'for-each');
      else this.pattern(node.left, null);
      this.visit(node.right);
      this.visit(node.body);
    });
  }

  private variables(node: VariableDeclaration, place: CellDeclaration['place']): void {
    const scope = node.kind === 'var' ? this.varScope() : this.scope;
    const kind = node.kind === 'var' || node.kind === 'let' ? node.kind : 'const';
    const shared: Identifier[] = [];
    const declare: Declare = (name, shorthand) => {
      if (scope === this.top && this.share(name, kind)) {
        shared.push(name);
        this.refer(name, 'declare', shorthand);
      } else this.bind(name, shorthand, scope);
    };
    for (const { id, init } of node.declarations) {
      this.pattern(id, declare);
      this.visit(init);
    }
    if (shared.length > 0) this.declarations.push({ node, place });
  }

  private varScope(): Scope {
    let scope = this.scope;
    while (!scope.holdsVar && scope.parent) scope = scope.parent;
    return scope;
  }

  private declareHere(name: Identifier, kind: NameKind): void {
    if (this.scope !== this.top || !this.share(name, kind)) this.bind(name, false);
  }

  /** Makes a name of the cell one that all cells see, if the person wrote it. */
  private share(name: Identifier, kind: NameKind): boolean {
    const original = this.originalName(name);
    if (original === null) return false;
    this.names.set(original, kind);
    if (original !== name.name) this.aliases.set(name.name, original);
    return true;
  }

  private bind(name: Identifier, shorthand: boolean, scope = this.scope): void {
    scope.names.add(name.name);
    this.identifiers.push({ name: name.name, start: name.start, end: name.end, shorthand });
  }

  /** A target of a declaration, or with `declare` null of an assignment. */
  private pattern(node: Pattern, declare: Declare | null, shorthand = false): void {
    switch (node.type) {
      case 'Identifier':
        if (declare) declare(node, shorthand);
        else this.refer(node, 'write', shorthand);
        break;
      case 'ObjectPattern':
        for (const property of node.properties) {
          if (property.type === 'RestElement') this.pattern(property.argument, declare);
          else {
            if (property.computed) this.visit(property.key);
            this.pattern(property.value, declare, property.shorthand);
          }
        }
        break;
      case 'ArrayPattern':
        for (const element of node.elements) if (element) this.pattern(element, declare);
        break;
      case 'RestElement':
        this.pattern(node.argument, declare);
        break;
      case 'AssignmentPattern':
        this.pattern(node.left, declare, shorthand);
        this.visit(node.right);
        break;
      case 'MemberExpression':
        this.visit(node);
    }
  }

  private target(node: AnyNode): void {
    if (node.type === 'Identifier') this.refer(node, 'write', false);
    else this.visit(node);
  }

  private refer(node: Identifier, role: Reference['role'], shorthand: boolean): void {
    const { name, start, end } = node;
    const place = { captured: this.depth > 0, looped: this.loops > 0 };
    const reference = { name, start, end, role, shorthand, ...place };
    this.scope.references.push(reference);
    this.identifiers.push(reference);
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
