/** Runs a notebook from the first cell to the last, or to the first error. */
import { parseAssertion, violation, type Assertion } from './assertions.js';
import type { KernelClient } from './client.js';
import { Execution } from './execution.js';
import { ExitCode, RunError } from './exit.js';
import { checkLanguage, readNotebook } from './notebook/index.js';
import type { Outcome, RunOptions, RunResult } from './options.js';
import { injectParameters } from './parameters/index.js';
import { placeFor } from './place.js';
import { recordedValues, type RecordedValue } from './records.js';
import { outputFile, Saver } from './saver.js';
import { cellsOutside } from './selection.js';

/**
 * Runs `input` in a kernel of its own and writes the executed notebook. Resolves also when a cell failed, the kernel
 * died or the run was aborted: `exitCode` tells. Throws `RunError` when nothing was run: the notebook cannot be read
 * (3), the output cannot be written (2), the kernel did not start (4).
 */
export async function runNotebook(options: RunOptions): Promise<RunResult> {
  const { input, reporter = {} } = options;
  const begun = performance.now();
  const assertions = (options.assertions ?? []).map(parseAssertion);
  const notebook = readNotebook(input);
  // Which language a server's kernel speaks is known when it has been asked.
  if (options.server === undefined)
    checkReadable(input, () => checkLanguage(notebook, options.kernel?.language));
  if (options.inPlace && options.output !== undefined)
    throw new RunError(`${options.output}: --inplace writes to IN, so no OUT can be given`, ExitCode.usage);
  const file = outputFile(input, options.output, options.inPlace);
  const place = placeFor(options, notebook);
  const outside = cellsOutside(notebook, options);
  await injectParameters(notebook, options.parameters ?? {});
  const cells = notebook.cells.filter((cell) => cell.cell_type === 'code');
  reporter.started?.(input, notebook, cells.length);
  const saver = new Saver(notebook, file, options.stripOutputs);
  const execution = new Execution(notebook, cells, saver, reporter, options, outside);
  try {
    const connecting = place.connect(options.startupTimeout ?? 60_000);
    const client = await unlessAborted(connecting, options.signal);
    try {
      saver.start(options.saveEvery ?? 5000);
      await execution.all(client);
    } finally {
      await client.close();
    }
  } finally {
    await place.close();
    reporter.ended?.();
  }
  saver.stop();
  const records = recordedValues(notebook);
  return {
    ...judged(execution.outcome, assertions, records),
    output: file,
    notebook,
    records,
    cells: execution.reports,
    seconds: (performance.now() - begun) / 1000,
  };
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

/** What the assertions make of a run that went well. */
function judged(outcome: Outcome, assertions: Assertion[], records: Map<string, RecordedValue>): Outcome {
  const violations = assertions.map((one) => violation(one, records)).filter((one) => one !== undefined);
  if (outcome.exitCode !== ExitCode.ok || violations.length === 0) return outcome;
  return { exitCode: ExitCode.assertion, message: `not as asserted: ${violations.join('; ')}` };
}
