/** How the kernel process begins: the user process boots while this one loads its own bundle. */
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { spawnUserProcess } from '../session/spawn.js';
import { loadBundle } from './bundle.js';
import { handOver, type Handover } from './handover.js';

// Messages live for a moment: more room for young objects would be 30 MB for nothing. Before any code is loaded, since V8
// keeps the code of other flags apart.
v8.setFlagsFromString('--semi-space-growth-factor=1');

const dist = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const things: Handover = {
  user: spawnUserProcess(path.join(dist, 'kernel/runtime/main.js'), currentFolder(), process.env),
};
handOver(things);
things.saveCode = loadBundle(dist, 'kernel/bundles/kernel.cjs').saveCode;

function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    // It has been deleted.
    return os.homedir();
  }
}
