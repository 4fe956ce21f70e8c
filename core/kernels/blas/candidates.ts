/** Where a system keeps its BLAS. */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** What the search looks at; tests describe other machines. */
export interface Place {
  readonly platform: string;
  readonly arch: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly exists: (file: string) => boolean;
  /** Names in a folder; none where there is no such folder. */
  readonly names: (folder: string) => readonly string[];
  /** The text of a file; empty where there is none. */
  readonly text: (file: string) => string;
  /** The file that a chain of links ends at. */
  readonly target: (file: string) => string;
}

export function thisPlace(): Place {
  return {
    platform: process.platform,
    arch: process.arch,
    env: process.env,
    home: os.homedir(),
    exists: existsSync,
    names: (folder) => {
      try {
        return readdirSync(folder);
      } catch {
        return [];
      }
    },
    text: (file) => {
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return '';
      }
    },
    target: (file) => {
      try {
        return realpathSync(file);
      } catch {
        return file;
      }
    },
  };
}

/** macOS has it in a cache of all its libraries: there is no file. */
export const ACCELERATE = '/System/Library/Frameworks/Accelerate.framework/Accelerate';

/** By platform, the names under which libraries can be loaded without development packages. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  linux: [
    ...['libmkl_rt.so', 'libmkl_rt.so.3', 'libmkl_rt.so.2', 'libmkl_rt.so.1'],
    ...['libdnnl.so', 'libdnnl.so.3', 'libdnnl.so.2'],
    ...['libopenblas.so', 'libopenblas.so.0', 'libopenblasp.so.0', 'libopenblaso.so.0', 'libopenblas64.so.0'],
    ...['libblis.so', 'libblis.so.5', 'libblis.so.4', 'libblis-mt.so', 'libblis.so.3'],
    ...['libcblas.so.3', 'libblas.so.3'],
  ],
  darwin: ['libmkl_rt.dylib', 'libmkl_rt.2.dylib', 'libdnnl.dylib', 'libopenblas.dylib', 'libblis.dylib'],
  win32: [
    'mkl_rt.3.dll',
    'mkl_rt.2.dll',
    'mkl_rt.dll',
    'dnnl.dll',
    'libopenblas.dll',
    'openblas.dll',
    'libblis.dll',
  ],
};

const TRIPLETS: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  ppc64: 'powerpc64le-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
};

/** How paths are written there. */
const pathsOf = (platform: string): path.PlatformPath => (platform === 'win32' ? path.win32 : path.posix);

/** Folders in the order in which they are searched: what a person has set up, then what the system brings. */
function folders({ platform, arch, env, home, names, text }: Place): string[] {
  const paths = pathsOf(platform);
  const list = (value: string | undefined): string[] =>
    (value ?? '').split(platform === 'win32' ? ';' : ':').filter((each) => each !== '');
  const under = (root: string | undefined, ...parts: string[]): string[] =>
    root ? parts.map((part) => paths.join(root, part)) : [];
  const found = [
    ...under(env.MKLROOT, 'lib', 'lib/intel64', 'bin', 'redist/intel64'),
    ...under(env.DNNLROOT ?? env.ONEDNN_ROOT, 'lib', 'bin'),
    ...under(env.OPENBLAS_HOME ?? env.OpenBLAS_HOME, 'lib', 'bin'),
    ...under(env.CONDA_PREFIX, 'lib', 'Library/bin'),
  ];
  if (platform === 'linux') {
    found.push(...list(env.LD_LIBRARY_PATH));
    const triplet = TRIPLETS[arch];
    if (triplet) found.push(`/usr/lib/${triplet}`, `/lib/${triplet}`);
    found.push('/usr/lib64', '/usr/lib', '/usr/local/lib64', '/usr/local/lib', '/opt/OpenBLAS/lib');
    found.push('/opt/intel/oneapi/mkl/latest/lib', '/opt/intel/oneapi/mkl/latest/lib/intel64');
    found.push(
      '/opt/intel/oneapi/dnnl/latest/lib',
      '/home/linuxbrew/.linuxbrew/lib',
      '/run/current-system/sw/lib',
    );
    // What the dynamic linker is told to search.
    for (const name of names('/etc/ld.so.conf.d').filter((each) => each.endsWith('.conf')))
      for (const line of text(`/etc/ld.so.conf.d/${name}`).split('\n'))
        if (line.startsWith('/')) found.push(line.trim());
  } else if (platform === 'darwin') {
    found.push(...list(env.DYLD_LIBRARY_PATH));
    for (const root of ['/opt/homebrew', '/usr/local'])
      found.push(...under(root, 'opt/openblas/lib', 'opt/onednn/lib', 'opt/blis/lib', 'lib'));
    found.push('/opt/local/lib', '/opt/intel/oneapi/mkl/latest/lib');
  } else if (platform === 'win32') {
    found.push(...list(env.PATH ?? env.Path));
    found.push(...under(env.ONEAPI_ROOT, 'mkl/latest/bin', 'mkl/latest/redist/intel64', 'dnnl/latest/bin'));
  }
  found.push(...under(home, ...(platform === 'win32' ? [] : ['.local/lib'])));
  return [...new Set(found)];
}

/** Folders of the active Python environment whose libraries have a hash in their names. */
function wheelFolders({ platform, env, names }: Place): string[] {
  const paths = pathsOf(platform);
  const roots = [env.VIRTUAL_ENV, env.CONDA_PREFIX].filter((root) => root !== undefined && root !== '');
  const packages = ['numpy.libs', 'scipy.libs', 'numpy/.dylibs', 'scipy/.dylibs', 'scipy_openblas32/lib'];
  return roots.flatMap((root = '') => {
    const sites =
      platform === 'win32'
        ? [paths.join(root, 'Lib', 'site-packages')]
        : names(paths.join(root, 'lib'))
            .filter((name) => /^python3\.\d+$/.test(name))
            .map((name) => paths.join(root, 'lib', name, 'site-packages'));
    return sites.flatMap((site) => packages.map((each) => paths.join(site, each)));
  });
}

/** Windows does not tell large letters from small ones. */
const spelling = (platform: string) => (name: string) => (platform === 'win32' ? name.toLowerCase() : name);

/** Files that may be a BLAS, those first that are likely to be the best; links are followed, so that each is met once. */
export function candidates(place: Place): string[] {
  const { platform, names, target } = place;
  const paths = pathsOf(platform);
  const found: string[] = platform === 'darwin' ? [ACCELERATE] : [];
  // Each folder is read once: asking for every name in every folder would take as long as the first product.
  const searched = folders(place).map((folder) => ({
    folder,
    files: new Set(names(folder).map(spelling(platform))),
  }));
  for (const name of NAMES[platform] ?? [])
    for (const { folder, files } of searched) if (files.has(name)) found.push(paths.join(folder, name));
  for (const folder of wheelFolders(place))
    for (const name of names(folder))
      if (/openblas.*\.(so|dylib|dll)$/.test(name)) found.push(paths.join(folder, name));
  const seen = new Set<string>();
  return found.filter((file) => {
    const real = target(file);
    if (seen.has(real)) return false;
    seen.add(real);
    return true;
  });
}
