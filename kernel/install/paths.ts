/**
 * Where things are: this package's own files, and the folders in which Jupyter looks for kernelspecs. The latter
 * follow jupyter_core's `paths.py`, so that what is installed here without Python is found there.
 */
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

let root: string | undefined;

/**
 * The folder that holds this package's `package.json`. Code is bundled into shared chunks, so the depth of a module
 * below it is only known at run time: walk up.
 */
export function packageRoot(): string {
  if (root !== undefined) return root;
  const start = path.dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = path.dirname(folder)) {
    if (isOwnPackage(path.join(folder, 'package.json'))) return (root = folder);
    if (folder === path.dirname(folder))
      throw new Error(`packageRoot: no package.json of nabla in a folder above ${start}`);
  }
}

function isOwnPackage(file: string): boolean {
  if (!existsSync(file)) return false;
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'name' in manifest && manifest.name === 'nabla';
}

/** The absolute path of a built file, named relative to `dist/`: `distFile('kernel/main.cjs')`. */
export function distFile(rel: string): string {
  return path.join(packageRoot(), 'dist', rel);
}

/** The version in this package's `package.json`. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    if (typeof manifest.version === 'string') return manifest.version;
  throw new Error(`${packageRoot()}/package.json has no version`);
}

/** What the rules depend on; a test passes its own. */
export interface Host {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
}

/** This machine. */
export function thisHost(): Host {
  return { platform: process.platform, env: process.env, home: os.homedir() };
}

const pathOf = (host: Host): path.PlatformPath => (host.platform === 'win32' ? path.win32 : path.posix);

const joinOn =
  (host: Host) =>
  (...parts: string[]): string =>
    pathOf(host).join(...parts);

/** jupyter_core's truth of an environment variable: set and neither `no`, `n`, `false`, `off`, `0` nor `0.0`. */
function envTrue(host: Host, name: string): boolean {
  const value = host.env[name]?.toLowerCase();
  return value !== undefined && !['no', 'n', 'false', 'off', '0', '0.0'].includes(value);
}

/** The user's data folder (`jupyter --data-dir`): kernelspecs lie in its `kernels/`. */
export function userDataDir(host: Host = thisHost()): string {
  const { env, home, platform } = host;
  const join = joinOn(host);
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
  const platformDirs = envTrue(host, 'JUPYTER_PLATFORM_DIRS');
  switch (platform) {
    case 'darwin':
      return platformDirs
        ? join(home, 'Library', 'Application Support', 'Jupyter')
        : join(home, 'Library', 'Jupyter');
    case 'win32':
      if (platformDirs) return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'Jupyter');
      return env.APPDATA ? join(env.APPDATA, 'jupyter') : join(userConfigDir(host), 'data');
    default:
      return join(nonEmpty(env.XDG_DATA_HOME) ?? join(home, '.local', 'share'), 'jupyter');
  }
}

/** The user's configuration folder (`jupyter --config-dir`). */
function userConfigDir(host: Host): string {
  return nonEmpty(host.env.JUPYTER_CONFIG_DIR) ?? joinOn(host)(host.home, '.jupyter');
}

/** The data folder of a Python environment or of any other installation prefix. */
export function prefixDataDir(prefix: string, host: Host = thisHost()): string {
  return joinOn(host)(prefix, 'share', 'jupyter');
}

/** The data folders for all users of the machine. */
export function systemDataDirs(host: Host = thisHost()): string[] {
  const { env, platform } = host;
  if (platform === 'win32')
    // Every user can write there, so Jupyter trusts it only when told to.
    return envTrue(host, 'JUPYTER_USE_PROGRAMDATA') && env.PROGRAMDATA
      ? [path.win32.join(env.PROGRAMDATA, 'jupyter')]
      : [];
  if (!envTrue(host, 'JUPYTER_PLATFORM_DIRS')) return ['/usr/local/share/jupyter', '/usr/share/jupyter'];
  if (platform === 'darwin') return ['/Library/Application Support/Jupyter'];
  const shared = nonEmpty(env.XDG_DATA_DIRS) ?? '/usr/local/share:/usr/share';
  return shared.split(':').map((folder) => path.posix.join(folder, 'jupyter'));
}

/** Where `pip install --user` puts data, which Jupyter searches too unless it runs in a virtual environment. */
function userSiteDataDir(host: Host): string | undefined {
  const { env, platform, home } = host;
  if (nonEmpty(env.VIRTUAL_ENV) !== undefined) return undefined;
  const base = nonEmpty(env.PYTHONUSERBASE);
  if (base !== undefined) return prefixDataDir(base, host);
  if (platform === 'win32') return env.APPDATA && prefixDataDir(joinOn(host)(env.APPDATA, 'Python'), host);
  return prefixDataDir(joinOn(host)(home, '.local'), host);
}

/**
 * Every data folder in Jupyter's order (`jupyter --paths`): JUPYTER_PATH, then the user's and the environment's
 * (which of the two comes first: JUPYTER_PREFER_ENV_PATH, or being in a virtual environment), then the system's.
 */
export function dataDirs(prefix: string | undefined, host: Host = thisHost()): string[] {
  const { delimiter } = pathOf(host);
  const listed = (host.env.JUPYTER_PATH ?? '').split(delimiter).filter((entry) => entry !== '');
  const user = [userDataDir(host), userSiteDataDir(host)].filter((dir) => dir !== undefined);
  const system = systemDataDirs(host);
  const own =
    prefix === undefined ? [] : [prefixDataDir(prefix, host)].filter((dir) => !system.includes(dir));
  const middle = prefersEnvironment(host) ? [...own, ...user] : [...user, ...own];
  return [...new Set([...listed.map((entry) => stripSeparator(entry)), ...middle, ...system])];
}

function prefersEnvironment(host: Host): boolean {
  if (host.env.JUPYTER_PREFER_ENV_PATH !== undefined) return envTrue(host, 'JUPYTER_PREFER_ENV_PATH');
  if (nonEmpty(host.env.VIRTUAL_ENV) !== undefined) return true;
  const conda = nonEmpty(host.env.CONDA_PREFIX);
  return conda !== undefined && host.env.CONDA_DEFAULT_ENV !== 'base';
}

/** The `kernels` folders in the order in which Jupyter looks through them. */
export function kernelDirs(prefix: string | undefined, host: Host = thisHost()): string[] {
  const join = joinOn(host);
  return [...dataDirs(prefix, host), join(host.home, '.ipython')].map((dir) => join(dir, 'kernels'));
}

const nonEmpty = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
const stripSeparator = (folder: string): string => folder.replace(/(?<=.)[\\/]+$/, '');
