/** Gives a notebook's parameters their values, in a cell of its own as papermill does. */
import { randomUUID } from 'node:crypto';
import { ExitCode, RunError } from '../exit.js';
import { checkLanguage, type CodeCell, type Notebook } from '../notebook/index.js';
import { declaredParameters, parametersCell, type DeclaredParameter } from './declared.js';
import { pythonLiteral, pythonParameters } from './python.js';
import { hasUnknown, isRecord, typeText, valueText } from './types.js';
import { checkParameters, type GivenParameters, type SetParameter } from './values.js';

export const INJECTED_TAG = 'injected-parameters';

/** The parameters of a notebook. Throws `RunError` (exit code 2) when it declares none that can be read. */
export async function parametersOf(notebook: Notebook): Promise<DeclaredParameter[]> {
  const isPython = inPython(notebook);
  try {
    if (!isPython) checkLanguage(notebook);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(
      `parameters are read from TypeScript and Python, and this is ${reason}`,
      ExitCode.usage,
    );
  }
  const cell = parametersCell(notebook);
  if (cell === undefined)
    throw new RunError('the notebook has no cell tagged "parameters" that would declare any', ExitCode.usage);
  return isPython ? pythonParameters(cell.source) : declaredParameters(cell.source);
}

/**
 * Puts a cell with the given values behind the cell tagged `parameters`, in place of what an earlier run put there.
 * Throws `RunError` (exit code 2) for unknown names and values of a wrong type; the notebook is as it was then.
 */
export async function injectParameters(notebook: Notebook, given: GivenParameters): Promise<void> {
  if (Object.keys({ ...given.values, ...given.texts }).length === 0) return;
  const set = checkParameters(await parametersOf(notebook), given);
  const cells = notebook.cells.filter((cell) => !(cell.metadata.tags?.includes(INJECTED_TAG) ?? false));
  const declaring = parametersCell(notebook);
  const cell: CodeCell = {
    ...(notebook.nbformat_minor >= 5 && { id: randomUUID().slice(0, 8) }),
    cell_type: 'code',
    metadata: { tags: [INJECTED_TAG] },
    source: inPython(notebook)
      ? [
          '# Parameters',
          ...set.map(({ parameter, value }) => `${parameter.name} = ${pythonLiteral(value)}`),
        ].join('\n')
      : ['// Parameters', ...set.map(statement)].join('\n'),
    outputs: [],
    execution_count: null,
  };
  cells.splice(cells.findIndex((one) => one === declaring) + 1, 0, cell);
  notebook.cells = cells;
}

const inPython = ({ metadata }: Notebook): boolean =>
  (metadata.kernelspec?.language ?? metadata.language_info?.name)?.toLowerCase() === 'python';

function statement({ parameter: { name, keyword, type, annotated }, value }: SetParameter): string {
  const annotation = annotated && !hasUnknown(type) ? `: ${typeText(type)}` : '';
  return `${keyword} ${name}${annotation} = ${literal(value)};`;
}

/** A value as an expression: JSON, but for numbers that JSON has none for. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (isRecord(value)) {
    const fields = Object.entries(value).map(
      // As a computed key, `__proto__` is a field like others.
      ([key, field]) => `${key === '__proto__' ? '["__proto__"]' : JSON.stringify(key)}: ${literal(field)}`,
    );
    return `{ ${fields.join(', ')} }`;
  }
  return valueText(value);
}
