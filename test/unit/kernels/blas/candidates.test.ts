/** Where libraries are looked for, on machines that are described here. */
import { describe, expect, it } from 'vitest';
import { ACCELERATE, candidates, type Place } from '../../../../core/kernels/blas/candidates.js';

function place(
  platform: string,
  files: Record<string, string>,
  env: Record<string, string> = {},
  arch = 'x64',
): Place {
  const separator = platform === 'win32' ? '\\' : '/';
  return {
    platform,
    arch,
    env,
    home: platform === 'win32' ? 'C:\\Users\\ada' : '/home/ada',
    exists: (file) => file in files,
    names: (folder) => [
      ...new Set(
        Object.keys(files)
          .filter((file) => file.startsWith(folder + separator))
          .map((file) => file.slice(folder.length + 1).split(separator)[0]),
      ),
    ],
    text: (file) => files[file] ?? '',
    target: (file) => (file in files && files[file] !== '' ? files[file] : file),
  };
}

describe('the libraries of a machine', () => {
  it('are none where there are none', () => {
    expect(candidates(place('linux', { '/usr/lib/x86_64-linux-gnu/libm.so.6': '' }))).toEqual([]);
    expect(candidates(place('plan9', {}))).toEqual([]);
  });

  it('are found in the folders of distributions, each once', () => {
    const debian = '/usr/lib/x86_64-linux-gnu';
    expect(
      candidates(
        place('linux', {
          [`${debian}/libopenblas.so.0`]: `${debian}/openblas-pthread/libopenblasp-r0.3.21.so`,
          [`${debian}/libblas.so.3`]: `${debian}/openblas-pthread/libopenblasp-r0.3.21.so`,
          '/usr/lib64/libopenblasp.so.0': '',
          '/usr/local/lib/libdnnl.so.3': '',
        }),
      ),
    ).toEqual(['/usr/local/lib/libdnnl.so.3', `${debian}/libopenblas.so.0`, '/usr/lib64/libopenblasp.so.0']);
    expect(
      candidates(place('linux', { '/usr/lib/aarch64-linux-gnu/libblis.so.4': '' }, {}, 'arm64')),
    ).toEqual(['/usr/lib/aarch64-linux-gnu/libblis.so.4']);
  });

  it('are found where the linker and the environment say', () => {
    const files = {
      '/etc/ld.so.conf.d/atlas.conf': '# ATLAS\n/opt/atlas/lib\n',
      '/opt/atlas/lib/libcblas.so.3': '',
      '/conda/lib/libmkl_rt.so.2': '',
      '/mkl/lib/libmkl_rt.so.3': '',
      '/mine/libopenblas.so': '',
    };
    expect(
      candidates(
        place('linux', files, { CONDA_PREFIX: '/conda', MKLROOT: '/mkl', LD_LIBRARY_PATH: '/none:/mine' }),
      ),
    ).toEqual([
      '/mkl/lib/libmkl_rt.so.3',
      '/conda/lib/libmkl_rt.so.2',
      '/mine/libopenblas.so',
      '/opt/atlas/lib/libcblas.so.3',
    ]);
  });

  it('are those that NumPy brings, last, in an active environment only', () => {
    const site = '/venv/lib/python3.12/site-packages';
    const files = {
      [`${site}/numpy.libs/libscipy_openblas64_-32a4b2a6.so`]: '',
      [`${site}/numpy.libs/libgfortran-040039e1.so.5`]: '',
      '/usr/lib/libopenblas.so.0': '',
    };
    expect(candidates(place('linux', files, { VIRTUAL_ENV: '/venv' }))).toEqual([
      '/usr/lib/libopenblas.so.0',
      `${site}/numpy.libs/libscipy_openblas64_-32a4b2a6.so`,
    ]);
    expect(candidates(place('linux', files))).toEqual(['/usr/lib/libopenblas.so.0']);
  });

  it('are Accelerate on macOS, which is no file, and what Homebrew has', () => {
    const files = { '/opt/homebrew/opt/openblas/lib/libopenblas.dylib': '' };
    expect(candidates(place('darwin', files, {}, 'arm64'))).toEqual([ACCELERATE, Object.keys(files)[0]]);
  });

  it('are found on the PATH and in conda on Windows', () => {
    const files = { 'C:\\conda\\Library\\bin\\mkl_rt.2.dll': '', 'D:\\blas\\libopenblas.dll': '' };
    expect(
      candidates(place('win32', files, { CONDA_PREFIX: 'C:\\conda', PATH: 'C:\\Windows;D:\\blas' })),
    ).toEqual(Object.keys(files));
  });
});
