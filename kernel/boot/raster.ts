/** How the thread that draws charts begins: a training loop may end before it could have compiled its code. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadBundle } from './bundle.js';
import { handOver, type Handover } from './handover.js';

const dist = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const things: Handover = {};
handOver(things);
things.saveCode = loadBundle(dist, 'kernel/bundles/raster.cjs').saveCode;
