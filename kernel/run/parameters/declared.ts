/** The parameters that a notebook declares: the top-level variables of its cell tagged `parameters`. */
import type {
  Expression,
  ModuleItem,
  TsInterfaceDeclaration,
  TsType,
  TsTypeElement,
  VariableDeclarator,
} from '@swc/core';
import { ExitCode, RunError } from '../exit.js';
import type { CodeCell, Notebook } from '../notebook/index.js';
import { typeText, type ParameterType } from './types.js';

export interface DeclaredParameter {
  name: string;
  keyword: 'const' | 'let' | 'var';
  type: ParameterType;
  /** The type was written, not taken from the value. */
  annotated: boolean;
  /** The value it has without being given one; undefined when there is none or it is computed. */
  initial?: { value: unknown } | 'computed';
  /** What the comment behind it says. */
  comment?: string;
}

export const PARAMETERS_TAG = 'parameters';

/** The first code cell with the tag. */
export function parametersCell(notebook: Notebook): CodeCell | undefined {
  return notebook.cells.find(
    (cell): cell is CodeCell =>
      cell.cell_type === 'code' && (cell.metadata.tags?.includes(PARAMETERS_TAG) ?? false),
  );
}

/** What the text of a parameters cell declares. Throws `RunError` (exit code 2) when it is not TypeScript. */
export async function declaredParameters(source: string): Promise<DeclaredParameter[]> {
  const body = await parsed(source);
  if (body === null)
    throw new RunError(
      'the cell tagged "parameters" is not valid TypeScript: open the notebook and run the cell to see where',
      ExitCode.usage,
    );
  const aliases = new Aliases(body);
  const comments = commentsBehind(source);
  return body.flatMap((item) => {
    const declaration = item.type === 'ExportDeclaration' ? item.declaration : item;
    if (declaration.type !== 'VariableDeclaration' || declaration.declare) return [];
    return declaration.declarations.flatMap((declarator) => {
      const parameter = declared(declarator, declaration.kind, aliases);
      const comment = parameter && comments.get(parameter.name);
      return parameter === undefined ? [] : [{ ...parameter, ...(comment !== undefined && { comment }) }];
    });
  });
}

/** Null: it is no TypeScript, or nothing that the compiler could read and come back. */
async function parsed(source: string): Promise<ModuleItem[] | null> {
  const { isReadable, loadCompiler } = await import('../../language/typescript.js');
  if (!isReadable(source)) return null;
  try {
    return loadCompiler().parseSync(source, { syntax: 'typescript', decorators: true }).body;
  } catch {
    return null;
  }
}

function declared(
  { id, init }: VariableDeclarator,
  keyword: DeclaredParameter['keyword'],
  aliases: Aliases,
): DeclaredParameter | undefined {
  // A destructuring pattern takes several values from one: nothing to give a value to by name.
  if (id.type !== 'Identifier') return undefined;
  const written =
    'typeAnnotation' in id && isAnnotation(id.typeAnnotation)
      ? id.typeAnnotation.typeAnnotation
      : assertedType(init);
  const constant = init && constantOf(init);
  const inferred = constant ? widened(constant.value) : { kind: 'unknown' as const };
  return {
    name: id.value,
    keyword,
    type: written === undefined ? inferred : aliases.type(written),
    annotated: written !== undefined,
    ...(init && { initial: constant ?? 'computed' }),
  };
}

const isAnnotation = (value: unknown): value is { typeAnnotation: TsType } =>
  typeof value === 'object' && value !== null && 'typeAnnotation' in value;

/** The type in `value as T` and `value satisfies T`. */
function assertedType(init: Expression | undefined): TsType | undefined {
  return init?.type === 'TsAsExpression' || init?.type === 'TsSatisfiesExpression'
    ? init.typeAnnotation
    : undefined;
}

/** Types that the cell names itself, so that `type Optimizer = 'sgd' | 'adam'` can be checked. */
class Aliases {
  readonly #types = new Map<string, TsType | TsInterfaceDeclaration>();
  /** Names being looked into: a type that contains itself is not followed. */
  readonly #open = new Set<string>();

  constructor(body: readonly ModuleItem[]) {
    for (const item of body) {
      const declaration = item.type === 'ExportDeclaration' ? item.declaration : item;
      if (declaration.type === 'TsTypeAliasDeclaration' && !declaration.typeParams)
        this.#types.set(declaration.id.value, declaration.typeAnnotation);
      if (
        declaration.type === 'TsInterfaceDeclaration' &&
        !declaration.typeParams &&
        declaration.extends.length === 0
      )
        this.#types.set(declaration.id.value, declaration);
    }
  }

  type(type: TsType): ParameterType {
    switch (type.type) {
      case 'TsKeywordType':
        if (type.kind === 'number' || type.kind === 'string' || type.kind === 'boolean')
          return { kind: type.kind };
        if (type.kind === 'null') return { kind: 'literal', value: null };
        break;
      case 'TsLiteralType': {
        const { literal } = type;
        if (
          literal.type === 'StringLiteral' ||
          literal.type === 'NumericLiteral' ||
          literal.type === 'BooleanLiteral'
        )
          return { kind: 'literal', value: literal.value };
        break;
      }
      case 'TsArrayType':
        return { kind: 'array', item: this.type(type.elemType) };
      case 'TsTupleType':
        if (type.elemTypes.some(({ ty }) => ty.type === 'TsRestType' || ty.type === 'TsOptionalType')) break;
        return { kind: 'tuple', items: type.elemTypes.map(({ ty }) => this.type(ty)) };
      case 'TsUnionType': {
        // `undefined` cannot be given: to leave a parameter out is to keep its value.
        const types = type.types.filter((one) => one.type !== 'TsKeywordType' || one.kind !== 'undefined');
        return types.length === 1
          ? this.type(types[0])
          : { kind: 'union', types: types.map((one) => this.type(one)) };
      }
      case 'TsParenthesizedType':
        return this.type(type.typeAnnotation);
      case 'TsTypeOperator':
        if (type.op === 'readonly') return this.type(type.typeAnnotation);
        break;
      case 'TsTypeLiteral':
        return this.#object(type.members);
      case 'TsTypeReference':
        if (type.typeName.type === 'Identifier')
          return this.#reference(type.typeName.value, type.typeParams?.params);
        break;
      default:
    }
    return { kind: 'unknown' };
  }

  #reference(name: string, params: readonly TsType[] = []): ParameterType {
    const [head, value] = params;
    if ((name === 'Array' || name === 'ReadonlyArray') && params.length === 1)
      return { kind: 'array', item: this.type(head) };
    if (name === 'Readonly' && params.length === 1) return this.type(head);
    if (name === 'Record' && params.length === 2 && this.type(head).kind === 'string')
      return { kind: 'record', value: this.type(value) };
    const known = this.#types.get(name);
    if (known === undefined || this.#open.has(name)) return { kind: 'unknown' };
    this.#open.add(name);
    const type = known.type === 'TsInterfaceDeclaration' ? this.#object(known.body.body) : this.type(known);
    this.#open.delete(name);
    return type;
  }

  #object(members: readonly TsTypeElement[]): ParameterType {
    const fields = new Map<string, { type: ParameterType; optional: boolean }>();
    for (const member of members) {
      if (member.type !== 'TsPropertySignature' || !member.typeAnnotation) return { kind: 'unknown' };
      const { key } = member;
      if (key.type !== 'Identifier' && key.type !== 'StringLiteral') return { kind: 'unknown' };
      fields.set(key.value, {
        type: this.type(member.typeAnnotation.typeAnnotation),
        optional: member.optional,
      });
    }
    return { kind: 'object', fields };
  }
}

/** The value of an expression that is written out; undefined when it has to be computed. */
function constantOf(expression: Expression): { value: unknown } | undefined {
  switch (expression.type) {
    case 'NumericLiteral':
    case 'StringLiteral':
    case 'BooleanLiteral':
      return { value: expression.value };
    case 'NullLiteral':
      return { value: null };
    case 'Identifier':
      return expression.value === 'NaN' || expression.value === 'Infinity'
        ? { value: Number(expression.value) }
        : undefined;
    case 'TemplateLiteral':
      return expression.quasis.length === 1 ? { value: expression.quasis[0].cooked ?? '' } : undefined;
    case 'UnaryExpression': {
      const value = constantOf(expression.argument)?.value;
      if (typeof value !== 'number') return undefined;
      return expression.operator === '-'
        ? { value: -value }
        : expression.operator === '+'
          ? { value }
          : undefined;
    }
    case 'ParenthesisExpression':
    case 'TsConstAssertion':
    case 'TsAsExpression':
    case 'TsSatisfiesExpression':
      return constantOf(expression.expression);
    case 'ArrayExpression': {
      const items = expression.elements.map((element) =>
        element && !element.spread ? constantOf(element.expression) : undefined,
      );
      return items.every((item) => item !== undefined)
        ? { value: items.map(({ value }) => value) }
        : undefined;
    }
    case 'ObjectExpression': {
      const fields: [string, unknown][] = [];
      for (const property of expression.properties) {
        if (property.type !== 'KeyValueProperty') return undefined;
        const { key } = property;
        const value = constantOf(property.value);
        if ((key.type !== 'Identifier' && key.type !== 'StringLiteral') || value === undefined)
          return undefined;
        fields.push([key.value, value.value]);
      }
      return { value: Object.fromEntries(fields) };
    }
    default:
      return undefined;
  }
}

function kindOf(value: number | string | boolean): 'number' | 'string' | 'boolean' {
  return typeof value === 'number' ? 'number' : typeof value === 'string' ? 'string' : 'boolean';
}

/** The type that TypeScript gives to `let x = value`. */
function widened(value: unknown): ParameterType {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
    return { kind: kindOf(value) };
  if (Array.isArray(value)) {
    const types = value.map((item: unknown) => widened(item));
    const items = new Map(types.map((type) => [typeText(type), type]));
    if (items.size === 0) return { kind: 'array', item: { kind: 'unknown' } };
    const [item] = items.values();
    return { kind: 'array', item: items.size === 1 ? item : { kind: 'union', types: [...items.values()] } };
  }
  if (typeof value === 'object' && value !== null)
    return {
      kind: 'object',
      fields: new Map(
        Object.entries(value).map(([name, field]) => [name, { type: widened(field), optional: false }]),
      ),
    };
  return { kind: 'unknown' };
}

/** Comments at the ends of lines that declare one variable, by its name. */
function commentsBehind(source: string): Map<string, string> {
  const comments = new Map<string, string>();
  for (const line of source.split('\n')) {
    const name = /^\s*(?:export\s+)?(?:const|let|var)\s+([\p{L}\d_$]+)/u.exec(line)?.[1];
    // Texts may hold two slashes too.
    const comment = /^(?:[^'"`/]|'[^']*'|"[^"]*"|`[^`]*`|\/(?!\/))*\/\/(.*)$/.exec(line)?.[1].trim();
    if (name !== undefined && comment) comments.set(name, comment);
  }
  return comments;
}
