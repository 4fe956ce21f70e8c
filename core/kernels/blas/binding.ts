/**
 * How the functions of a BLAS library are called. `bindLibrary` is also sent to another process and to helpers as text, so
 * it must not refer to anything outside it.
 */

/** What is used of koffi. */
export interface Ffi {
  /** null stands for the process itself. */
  load(file: string | null, options?: { global?: boolean }): NativeLibrary;
  address(view: ArrayBufferView): bigint;
  decode(pointer: unknown, offset: number, type: string): unknown;
}

export interface NativeLibrary {
  /** @throws Error when the library has no function of that name */
  func(name: string, result: string, parameters: readonly string[]): NativeFunction;
}

export type NativeFunction = (...values: (number | string | Uint8Array)[]) => unknown;

/** Where the library is to run. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** c = op(a) op(b) + beta c of row-major matrices; addresses are the process's, leading dimensions in elements. */
export type Gemm = (
  transposeA: boolean,
  transposeB: boolean,
  m: number,
  n: number,
  k: number,
  a: number,
  lda: number,
  b: number,
  ldb: number,
  beta: 0 | 1,
  c: number,
  ldc: number,
) => void;

export interface BlasBinding {
  /** For people: `OpenBLAS 0.3.21 (Cooperlake)`. */
  readonly name: string;
  readonly float32: Gemm;
  /** null where the library has products of float32 only. */
  readonly float64: Gemm | null;
  /** null where the library does not say how. */
  readonly setThreads: ((count: number) => void) | null;
}

/**
 * Loads a library and finds its functions.
 *
 * Sizes are passed as 64-bit integers whatever the library takes: a parameter of 32 bits then reads the lower half of
 * its register or stack slot, so that a library with 64-bit integers can never read the garbage beside a 32-bit one.
 * Only Apple's arm64 packs parameters on the stack and needs the right width.
 *
 * @throws Error when the file cannot be loaded or has no matrix product
 */
export function bindLibrary(ffi: Ffi, file: string, { platform, arch, env }: Machine): BlasBinding {
  const attempt = <T>(action: () => T): T | undefined => {
    try {
      return action();
    } catch {
      return undefined;
    }
  };
  const folder = file.slice(0, Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  const base = file.slice(folder.length);
  // koffi closes libraries when the process ends. Under the feet of OpenMP's threads, which wait for work until the very
  // end, that is a crash: they are made to stay (RTLD_NOW with RTLD_NODELETE).
  const stay = platform === 'linux' ? 0x1002 : platform === 'darwin' ? 0x82 : 0;
  const open = attempt(() => ffi.load(null).func('dlopen', 'void *', ['str', 'int']));
  const load = (name: string, global = false): NativeLibrary => {
    const native = ffi.load(name, { global });
    if (stay !== 0) open?.(name, stay);
    return native;
  };
  // MKL's single library loads its threading layer by name, and ends the process when it does not find OpenMP there.
  let mklLayer = -1;
  if (/mkl_rt/i.test(base) && !env.MKL_THREADING_LAYER) {
    const preload = (name: string): boolean =>
      [folder + name, name].some((each) => attempt(() => load(each, true)) !== undefined);
    if (
      preload(
        platform === 'win32' ? 'libiomp5md.dll' : platform === 'darwin' ? 'libiomp5.dylib' : 'libiomp5.so',
      )
    )
      mklLayer = 0;
    else mklLayer = platform === 'linux' && preload('libgomp.so.1') ? 3 : 1;
  }
  const library = load(file);
  /** The function under one of the names that builds give it: plain, of NumPy's and SciPy's wheels, with 64-bit integers. */
  const find = (name: string, result: string, ...parameters: string[]): NativeFunction | undefined => {
    for (const each of [name, `scipy_${name}`, `${name}64_`, `scipy_${name}64_`]) {
      const found = attempt(() => library.func(each, result, parameters));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');

  if (mklLayer >= 0) find('MKL_Set_Threading_Layer', 'int', 'int')?.(mklLayer);
  find('MKL_Set_Interface_Layer', 'int', 'int')?.(0);

  const openblas = text(find('openblas_get_config', 'str')?.());
  const blis = text(find('bli_info_get_version_str', 'str')?.());
  const wide = openblas.includes('USE64BITINT') || /64_?\./.test(base);
  const size = platform === 'darwin' && arch === 'arm64' && !wide ? 'int' : 'int64';
  const address = 'uint64';

  const cblas = (name: string, real: string): Gemm | null => {
    const call = find(
      name,
      'void',
      ...['int', 'int', 'int', size, size, size],
      ...[real, address, size, address, size, real, address, size],
    );
    if (call === undefined) return null;
    return (ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc) => {
      call(101, ta ? 112 : 111, tb ? 112 : 111, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
    };
  };
  const dnnl = (): Gemm | null => {
    const call = find(
      'dnnl_sgemm',
      'int',
      ...['char', 'char', 'int64', 'int64', 'int64'],
      ...['float', address, 'int64', address, 'int64', 'float', address, 'int64'],
    );
    if (call === undefined) return null;
    const [T, N] = [84, 78];
    return (ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc) => {
      const status = call(ta ? T : N, tb ? T : N, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
      if (status !== 0) throw new Error(`matmul: dnnl_sgemm failed with status ${String(status)}`);
    };
  };

  const float32 = cblas('cblas_sgemm', 'float') ?? dnnl();
  if (float32 === null) throw new Error('it has neither cblas_sgemm nor dnnl_sgemm');
  const float64 = cblas('cblas_dgemm', 'double');

  let setThreads: ((count: number) => void) | null = null;
  for (const [name, type] of [
    ['openblas_set_num_threads', 'int'],
    ['MKL_Set_Num_Threads', 'int'],
    ['bli_thread_set_num_threads', 'int64'],
    ['omp_set_num_threads', 'int'],
  ]) {
    const set = find(name, 'void', type);
    if (set === undefined) continue;
    setThreads = (count) => void set(count);
    break;
  }
  const accelerate = setThreads === null && find('BLASSetThreading', 'int', 'uint');
  if (accelerate) setThreads = (count) => void accelerate(count === 1 ? 1 : 0);

  const nameOf = (): string => {
    if (openblas !== '') {
      const core = text(find('openblas_get_corename', 'str')?.());
      return `${/^OpenBLAS \S+/.exec(openblas)?.[0] ?? 'OpenBLAS'}${core === '' ? '' : ` (${core})`}`;
    }
    if (blis !== '') return `BLIS ${blis}`;
    const buffer = new Uint8Array(200);
    const mkl =
      find('MKL_Get_Version_String', 'void', 'void *', 'int') ??
      find('mkl_get_version_string', 'void', 'void *', 'int');
    if (mkl !== undefined) {
      mkl(buffer, buffer.length);
      const version = String.fromCharCode(...buffer.filter((byte) => byte > 31 && byte < 127));
      return `MKL ${/Version ([\d.]+)/.exec(version)?.[1] ?? ''}`.trim();
    }
    const version = find('dnnl_version', 'void *')?.();
    if (version !== undefined)
      return `oneDNN ${[0, 4, 8].map((at) => ffi.decode(version, at, 'int')).join('.')}`;
    return file.endsWith('Accelerate') ? 'Accelerate' : base;
  };
  return { name: nameOf(), float32, float64, setThreads };
}
