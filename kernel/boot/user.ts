/** How the user process begins: its watchdog starts while the main thread loads the evaluator and the library. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { startWatchdog } from '../runtime/watchdog-thread.js';
import { loadBundle } from './bundle.js';
import { handOver, type Handover } from './handover.js';

// V8 13 (Node 24) takes the interrupt check out of loops around a loop that it unrolls (`for (;;) a.push(new Array(100))`).
// Before any code is loaded: V8 keeps the code of other flags apart.
if (Number(process.versions.v8.split('.')[0]) >= 13) v8.setFlagsFromString('--no-turboshaft-loop-unrolling');

const dist = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const things: Handover = { watchdog: startWatchdog(path.join(dist, 'kernel/runtime/watchdog.cjs')) };
handOver(things);
things.saveCode = loadBundle(dist, 'kernel/bundles/user.cjs').saveCode;
