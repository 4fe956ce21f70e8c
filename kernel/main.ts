/**
 * The kernel process: `node dist/kernel/main.cjs <connection file>`. It owns the sockets and never runs user code. What
 * it needs to answer is loaded first, everything else beside it.
 */
import { takeOver } from './boot/handover.js';
import { historyStore } from './dispatch/history-files.js';
import { distFile, packageVersion } from './install/paths.js';
import { Kernel } from './dispatch/index.js';
import { isTypecheckMode } from './language/magics/index.js';
import type { Session } from './session/session.js';
import { languageClient } from './language/service/client.js';
import { startWorker } from './language/service/worker.js';
import { watchParent } from './parent.js';
import { ConnectionError, readConnectionFile, ZeroMqTransport } from './transport/index.js';

const USAGE = 'usage: node dist/kernel/main.cjs [-f | --connection-file] <connection file>';

function log(text: string): void {
  process.stderr.write(`nabla: ${text}\n`);
}

function connectionFile(args: readonly string[]): string {
  const [first, second] = [args.at(0), args.at(1)];
  const file =
    first === '-f' || first === '--connection-file'
      ? second
      : first?.startsWith('--connection-file=')
        ? first.slice('--connection-file='.length)
        : first;
  if (file === undefined || file === '')
    throw new ConnectionError(`no connection file given; ${USAGE}. A Jupyter client passes it`);
  return file;
}

/** When the code that the start has compiled is kept for the next one: nobody waits for anything then. */
const SAVE_MS = 5000;

const begun = takeOver();

async function main(): Promise<void> {
  const info = readConnectionFile(connectionFile(process.argv.slice(2)));
  let session: Session | undefined;
  const kernel = new Kernel({
    transport: new ZeroMqTransport(info, log),
    startSession: async (events) => {
      const { startSession } = await import('./session/index.js');
      return (session = await startSession({ cwd: process.cwd(), events, first: begun.user }));
    },
    language: languageClient({
      start: (events) => startWorker(distFile('kernel/language/service-thread.cjs'), events),
      isDefined: async (name) => {
        const scope = await session?.look?.([], name);
        return scope?.members.some((each) => each.name === name) ?? false;
      },
    }),
    typesMs: Number(process.env.NABLA_TYPES_MS) || undefined,
    typecheck: isTypecheckMode(process.env.NABLA_TYPECHECK) ? process.env.NABLA_TYPECHECK : 'auto',
    isComplete: async (code) => {
      const { isComplete } = await import('./language/index.js');
      return isComplete(code);
    },
    version: packageVersion(),
    historyStore: historyStore(process.env.NABLA_HISTORY, log),
    // The runner reads all that comes, and must not miss any of it.
    pacing: process.env.NABLA_OUTPUT_PACING === 'none' ? 'none' : 'jupyter_server',
    log,
    ended: () => exit(0),
  });
  const exit = (code: number): void => {
    begun.saveCode?.();
    process.exit(code);
  };
  const end = (code: number) => void kernel.stop().then(() => exit(code));
  // The connection outlives a mistake of ours: a notebook's state is worth more than a clean exit.
  process.on('uncaughtException', (error) => log(`internal error: ${error.stack ?? error.message}`));
  process.on('SIGINT', () => void kernel.interrupt());
  process.on('SIGTERM', () => end(0));
  process.on('SIGHUP', () => end(0));
  watchParent(process.env.JPY_PARENT_PID, () => end(1));
  await kernel.start();
  setTimeout(() => begun.saveCode?.(), SAVE_MS).unref();
}

main().catch((error: unknown) => {
  log(
    error instanceof ConnectionError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error),
  );
  process.exit(1);
});
