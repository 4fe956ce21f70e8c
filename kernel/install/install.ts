/** `nabla install` and `nabla uninstall`: writes and removes the kernelspec, without Python. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DEFAULT_NAME, findSpecs, ownSpec, readSpec, validName } from './kernelspec.js';
import { distFile, prefixDataDir, userDataDir } from './paths.js';
import { activePrefix } from './prefix.js';

/** Which of Jupyter's folders is meant; the user's when nothing is given. */
export interface Destination {
  user?: boolean | undefined;
  sysPrefix?: boolean | undefined;
  prefix?: string | undefined;
}

export interface InstallOptions extends Destination {
  name?: string | undefined;
  displayName?: string | undefined;
}

export const LOGOS = ['logo-32x32.png', 'logo-64x64.png', 'logo-svg.svg'] as const;

/**
 * Writes the kernelspec of this build and returns its folder. What was there under that name is replaced in one step:
 * a Jupyter that looks meanwhile sees the old or the new one, whole.
 */
export async function install(options: InstallOptions = {}): Promise<string> {
  const name = validName(options.name ?? DEFAULT_NAME);
  if (!existsSync(distFile('kernel/main.cjs')))
    throw new Error(`the kernel is not built (${distFile('kernel/main.cjs')} is missing): run npm run build`);
  const data = dataDir(options);
  const folder = path.join(data, 'kernels', name);
  await mkdir(path.dirname(folder), { recursive: true });
  // Beside `kernels`, not in it: a half-written kernelspec must not be listed.
  const staging = await mkdtemp(path.join(data, '.nabla-'));
  try {
    const fresh = path.join(staging, 'new');
    await mkdir(fresh);
    const spec = JSON.stringify(ownSpec(options.displayName), null, 2);
    await writeFile(path.join(fresh, 'kernel.json'), `${spec}\n`);
    for (const logo of LOGOS) await copyFile(distFile(`kernel/logos/${logo}`), path.join(fresh, logo));
    if (existsSync(folder)) await rename(folder, path.join(staging, 'old'));
    await rename(fresh, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return folder;
}

/** Removes the kernelspec and returns the folder it was in. Throws, naming other places, when it is not there. */
export async function uninstall(options: InstallOptions = {}): Promise<string> {
  const name = validName(options.name ?? DEFAULT_NAME);
  const folder = path.join(dataDir(options), 'kernels', name);
  if (readSpec(folder) === undefined) {
    const elsewhere = findSpecs(activePrefix()).filter((found) => found.name === name);
    const hint = elsewhere.map((found) => `; there is one in ${found.folder}`).join('');
    throw new Error(`no kernel "${name}" is installed in ${path.dirname(folder)}${hint}`);
  }
  await rm(folder, { recursive: true });
  return folder;
}

function dataDir({ user, sysPrefix, prefix }: Destination): string {
  if ([user, sysPrefix, prefix !== undefined].filter(Boolean).length > 1)
    throw new Error('give only one of --user, --sys-prefix and --prefix');
  if (prefix !== undefined) return prefixDataDir(path.resolve(prefix));
  if (!sysPrefix) return userDataDir();
  const active = activePrefix();
  if (active === undefined)
    throw new Error(
      '--sys-prefix: no active virtual or conda environment and no python3 on the PATH; use --user, or --prefix DIR',
    );
  return prefixDataDir(active);
}
