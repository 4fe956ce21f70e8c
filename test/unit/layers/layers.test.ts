/** The layers of `kernel/`: which folder may import which. A wrong import is named with its file. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What the files of a folder may import of the package, besides their own folder. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  // Sockets and frames; the envelope, and nothing of what is in it.
  'kernel/transport': ['kernel/protocol/json', 'kernel/protocol/message'],
  'kernel/protocol': ['kernel/display/mime', 'kernel/display/host'],
  'kernel/dispatch': [
    'kernel/protocol',
    'kernel/transport/transport',
    'kernel/session/session',
    'kernel/runtime/frames',
    'kernel/language/version',
    'kernel/language/brackets',
    'kernel/language/magics',
    'kernel/language/service/contract',
    'kernel/display/mime',
    'kernel/install/paths',
    'kernel/debug',
  ],
  'kernel/debug': ['kernel/protocol', 'kernel/session/session', 'kernel/language', 'kernel/install/paths'],
  'kernel/session': ['kernel/runtime', 'kernel/language', 'kernel/display', 'kernel/install/paths'],
  'kernel/runtime': [
    'kernel/boot/handover',
    'kernel/boot/heap-collector',
    'kernel/display',
    'kernel/language',
    'kernel/api',
    'kernel/protocol/json',
    'kernel/install/paths',
    'core',
  ],
  'kernel/language': ['kernel/install/paths'],
  'kernel/display': ['core'],
  'kernel/widgets': ['kernel/display'],
  'kernel/plots': [
    'kernel/boot/handover',
    'kernel/boot/thread-priority',
    'kernel/display',
    'kernel/install/paths',
    'core',
  ],
};

/** Only these know what a socket is; the doctor looks whether there can be any. */
const SOCKETS = ['kernel/transport', 'kernel/run', 'kernel/install/doctor.ts'];

interface Import {
  readonly file: string;
  /** The imported file without its ending, from the root on; or the name of a package. */
  readonly target: string;
  readonly isPackage: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.join(folder, name));
}

function importsOf(folder: string): Import[] {
  return sources(folder).flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    const specifiers = text.matchAll(
      /^(?:import|export)\b[^'"]*?from '([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gm,
    );
    return [...specifiers].map((match) => {
      const name = match.slice(1).find(Boolean) ?? '';
      const isPackage = !name.startsWith('.');
      const target = isPackage ? name : path.join(path.dirname(file), name).replace(/\.js$/, '');
      return { file, target, isPackage };
    });
  });
}

const isBelow = (target: string, folder: string) => target === folder || target.startsWith(`${folder}/`);

describe.each(Object.entries(ALLOWED))('%s', (folder, allowed) => {
  const imports = importsOf(folder);

  test('imports only what lies below it', () => {
    expect(imports.length).toBeGreaterThan(0);
    const wrong = imports.filter(
      ({ target, isPackage }) => !isPackage && ![folder, ...allowed].some((each) => isBelow(target, each)),
    );
    expect(wrong).toEqual([]);
  });
});

test('sockets are known to the transport and to the runner only', () => {
  const folders = readdirSync(path.join(root, 'kernel'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `kernel/${name}`);
  const users = [...folders, 'core']
    .flatMap(importsOf)
    .filter(
      ({ target }) => target === 'zeromq' || target === 'ws' || target.startsWith('@jupyterlab/services'),
    );
  expect(users.length).toBeGreaterThan(0);
  expect(users.filter(({ file }) => !SOCKETS.some((folder) => isBelow(file, folder)))).toEqual([]);
});
