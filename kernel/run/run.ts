/** Runs a notebook from the first cell to the last, or to the first error. */
import { parseAssertion, violation, type Assertion } from './assertions.js';
import { DEFAULT_TOLERANCE, differences, storedOutputs, type Difference } from './check/index.js';
import type { KernelClient } from './client.js';
import { Execution } from './execution.js';
import { ExitCode, RunError } from './exit.js';
import { checkLanguage, readNotebook } from './notebook/index.js';
import type { Outcome, RunOptions, RunResult } from './options.js';
import { injectParameters } from './parameters/index.js';
import { placeFor, type Place } from './place.js';
import { recordedValues, type RecordedValue } from './records.js';
import { resumeFrom } from './resume.js';
import { outputFile, Saver } from './saver.js';
import { cellsOutside } from './selection.js';

/**
 * Runs `input` in a kernel of its own and writes the executed notebook. Resolves also when a cell failed, the kernel
 * died or the run was aborted: `exitCode` tells. Throws `RunError` when nothing was run: the notebook cannot be read
 * (3), the output cannot be written (2), the kernel did not start (4).
 */
export async function runNotebook(options: RunOptions): Promise<RunResult> {
  const retries = options.retries ?? 0;
  for (let attempt = 1; ; attempt++) {
    const last = attempt > retries || options.signal?.aborted === true;
    try {
      const result = await runOnce(options);
      if (last || !RETRIED.has(result.exitCode)) return { ...result, attempts: attempt };
      options.reporter?.retrying?.(attempt + 1, retries + 1, result.message ?? '');
    } catch (error) {
      if (last || !(error instanceof RunError) || !RETRIED.has(error.exitCode)) throw error;
      options.reporter?.retrying?.(attempt + 1, retries + 1, error.message);
    }
  }
}

/** What may go better the next time. */
const RETRIED: ReadonlySet<ExitCode> = new Set([
  ExitCode.cellError,
  ExitCode.notStarted,
  ExitCode.timeout,
  ExitCode.died,
]);

async function runOnce(options: RunOptions): Promise<Omit<RunResult, 'attempts'>> {
  const { input, reporter = {} } = options;
  const begun = performance.now();
  const assertions = (options.assertions ?? []).map(parseAssertion);
  const notebook = readNotebook(input);
  // Which language a server's kernel speaks is known when it has been asked.
  if (options.server === undefined)
    checkReadable(input, () => checkLanguage(notebook, options.kernel?.language));
  const stored = options.check === undefined ? undefined : storedOutputs(notebook, input);
  const file = savedFile(options);
  const place = placeFor(options, notebook);
  const outside = cellsOutside(notebook, options);
  await injectParameters(notebook, options.parameters ?? {});
  if (options.resume && file !== undefined) {
    const language = options.kernel?.language ?? 'typescript';
    for (const cell of await resumeFrom(notebook, file, language === 'typescript')) outside.add(cell);
  }
  const cells = notebook.cells.filter((cell) => cell.cell_type === 'code');
  reporter.started?.(input, notebook, cells.length);
  const saver = new Saver(notebook, file, options.stripOutputs);
  const execution = new Execution(notebook, cells, saver, reporter, options, outside);
  try {
    if (execution.isEmpty) execution.skipAll();
    else await execute(execution, place, saver, options);
  } finally {
    await place.close();
    reporter.ended?.();
  }
  await saver.stop();
  const records = recordedValues(notebook);
  const run = cells.filter((cell) => !outside.has(cell));
  const found =
    stored === undefined
      ? []
      : differences(cells, only(stored, run), options.check?.tolerance ?? DEFAULT_TOLERANCE);
  return {
    ...judged(execution.outcome, assertions, records, found),
    output: file,
    notebook,
    records,
    cells: execution.reports,
    differences: found,
    seconds: (performance.now() - begun) / 1000,
  };
}

async function execute(execution: Execution, place: Place, saver: Saver, options: RunOptions): Promise<void> {
  const connecting = place.connect(options.startupTimeout ?? 60_000);
  const client = await unlessAborted(connecting, options.signal);
  try {
    saver.start(options.saveEvery ?? 5000);
    await execution.all(client);
  } finally {
    await client.close();
  }
}

/** Where the executed notebook goes; a check alone leaves no file. */
function savedFile({ input, output, inPlace, check, resume }: RunOptions): string | undefined {
  if (inPlace && output !== undefined)
    throw new RunError(`${output}: --inplace writes to IN, so no OUT can be given`, ExitCode.usage);
  if (check === undefined) return outputFile(input, output, inPlace);
  if (inPlace || resume)
    throw new RunError(
      '--check runs everything and compares: it cannot be joined with --inplace or --resume',
      ExitCode.usage,
    );
  return output === undefined ? undefined : outputFile(input, output);
}

function only<K, V>(map: ReadonlyMap<K, V>, keys: readonly K[]): Map<K, V> {
  const wanted = new Set(keys);
  return new Map([...map].filter(([key]) => wanted.has(key)));
}

/** Throws `RunError` (exit code 3), naming the file, when `check` throws. */
function checkReadable(input: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(`${input}: ${reason}`, ExitCode.unreadable);
  }
}

/** Throws `RunError` as soon as the run is aborted; what is being connected to is let go of. */
async function unlessAborted(
  connecting: Promise<KernelClient>,
  signal: AbortSignal | undefined,
): Promise<KernelClient> {
  if (signal === undefined) return connecting;
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      void connecting.then(
        (client) => client.close(),
        () => undefined,
      );
      reject(new RunError('interrupted while the kernel was starting', ExitCode.interrupted));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([connecting, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** What the assertions and the comparison make of a run that went well. */
function judged(
  outcome: Outcome,
  assertions: Assertion[],
  records: Map<string, RecordedValue>,
  found: readonly Difference[],
): Outcome {
  if (outcome.exitCode !== ExitCode.ok) return outcome;
  const violations = assertions.map((one) => violation(one, records)).filter((one) => one !== undefined);
  const different = found.map(({ number, message }) => `cell ${number}: ${message}`);
  const wrong = [
    ...(violations.length > 0 ? [`not as asserted: ${violations.join('; ')}`] : []),
    ...(different.length > 0 ? [`not as stored: ${different.join('; ')}`] : []),
  ];
  return wrong.length === 0 ? outcome : { exitCode: ExitCode.assertion, message: wrong.join('; ') };
}
