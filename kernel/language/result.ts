/** Which statement of a cell gives its result. */
import type { ExpressionStatement, Program } from 'acorn';
import { extended, extendedBy } from './rewrite.js';
import type { CompilerSettings } from './tsconfig.js';
import { check, type Translated } from './typescript.js';

/** The last expression, unless a semicolon after it hides it or something else follows it in the person's text. */
export function resultOf(
  code: string,
  { program, isExpression, sourceOffset }: Translated,
  settings?: CompilerSettings,
): ExpressionStatement | null {
  const last = lastStatement(program);
  if (last?.type !== 'ExpressionStatement') return null;
  const from = sourceOffset(last.start);
  if (from < 0) return null;
  // What the compiler makes of a namespace looks like a call.
  if (extendedBy(last.expression) !== null && !code.startsWith('(', from)) return null;
  return isExpression || endsWithExpression(code, settings) ? last : null;
}

function lastStatement(program: Program): Program['body'][number] | undefined {
  const namespaces = extended(program);
  const statements = program.body.filter((node) => {
    if (node.type === 'EmptyStatement') return false;
    // The compiler declares a namespace of several blocks at the end.
    if (node.type !== 'VariableDeclaration' || node.kind !== 'var') return true;
    return !node.declarations.every(
      ({ id, init }) => !init && id.type === 'Identifier' && namespaces.has(id.name),
    );
  });
  let last = statements.at(-1);
  while (last?.type === 'FunctionDeclaration') {
    // Functions after a `using` block are put there by the compiler.
    statements.pop();
    last = statements.at(-1);
    if (last?.type !== 'TryStatement') return undefined;
  }
  if (last?.type !== 'TryStatement' || !isUsing(program)) return last;
  return last.block.body.filter(({ type }) => type !== 'EmptyStatement').at(-1);
}

/** `using` becomes `const env = { stack: [], error: …, hasError: … }; try { … } …` around the whole cell. */
function isUsing(program: Program): boolean {
  return program.body.some(
    (node) => node.type === 'FunctionDeclaration' && node.id.name.startsWith('_ts_dispose_resources'),
  );
}

/** Words that may begin something that leaves nothing in JavaScript. */
const ERASED = /\b(?:interface|type|declare|namespace|module|abstract|function|import|export|enum)\b/;

/** Whether the text ends, but for comments, with an expression and no semicolon. */
function endsWithExpression(code: string, settings: CompilerSettings | undefined): boolean {
  const text = code.trimEnd();
  const lastLine = text.slice(text.lastIndexOf('\n') + 1);
  const simple = !lastLine.includes('//') && !text.endsWith('*/');
  if (simple && text.endsWith(';')) return false;
  if (simple && !ERASED.test(code)) return true;
  // The exact test: only after an expression can a comma go on.
  return check(`${code}\n, 0`, settings) === null;
}
