/** A machine with libraries that are none: files in a folder, and functions in JavaScript that koffi would have found in them. */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Ffi, NativeFunction } from '../../../../core/kernels/blas/binding.js';
import { type Place, thisPlace } from '../../../../core/kernels/blas/candidates.js';
import type { Order, Verdict } from '../../../../core/kernels/blas/examine.js';
import type { Surroundings } from '../../../../core/kernels/blas/library.js';
import { verdictKey, writeVerdict } from '../../../../core/kernels/blas/verdicts.js';
import { f32 as tensors } from '../../../../core/memory.js';

export const PASSED: Verdict = {
  problem: null,
  name: 'OpenBLAS 1',
  gflops: 100,
  float64: true,
  advantage: 3,
};

/** Addresses as a process has them, far above those of the tensor memory. */
export const TENSORS = 2 ** 41;
const OTHERS = 2 ** 40;

export class FakeMachine {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-blas-'));
  readonly env: Record<string, string> = { LD_LIBRARY_PATH: this.folder };
  /** Names and arguments of the native functions that were called. */
  readonly calls: (readonly [name: string, ...values: unknown[]])[] = [];
  readonly orders: Order[] = [];
  readonly tried: string[] = [];
  readonly warnings: string[] = [];
  /** What a trial finds out. */
  verdict: Verdict | undefined = PASSED;
  koffi: string | undefined = '/koffi';
  mainThread = true;
  /** Added to each number of a product. */
  error = 0;
  names = ['cblas_sgemm', 'cblas_dgemm', 'openblas_set_num_threads'];
  private other: ArrayBufferLike = new ArrayBuffer(0);

  /** A file with the name of a library. */
  library(name: string): string {
    const file = path.join(this.folder, name);
    writeFileSync(file, name);
    return file;
  }

  /** A library that was tried before. */
  known(name: string, verdict: Verdict = PASSED): string {
    const file = this.library(name);
    writeVerdict(this.key(file), verdict, this.folder);
    return file;
  }

  readonly key = (file: string): string => verdictKey(file, 2, this.env) ?? '';

  readonly surroundings = (): Surroundings => ({
    place: this.place(),
    folder: this.folder,
    threads: 2,
    mainThread: () => this.mainThread,
    koffi: () => this.koffi,
    ffi: () => this.ffi(),
    tryNow: (file) => {
      this.tried.push(file);
      return this.verdict;
    },
    tryLater: (orders) => {
      this.orders.push(...orders);
    },
    warn: (text) => {
      this.warnings.push(text);
    },
  });

  private place(): Place {
    return {
      ...thisPlace(),
      platform: 'linux',
      env: this.env,
      // What the machine has that tests run on is not there.
      exists: (file) => file.startsWith(this.folder) && existsSync(file),
      names: (folder) => (folder.startsWith(this.folder) ? thisPlace().names(folder) : []),
    };
  }

  private ffi(): Ffi {
    return {
      load: () => ({
        func: (name) => {
          if (!this.names.includes(name)) throw new Error(`Cannot find function '${name}'`);
          return (...values) => {
            this.calls.push([name, ...values]);
            if (name.startsWith('cblas_')) this.product(name === 'cblas_dgemm', values);
          };
        },
      }),
      address: (view) => {
        if (view.buffer === tensors.buffer) return BigInt(TENSORS);
        this.other = view.buffer;
        return BigInt(OTHERS);
      },
      decode: () => 0,
    };
  }

  private product(wide: boolean, values: Parameters<NativeFunction>): void {
    const [, transA, transB, m, n, k, , a, lda, b, ldb, beta, c, ldc] = values.map(Number);
    const bytes = wide ? 8 : 4;
    const array = (address: number): [numbers: Float32Array | Float64Array, at: number] => {
      const [buffer, base]: [ArrayBufferLike, number] =
        address >= TENSORS ? [tensors.buffer, TENSORS] : [this.other, OTHERS];
      return [wide ? new Float64Array(buffer) : new Float32Array(buffer), (address - base) / bytes];
    };
    const [x, x0] = array(a);
    const [y, y0] = array(b);
    const [z, z0] = array(c);
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = beta === 0 ? 0 : beta * z[z0 + i * ldc + j];
        for (let p = 0; p < k; p++)
          sum +=
            x[x0 + (transA === 112 ? p * lda + i : i * lda + p)] *
            y[y0 + (transB === 112 ? j * ldb + p : p * ldb + j)];
        z[z0 + i * ldc + j] = sum + this.error;
      }
  }
}
