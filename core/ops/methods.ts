/**
 * Gives tensors their methods: every op of a family whose record says it is one, and the in-place twins. The types
 * are derived from the ops as the methods are, so neither can be forgotten.
 */
import { Tensor } from '../tensor.js';
import type { TypedMethods, TypedName } from '../types/methods.js';
import * as activations from './activations.js';
import * as adaptivePooling from './adaptive-pooling.js';
import * as arithmetic from './arithmetic.js';
import * as arrangement from './arrangement.js';
import * as averagePooling from './average-pooling.js';
import * as choice from './choice.js';
import * as combined from './combined.js';
import * as comparison from './comparison.js';
import * as conversion from './conversion.js';
import * as convolution from './convolution.js';
import * as diagonals from './diagonals.js';
import * as differences from './differences.js';
import * as dimensions from './dimensions.js';
import * as distances from './distances.js';
import * as encoding from './encoding.js';
import * as extremes from './extremes.js';
import * as gather from './gather.js';
import * as grids from './grids.js';
import * as images from './images.js';
import * as indexing from './indexing.js';
import * as joining from './joining.js';
import * as likelihoods from './likelihoods.js';
import * as losses from './losses.js';
import * as margins from './margins.js';
import * as masking from './masking.js';
import * as matmul from './matmul.js';
import * as medians from './medians.js';
import * as padding from './padding.js';
import * as pointwise from './pointwise.js';
import * as pooling from './pooling.js';
import * as predicates from './predicates.js';
import * as products from './products.js';
import * as quantiles from './quantiles.js';
import * as reduction from './reduction.js';
import * as sampling from './sampling.js';
import * as scan from './scan.js';
import * as searching from './searching.js';
import * as shape from './shape.js';
import * as slicing from './slicing.js';
import * as bitwise from './bitwise.js';
import * as correlation from './correlation.js';
import * as reshaping from './reshaping.js';
import * as writing from './writing.js';
import * as aliases from './aliases.js';
import * as softmax from './softmax.js';
import * as sorting from './sorting.js';
import * as special from './special.js';
import * as nanSums from './nan-sums.js';
import * as statistics from './statistics.js';
import * as unfolding from './unfolding.js';
import * as unique from './unique.js';
import * as vectorNorms from './vector-norms.js';
import * as histograms from './histograms.js';
import * as mantissa from './mantissa.js';
import * as putting from './putting.js';
import * as incompleteGamma from './special-functions/incomplete-gamma.js';
import * as shortTime from './fft/short-time.js';
import * as random from '../random/ops.js';
import * as linear from './linalg/methods.js';
import { runInPlace } from './inplace.js';
import { type AnyFunction, type OpRecord, registry } from './record.js';
import './assign.js';
import './attributes.js';

type Method<Op> = Op extends { readonly method?: infer M extends AnyFunction } ? M : never;

/** The methods of a family: `x.add(y)`, and `x.add_(y)` where the op has an in-place twin. */
type MethodsOf<Family> = {
  [
    Name in keyof Family as Name extends TypedName
      ? never
      : Family[Name] extends { readonly kind: 'method' | 'inPlace' }
        ? Name
        : never
  ]: Method<Family[Name]>;
} & {
  [Name in keyof Family as Family[Name] extends { readonly kind: 'inPlace' } ? `${Name & string}_` : never]: (
    ...args: Parameters<Method<Family[Name]>>
  ) => Tensor;
};

declare module '../tensor.js' {
  interface Tensor<S, D>
    extends
      TypedMethods<S, D>,
      MethodsOf<typeof activations>,
      MethodsOf<typeof adaptivePooling>,
      MethodsOf<typeof arithmetic>,
      MethodsOf<typeof arrangement>,
      MethodsOf<typeof averagePooling>,
      MethodsOf<typeof choice>,
      MethodsOf<typeof combined>,
      MethodsOf<typeof comparison>,
      MethodsOf<typeof conversion>,
      MethodsOf<typeof convolution>,
      MethodsOf<typeof diagonals>,
      MethodsOf<typeof differences>,
      MethodsOf<typeof dimensions>,
      MethodsOf<typeof distances>,
      MethodsOf<typeof encoding>,
      MethodsOf<typeof extremes>,
      MethodsOf<typeof gather>,
      MethodsOf<typeof grids>,
      MethodsOf<typeof images>,
      MethodsOf<typeof indexing>,
      MethodsOf<typeof joining>,
      MethodsOf<typeof likelihoods>,
      MethodsOf<typeof losses>,
      MethodsOf<typeof margins>,
      MethodsOf<typeof masking>,
      MethodsOf<typeof matmul>,
      MethodsOf<typeof medians>,
      MethodsOf<typeof padding>,
      MethodsOf<typeof pointwise>,
      MethodsOf<typeof pooling>,
      MethodsOf<typeof predicates>,
      MethodsOf<typeof products>,
      MethodsOf<typeof quantiles>,
      MethodsOf<typeof reduction>,
      MethodsOf<typeof sampling>,
      MethodsOf<typeof scan>,
      MethodsOf<typeof searching>,
      MethodsOf<typeof shape>,
      MethodsOf<typeof slicing>,
      MethodsOf<typeof bitwise>,
      MethodsOf<typeof correlation>,
      MethodsOf<typeof reshaping>,
      MethodsOf<typeof writing>,
      MethodsOf<typeof aliases>,
      MethodsOf<typeof softmax>,
      MethodsOf<typeof sorting>,
      MethodsOf<typeof special>,
      MethodsOf<typeof nanSums>,
      MethodsOf<typeof statistics>,
      MethodsOf<typeof unfolding>,
      MethodsOf<typeof unique>,
      MethodsOf<typeof vectorNorms>,
      MethodsOf<typeof histograms>,
      MethodsOf<typeof mantissa>,
      MethodsOf<typeof putting>,
      MethodsOf<typeof incompleteGamma>,
      MethodsOf<typeof shortTime>,
      MethodsOf<typeof random>,
      MethodsOf<typeof linear> {}
}

/** Families whose ops are attached (imported here, so that they are registered before the loop below runs). */
export const families = [
  activations,
  adaptivePooling,
  arithmetic,
  arrangement,
  averagePooling,
  choice,
  combined,
  comparison,
  conversion,
  convolution,
  diagonals,
  differences,
  dimensions,
  distances,
  encoding,
  extremes,
  gather,
  grids,
  images,
  indexing,
  joining,
  likelihoods,
  losses,
  margins,
  masking,
  matmul,
  medians,
  padding,
  pointwise,
  pooling,
  predicates,
  products,
  quantiles,
  reduction,
  sampling,
  scan,
  searching,
  shape,
  slicing,
  bitwise,
  correlation,
  reshaping,
  writing,
  softmax,
  sorting,
  special,
  statistics,
  nanSums,
  unfolding,
  unique,
  vectorNorms,
  histograms,
  mantissa,
  putting,
  incompleteGamma,
  shortTime,
  random,
  linear,
] as const;

function attach(name: string, record: OpRecord): void {
  if (record.kind === 'function') return;
  const call = record.call as (...args: unknown[]) => unknown;
  define(
    name,
    (record.method as ((...args: unknown[]) => unknown) | undefined) ??
      function (this: Tensor, ...args: unknown[]) {
        return call(this, ...args);
      },
  );
  if (record.kind === 'inPlace') {
    define(`${name}_`, function (this: Tensor, ...args: unknown[]) {
      return runInPlace(record, this, args);
    });
  }
}

for (const record of registry.values()) attach(record.name, record);
for (const [name, { record }] of Object.entries(aliases)) attach(name, record);

function define(name: string, value: (this: Tensor, ...args: unknown[]) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
}
