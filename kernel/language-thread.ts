/** The thread of the language service, which the kernel process begins with the first question about types. */
import { isMainThread, parentPort } from 'node:worker_threads';
import { takeOver } from './boot/handover.js';
import { LOW, setThreadPriority } from './boot/thread-priority.js';
import { createLanguageService } from './language/service/index.js';
import type { ToThread } from './language/service/messages.js';
import { serveLanguage } from './language/service/thread.js';
import { completeReply } from './protocol/introspection.js';
import { toJson } from './protocol/json.js';

/** When the code that the first questions have compiled is kept for the next start: nobody waits for anything then. */
const SAVE_MS = 5000;

const port = parentPort;
if (isMainThread || port === null) throw new Error('this is the thread of a kernel and no program');
setThreadPriority(LOW);
const begun = takeOver();
const encoder = new TextEncoder();
const receive = serveLanguage({
  post: (message, transfer) => port.postMessage(message, transfer),
  create: (isDefined) => createLanguageService({ folder: process.cwd(), isDefined }),
  write: (code, offset, start, entries) =>
    encoder.encode(toJson(completeReply(code, offset, start, entries))),
  ended: () => port.close(),
});
port.on('message', (message: ToThread) => receive(message));
setTimeout(() => begun.saveCode?.(), SAVE_MS).unref();
