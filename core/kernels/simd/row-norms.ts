/** Normalization of rows. */
import type { Ptr } from '../api.js';
import type { RowNormGradients, RowNormRows } from '../row-norms.js';
import { parallel, perRow } from '../threads/index.js';
import { Storage } from '../../storage.js';
import { reduce } from './reduce.js';
import { compileRowNorm, type RowNormFunctions } from './row-norms-code.js';

const compiled = new Map<boolean, RowNormFunctions>();
/** Elements of rows whose sums are kept apart, to be added up with those of others. */
const PER_CHUNK = 2 ** 15;

function functionsOf(centered: boolean): RowNormFunctions {
  let own = compiled.get(centered);
  if (own === undefined) compiled.set(centered, (own = compileRowNorm(centered)));
  return own;
}

export function rowNorm(r: RowNormRows, out: Ptr): void {
  const { rows, columns, x, weight, bias, eps, kept } = r;
  const bytes = 4 * columns;
  perRow(
    functionsOf(r.centered).forward,
    [rows, columns, x, weight, bias, eps, 1 / columns, kept, out],
    0,
    columns,
    [0, 0, bytes, 0, 0, 0, 0, 8, bytes],
    'dear',
  );
}

export function rowNormGrad(r: RowNormRows, grad: Ptr, out: RowNormGradients): void {
  const { rows, columns, x, weight, kept } = r;
  const size = 2 ** Math.floor(Math.log2(Math.max(1, Math.min(rows, PER_CHUNK / columns))));
  const chunks = Math.ceil(rows / size);
  const bytes = 4 * columns;
  const asked = [out.weight, out.bias];
  const apart = chunks > 1;
  const sums = asked.map((ptr) =>
    ptr === 0 || !apart ? null : Storage.allocate(chunks * bytes, 'layerNorm'),
  );
  const [byWeight, byBias] = sums.map((storage, i) => storage?.ptr ?? asked[i]);
  const step = (ptr: Ptr): number => (ptr === 0 ? 0 : bytes / size);
  parallel(
    functionsOf(r.centered).backward,
    [rows, columns, x, weight, kept, grad, 1 / columns, out.x, byWeight, byBias],
    {
      count: 0,
      size,
      steps: [0, 0, bytes, 0, 8, bytes, 0, out.x === 0 ? 0 : bytes, step(byWeight), step(byBias)],
      apart: apart && (byWeight !== 0 || byBias !== 0),
    },
  );
  sums.forEach((storage, i) => {
    if (storage === null) return;
    reduce('sum', 'float32', 1, chunks, columns, storage.ptr, asked[i]);
    storage.release();
  });
}
