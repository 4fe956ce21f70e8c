/** How the thread of the language service begins: somebody waits for the answer to the first question. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadBundle } from './bundle.js';
import { handOver, type Handover } from './handover.js';

const dist = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const things: Handover = {};
handOver(things);
things.saveCode = loadBundle(dist, 'kernel/bundles/language.cjs').saveCode;
