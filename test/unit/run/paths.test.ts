/** Jupyter's folders, compared with what jupyter_core answers. */
import { describe, expect, it } from 'vitest';
import { kernelDirs, packageRoot, userDataDir, type Host } from '../../../kernel/install/paths.js';
import vectors from './vectors/jupyter-core-paths.json' with { type: 'json' };

describe('on Linux the folders are those of jupyter_core', () => {
  it.each(vectors.cases)('$env', ({ env, home, prefix, dataDir, kernelDirs: dirs }) => {
    const host: Host = { platform: 'linux', env: { ...env }, home };
    expect(userDataDir(host)).toBe(dataDir);
    // jupyter_client looks in IPython's folder last.
    expect(kernelDirs(prefix, host)).toEqual([...dirs, `${home}/.ipython/kernels`]);
  });

  it('a virtual environment comes before the user', () => {
    const host: Host = { platform: 'linux', env: { VIRTUAL_ENV: '/v' }, home: '/home/ada' };
    expect(kernelDirs('/v', host).slice(0, 2)).toEqual([
      '/v/share/jupyter/kernels',
      '/home/ada/.local/share/jupyter/kernels',
    ]);
  });
});

// From the documentation: https://jupyter.readthedocs.io/en/latest/use/jupyter-directories.html#data-files
describe('elsewhere they are those of the documentation', () => {
  it('macOS', () => {
    const host: Host = { platform: 'darwin', env: {}, home: '/Users/ada' };
    expect(userDataDir(host)).toBe('/Users/ada/Library/Jupyter');
    expect(kernelDirs(undefined, host)).toContain('/usr/local/share/jupyter/kernels');
  });

  it('Windows', () => {
    const env = { APPDATA: 'C:\\Users\\ada\\AppData\\Roaming', PROGRAMDATA: 'C:\\ProgramData' };
    const host: Host = { platform: 'win32', env, home: 'C:\\Users\\ada' };
    expect(userDataDir(host)).toBe('C:\\Users\\ada\\AppData\\Roaming\\jupyter');
    expect(kernelDirs('C:\\Python', host)).toContain('C:\\Python\\share\\jupyter\\kernels');
    expect(kernelDirs('C:\\Python', host)).not.toContain('C:\\ProgramData\\jupyter\\kernels');
    const trusting: Host = { ...host, env: { ...env, JUPYTER_USE_PROGRAMDATA: '1' } };
    expect(kernelDirs('C:\\Python', trusting)).toContain('C:\\ProgramData\\jupyter\\kernels');
  });
});

it('the package is found from wherever its code lies', () => {
  expect(packageRoot()).toBe(new URL('../../..', import.meta.url).pathname.replace(/\/$/, ''));
});
