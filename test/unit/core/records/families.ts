/** All op records, by family: which test file they are tested in. */
import 'nabla/core';
import * as functional from '../../../../core/nn/functional/index.js';
import * as activations from '../../../../core/ops/activations.js';
import * as adaptivePooling from '../../../../core/ops/adaptive-pooling.js';
import * as arithmetic from '../../../../core/ops/arithmetic.js';
import * as arrangement from '../../../../core/ops/arrangement.js';
import * as averagePooling from '../../../../core/ops/average-pooling.js';
import * as choice from '../../../../core/ops/choice.js';
import * as combined from '../../../../core/ops/combined.js';
import * as comparison from '../../../../core/ops/comparison.js';
import * as conversion from '../../../../core/ops/conversion.js';
import * as convolution from '../../../../core/ops/convolution.js';
import * as ctc from '../../../../core/ops/ctc.js';
import * as diagonals from '../../../../core/ops/diagonals.js';
import * as differences from '../../../../core/ops/differences.js';
import * as dimensions from '../../../../core/ops/dimensions.js';
import * as distances from '../../../../core/ops/distances.js';
import * as extremes from '../../../../core/ops/extremes.js';
import * as gather from '../../../../core/ops/gather.js';
import * as gelu from '../../../../core/ops/gelu.js';
import * as images from '../../../../core/ops/images.js';
import * as indexing from '../../../../core/ops/indexing.js';
import * as joining from '../../../../core/ops/joining.js';
import * as likelihoods from '../../../../core/ops/likelihoods.js';
import * as linalg from '../../../../core/ops/linalg/index.js';
import * as linalgMethods from '../../../../core/ops/linalg/methods.js';
import * as losses from '../../../../core/ops/losses.js';
import * as margins from '../../../../core/ops/margins.js';
import * as linear from '../../../../core/ops/linear.js';
import * as masking from '../../../../core/ops/masking.js';
import * as matmul from '../../../../core/ops/matmul.js';
import * as padding from '../../../../core/ops/padding.js';
import * as pointwise from '../../../../core/ops/pointwise.js';
import * as pooling from '../../../../core/ops/pooling.js';
import * as products from '../../../../core/ops/products.js';
import * as reduction from '../../../../core/ops/reduction.js';
import { type OpRecord, registry } from '../../../../core/ops/record.js';
import * as scan from '../../../../core/ops/scan.js';
import * as shape from '../../../../core/ops/shape.js';
import * as slicing from '../../../../core/ops/slicing.js';
import * as softmax from '../../../../core/ops/softmax.js';
import * as special from '../../../../core/ops/special.js';
import * as statistics from '../../../../core/ops/statistics.js';
import * as unfolding from '../../../../core/ops/unfolding.js';

const modules = {
  elementwise: [pointwise, arithmetic, special, comparison, conversion, choice],
  combined: [combined, activations, gelu],
  reductions: [reduction, statistics, extremes, scan, softmax],
  shapes: [shape, slicing, joining, dimensions, diagonals, arrangement],
  indexing: [indexing, gather, masking, differences],
  products: [matmul, linear, products, distances],
  linalg: [linalg, linalgMethods],
  losses: [losses, likelihoods, margins, ctc],
  windows: [convolution, pooling, averagePooling, adaptivePooling, padding, unfolding, images],
  networks: [functional],
} as const;

export type Family = keyof typeof modules | 'others';

function recordOf(value: unknown): OpRecord | null {
  if (typeof value !== 'function') return null;
  const record: unknown = Reflect.get(value, 'record');
  return [...registry.values()].find((known) => known === record) ?? null;
}

const byFamily = new Map<Family, OpRecord[]>();
const taken = new Set<OpRecord>();
for (const family of Object.keys(modules) as (keyof typeof modules)[]) {
  const records: OpRecord[] = [];
  for (const module of modules[family]) {
    for (const value of Object.values(module)) {
      const record = recordOf(value);
      if (record === null || taken.has(record)) continue;
      taken.add(record);
      records.push(record);
    }
  }
  byFamily.set(family, records);
}
byFamily.set(
  'others',
  [...registry.values()].filter((record) => !taken.has(record)),
);

/** The records of a family; 'others' are all that are in none. */
export function recordsOf(family: Family): readonly OpRecord[] {
  return byFamily.get(family)!;
}

export const allFamilies = [...byFamily.keys()];
