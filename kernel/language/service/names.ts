/** Which names a cell declares at its top level, types included, and which it mentions. */
import { isReadable, loadCompiler } from '../typescript.js';
import { isObject, listOf, type JsonObject } from './json.js';

export type DeclaredKind =
  'const' | 'let' | 'function' | 'class' | 'interface' | 'type' | 'enum' | 'namespace' | 'import';

export interface CellNames {
  /** False for a text that is no TypeScript. */
  readonly isValid: boolean;
  /** `tsx` for a text with JSX elements, which TypeScript without them reads as comparisons and types. */
  readonly dialect: 'ts' | 'tsx';
  readonly declared: ReadonlyMap<string, DeclaredKind>;
  /** Those of `declared` that the cell's text exports itself. */
  readonly exported: ReadonlySet<string>;
  /** Every word that could be a name. */
  readonly mentioned: ReadonlySet<string>;
  /** What it imports from. */
  readonly modules: readonly string[];
}

/** Longer texts are not parsed for their names, which would hold up everything else. */
const LONGEST_PARSED = 200_000;

/** The end of a JSX element, by which a half-typed text tells that it has one. */
const ELEMENT = /<\/|\/>/;

const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu;

/** Names of a text that may be half-typed: then they are found by the look of its lines. */
export function namesOf(code: string): CellNames {
  const isLong = code.length > LONGEST_PARSED;
  const isParsed = !isLong && isReadable(code);
  const plain = isParsed ? parsedNames(code, 'ts') : null;
  // As the compiler does: JSX only where the text is nothing without it.
  const isJsx = plain === null && ELEMENT.test(code);
  const found = plain ?? (isParsed && isJsx ? parsedNames(code, 'tsx') : null);
  const mentioned = new Set(code.match(WORD) ?? []);
  return {
    ...(found ?? guessedNames(code)),
    mentioned,
    isValid: isLong || found !== null,
    dialect: isJsx ? 'tsx' : 'ts',
  };
}

type Found = Omit<CellNames, 'mentioned' | 'isValid' | 'dialect'>;
function parsedNames(code: string, dialect: CellNames['dialect']): Found | null {
  let body: unknown;
  try {
    const tsx = dialect === 'tsx';
    ({ body } = loadCompiler().parseSync(code, {
      syntax: 'typescript',
      tsx,
      decorators: true,
      target: 'esnext',
    }));
  } catch (error) {
    // Where nothing is to be overridden it is a type error.
    const isStray = String(error).includes("'override' modifier");
    const plain = isStray ? code.replace(/\boverride(?=\s)/g, '') : code;
    return plain === code ? null : parsedNames(plain, dialect);
  }
  const declared = new Map<string, DeclaredKind>();
  const exported = new Set<string>();
  const modules: string[] = [];
  const statement = (node: unknown): void => {
    if (!isObject(node)) return;
    const name = nameIn(node.identifier) ?? nameIn(node.id);
    const kind = KINDS[String(node.type)];
    if (kind !== undefined && name !== undefined) {
      declared.set(name, kind);
      return;
    }
    switch (node.type) {
      case 'ImportDeclaration': {
        if (isObject(node.source)) modules.push(String(node.source.value));
        for (const each of listOf(node.specifiers))
          if (isObject(each)) add(declared, nameIn(each.local), 'import');
        break;
      }
      case 'ExportDeclaration': {
        const before = new Set(declared.keys());
        statement(node.declaration);
        for (const each of declared.keys()) if (!before.has(each)) exported.add(each);
        break;
      }
      case 'VariableDeclaration':
        for (const each of listOf(node.declarations))
          if (isObject(each))
            bound(each.id, (each_) => add(declared, each_, node.kind === 'const' ? 'const' : 'let'));
        break;
      default:
        hoisted(node, (each) => add(declared, each, 'let'));
    }
  };
  for (const node of listOf(body)) statement(node);
  return { declared, exported, modules };
}

const KINDS: Readonly<Partial<Record<string, DeclaredKind>>> = {
  FunctionDeclaration: 'function',
  ClassDeclaration: 'class',
  TsInterfaceDeclaration: 'interface',
  TsTypeAliasDeclaration: 'type',
  TsEnumDeclaration: 'enum',
  TsModuleDeclaration: 'namespace',
  TsImportEqualsDeclaration: 'import',
};

function nameIn(node: unknown): string | undefined {
  return isObject(node) && node.type === 'Identifier' ? String(node.value) : undefined;
}

function add(names: Map<string, DeclaredKind>, name: string | undefined, kind: DeclaredKind): void {
  if (name !== undefined) names.set(name, kind);
}

/** The names that a pattern binds. */
function bound(pattern: unknown, found: (name: string) => void): void {
  if (!isObject(pattern)) return;
  switch (pattern.type) {
    case 'Identifier':
      found(String(pattern.value));
      break;
    case 'ArrayPattern':
      for (const each of listOf(pattern.elements)) bound(each, found);
      break;
    case 'ObjectPattern':
      for (const each of listOf(pattern.properties)) bound(each, found);
      break;
    case 'AssignmentPatternProperty':
      bound(pattern.key, found);
      break;
    case 'KeyValuePatternProperty':
      bound(pattern.value, found);
      break;
    case 'AssignmentPattern':
      bound(pattern.left, found);
      break;
    case 'RestElement':
      bound(pattern.argument, found);
  }
}

/** `var` in blocks and loops; not in functions, whose own it is. */
function hoisted(node: JsonObject, found: (name: string) => void): void {
  if (node.type === 'VariableDeclaration' && node.kind === 'var') {
    for (const each of listOf(node.declarations)) if (isObject(each)) bound(each.id, found);
    return;
  }
  if (/Function|Class|Method|Expression$/.test(String(node.type)) && node.type !== 'ExpressionStatement')
    return;
  for (const value of Object.values(node))
    for (const each of Array.isArray(value) ? value : [value])
      if (isObject(each) && 'type' in each) hoisted(each, found);
}

const DECLARATION =
  /^(?:export\s+)?(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?(const\s+enum|const|let|var|function\s*\*?|class|interface|type|enum|namespace)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gmu;
const PATTERN = /^(?:const|let|var)\s*([[{][^=;]*[\]}])\s*=/gm;
const IMPORT = /^import\s+(?:type\s+)?([^'";]*?)\s*from\s*['"]([^'"\n]*)['"]/gm;

/** Declarations at the beginning of a line, which is where those of the top level are as a rule. */
function guessedNames(code: string): Found {
  const declared = new Map<string, DeclaredKind>();
  const exported = new Set<string>();
  const modules: string[] = [];
  for (const [text, keyword, name] of code.matchAll(DECLARATION)) {
    declared.set(name, GUESSED[keyword.replace(/[\s*]+/g, ' ').trim()] ?? 'let');
    if (text.startsWith('export')) exported.add(name);
  }
  for (const [, pattern] of code.matchAll(PATTERN))
    for (const word of pattern.match(WORD) ?? []) declared.set(word, 'let');
  for (const [, names, from] of code.matchAll(IMPORT)) {
    modules.push(from);
    for (const [, name] of names.matchAll(/([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*(?=[,}]|$)/gu))
      declared.set(name, 'import');
  }
  return { declared, exported, modules };
}

const GUESSED: Readonly<Partial<Record<string, DeclaredKind>>> = {
  const: 'const',
  'const enum': 'enum',
  function: 'function',
  class: 'class',
  interface: 'interface',
  type: 'type',
  enum: 'enum',
  namespace: 'namespace',
};
