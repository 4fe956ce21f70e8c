/** Gives large products to the system's BLAS, and everything else to Nabla's kernels. */
import { f32 } from '../../memory.js';
import type { FloatElement, Kernels, MatrixOperand, Ptr } from '../api.js';
import { recording } from '../recording.js';
import { getNumThreads, restHelpers } from '../threads/index.js';
import { elementBytes } from '../views.js';
import type { BlasBinding } from './binding.js';
import { advantageOf } from './advantage.js';
import { adviseHugePages } from './huge-pages.js';
import {
  blasSetting,
  findLibrary,
  type Found,
  isUseful,
  loadLibrary,
  type Surroundings,
  surroundings,
} from './library.js';
import { dividedProduct, type DividedProduct } from './parts.js';
import { writeVerdict } from './verdicts.js';

type Matmul = Kernels['matmul'];

/**
 * Multiplications of one product from which on a library pays: a call costs 0.2 µs; at 32 x 32 x 32 libraries take half
 * to two thirds of our kernel's time, at 16 x 16 x 16 more. It depends on the shape alone, so that what is computed
 * again gives the same bits.
 */
export const LEAST_WORK = 32 ** 3;

/**
 * Multiplications of one product from which on several threads compute it: some tenth of a millisecond on one. Below,
 * waking them and packing one operand for each costs more than they bring. It depends on the shape alone, too.
 */
export const SEVERAL_THREADS = 2 ** 23;

/** Milliseconds between two looks for the verdict on a library that is being tried. */
const LOOK_EVERY = 50;
/** After this, nobody is trying it any more. */
const LONGEST_WAIT = 120_000;

/** Users may put other clocks in its place. */
const now = performance.now.bind(performance);

/** The kernel of products, which gives them to a library, and what it decided about one, for people. */
export interface Blas {
  readonly matmul: Matmul;
  readonly outcome: () => string;
}

/** Asks for a library at the first large product, and never before. */
export function createBlas(
  own: Matmul,
  aroundOf: (threads: number) => Surroundings = surroundings,
  wait: number = LOOK_EVERY,
): Blas {
  /** What products are given to. */
  let binding: BlasBinding | undefined;
  /** The address of byte 0 of the tensor memory. */
  let base = 0;
  /** False while there is something left to find out. */
  let settled = false;
  let nextLook = 0;
  let waitingUntil = 0;
  /** Its products by several of our threads; nothing where its own threads are all that it can do. */
  const divided: Partial<Record<FloatElement, DividedProduct>> = {};
  let outcome = 'no product was large enough yet';

  const matmul: Matmul = (element, size, a, b, c, beta) => {
    if (size.m * size.n * size.k < LEAST_WORK || !multiply(element, size, a, b, c, beta))
      own(element, size, a, b, c, beta);
  };

  /** Whether the library computed the product. */
  const multiply = (
    element: FloatElement,
    size: Parameters<Matmul>[1],
    a: MatrixOperand,
    b: MatrixOperand,
    c: Ptr,
    beta: 0 | 1,
  ): boolean => {
    if (!settled) settle();
    if (binding === undefined || binding[element] === null) return false;
    const { n, k } = size;
    let { batch, m } = size;
    // One B for all: the matrices of A are the rows of one.
    if (batch > 1 && b.batch === 0 && a.col === 1 && a.batch === m * a.row) {
      m *= batch;
      batch = 1;
    }
    // Libraries copy the matrix first: 1x1024 by 1024x1024 took OpenBLAS's sgemm 287 us, our kernel 145.
    if (m === 1 || n === 1) return false;
    const left = leading(m, k, a);
    const right = leading(k, n, b);
    if (left === 0 || right === 0) return false;
    const bytes = elementBytes[element];
    const seen = recording.current;
    for (let i = 0; i < batch; i++) {
      const at = a.ptr + i * a.batch * bytes;
      const bt = b.ptr + i * b.batch * bytes;
      const to = c + i * m * n * bytes;
      if (seen === null) product(element, m, n, k, at, left, bt, right, beta, to);
      else seen.host('matmul', product, [element, m, n, k, at, left, bt, right, beta, to]);
    }
    return true;
  };

  /** One product; a negative leading dimension is that of a transposed operand. */
  const product = (
    element: FloatElement,
    m: number,
    n: number,
    k: number,
    a: Ptr,
    lda: number,
    b: Ptr,
    ldb: number,
    beta: 0 | 1,
    c: Ptr,
  ): void => {
    if (binding === undefined) return;
    const gemm = binding[element];
    if (gemm === null) return;
    const [ta, tb] = [lda < 0, ldb < 0];
    const [rowA, rowB] = [ta ? -lda : lda, tb ? -ldb : ldb];
    const parts = m * n * k < SEVERAL_THREADS ? 1 : getNumThreads();
    const inParts = divided[element];
    if (parts > 1 && inParts !== undefined) {
      inParts([Number(ta), Number(tb), m, n, k, base + a, rowA, base + b, rowB, beta, base + c, n], parts);
      return;
    }
    // Ours would look for work on the processors that the library's threads need.
    if (parts > 1) restHelpers();
    gemm(ta, tb, m, n, k, base + a, rowA, base + b, rowB, beta, base + c, n);
  };

  const decide = (text: string, library?: BlasBinding): void => {
    outcome = text;
    binding = library;
    settled = true;
  };

  /**
   * Decides which library to use, or that there is none. An interrupt may end this at any point: then nothing was
   * decided, and the next large product asks again.
   */
  const settle = (): void => {
    if (waitingUntil > 0) {
      const time = now();
      if (time < nextLook) return;
      nextLook = time + wait;
    }
    const around = aroundOf(getNumThreads());
    const setting = blasSetting(around.place.env);
    const found = findLibrary(setting, around);
    if (found.state === 'none') decide(found.reason);
    else if (found.state === 'ready') take(found, setting, around);
    else {
      const time = now();
      if (waitingUntil === 0) waitingUntil = time + LONGEST_WAIT;
      nextLook = time + wait;
      outcome = 'a library is being tried';
      if (time > waitingUntil) decide('the trial of a library did not end');
    }
  };

  const take = (
    { file, key, verdict }: Extract<Found, { state: 'ready' }>,
    setting: string,
    around: Surroundings,
  ): void => {
    try {
      const { binding: library, ffi } = loadLibrary(file, around);
      const address = Number(ffi.address(f32));
      adviseHugePages(ffi, address, f32.byteLength, process.platform);
      // Once a machine; while a step is traced there is no memory for it, and the next process does it.
      if (setting === 'auto' && verdict.advantage === undefined && recording.current === null) {
        const full = { ...verdict, advantage: advantageOf(own, library, address) };
        writeVerdict(key, full, around.folder);
        if (!isUseful(full)) {
          decide(`${file} is slower than Nabla's kernel`);
          return;
        }
      }
      base = address;
      const koffi = around.koffi();
      if (koffi !== undefined && library.setThreads !== null) {
        const { platform, arch, env } = around.place;
        const machine = { platform, arch, env: { MKL_THREADING_LAYER: env.MKL_THREADING_LAYER } };
        for (const element of ['float32', 'float64'] as const) {
          const gemm = library[element];
          if (gemm !== null) divided[element] = dividedProduct(gemm, { koffi, file, machine, element });
        }
      }
      decide(`${library.name} (${file})`, library);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (setting !== 'auto')
        around.warn(`NABLA_BLAS=${setting}: ${reason}; products run on Nabla's own kernels`);
      decide(`${file}: ${reason}`);
    }
  };

  return { matmul, outcome: () => outcome };
}

/** How BLAS describes an operand: its leading dimension, negative where it is stored transposed; 0 where it cannot. */
export function leading(
  rows: number,
  columns: number,
  { row, col }: Pick<MatrixOperand, 'row' | 'col'>,
): number {
  if (rows === 1 && (col === 1 || columns === 1)) return columns;
  if ((col === 1 || columns === 1) && row >= columns) return row;
  if ((row === 1 || rows === 1) && col >= rows) return -col;
  return 0;
}
