/**
 * Ops on tensors of the 16-bit float dtypes: the operands are converted to float32 (recorded, so that gradients flow
 * back in their own dtype), the op runs there as a whole, and its results are rounded once.
 */
import { type DType, type HalfDType, isDType, isFloat, isHalf, resultType } from '../dtype.js';
import { Tensor } from '../tensor.js';
import { cast } from './cast.js';
import type { AnyFunction, OpDescription } from './record.js';
import { namedLike } from './results.js';

/** Ops that share their operand's storage or only copy it, which needs no arithmetic. */
const MOVES: ReadonlySet<string> = new Set([
  ...['view', 'reshape', 'expand', 'permute', 'transpose', 't', 'squeeze', 'unsqueeze', 'flatten'],
  ...['select', 'narrow', 'diagonal', 'unfold', 'split', 'chunk', 'tensorSplit', 'unbind', 'at'],
  ...['movedim', 'swapaxes', 'mT', 'ravel', 'unflatten', 'broadcastTo', 'expandAs', 'viewAs', 'reshapeAs'],
  ...[
    'hsplit',
    'vsplit',
    'dsplit',
    'atleast1d',
    'atleast2d',
    'atleast3d',
    'broadcastTensors',
    'selectScatter',
  ],
  ...['sliceScatter', 'diagonalScatter'],
  ...['clone', 'contiguous', 'detach', 'to', 'float', 'double', 'half', 'bfloat16', 'int', 'long', 'bool'],
  ...['typeAs', 'indexPut', 'positive', 'meshgrid', 'pixelShuffle', 'pixelUnshuffle', 'channelShuffle'],
]);

/** Ops whose operands must be of one dtype, which they check themselves. */
const ONE_DTYPE = /^(matmul|mm|bmm|mv|dot|add\w*m[mv]|baddbmm|linear|bilinear|conv\w*|solve\w*)$/;

type Convert = (x: Tensor) => Tensor;

function isPlain(value: object): value is Record<string, unknown> {
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** A copy of a value with its tensors, in arrays and plain objects too, converted. */
function convertAll(value: unknown, convert: Convert): unknown {
  if (value instanceof Tensor) return convert(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    for (const item of items) {
      if (item instanceof Tensor) return items.map((each) => convertAll(each, convert));
    }
    return value;
  }
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, convertAll(each, convert)]));
}

/** Several results: the array keeps its names (`results.ts`). */
function convertResults(results: unknown, convert: Convert): unknown {
  if (results instanceof Tensor) return convert(results);
  if (!Array.isArray(results)) return results;
  const parts: unknown[] = results;
  return namedLike(
    parts,
    parts.map((part) => convertResults(part, convert)),
  );
}

function tensorsOf(args: readonly unknown[]): Tensor[] {
  const found: Tensor[] = [];
  for (const arg of args) {
    convertAll(arg, (x) => {
      found.push(x);
      return x;
    });
  }
  return found;
}

/** Whether a value is, or holds, a tensor or the name of a 16-bit dtype. */
function concerns(value: unknown): boolean {
  if (value instanceof Tensor) return isHalf(value.dtype);
  if (typeof value === 'string') return value === 'float16' || value === 'bfloat16';
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    return items.some((item) => item instanceof Tensor && isHalf(item.dtype));
  }
  return isPlain(value) && Object.values(value).some(concerns);
}

/** Runs an op of which an argument is, or asks for, a 16-bit dtype. */
function computeWide(op: OpDescription, call: (...args: unknown[]) => unknown, args: unknown[]): unknown {
  const tensors = tensorsOf(args);
  const floats = tensors.filter((x) => isFloat(x.dtype));
  // Beside a float32 or float64 tensor the op promotes, or refuses, as it does for those two.
  const common = floats.length > 0 ? resultType(...floats) : null;
  const at = op.params.indexOf('dtype');
  const asked: unknown = at >= 0 ? args[at] : undefined;
  let result: HalfDType | null = common !== null && isHalf(common) ? common : null;
  if (isDType(asked)) result = isHalf(asked) ? asked : null;
  const mixed = floats.length > 0 && (common === null || !isHalf(common));
  if (mixed && ONE_DTYPE.test(op.name)) return call(...args);
  const changed: [Tensor, Tensor, number][] = [];
  const wide = args.map((arg, i) => {
    if (i === at && isDType(asked) && isHalf(asked)) return 'float32';
    return convertAll(arg, (x) => {
      if (!isHalf(x.dtype)) return x;
      const converted = cast(x, 'float32');
      changed.push([x, converted, converted.version]);
      return converted;
    });
  });
  const results = call(...wide);
  // Running statistics are written in place.
  for (const [x, converted, version] of changed) {
    if (converted.version !== version) x.copy_(converted.detach());
  }
  if (result === null) return results;
  const dtype: DType = result;
  return convertResults(results, (x) => (x.dtype === 'float32' ? cast(x, dtype, op.name) : x));
}

/** The implementation of an op, made to work with the 16-bit dtypes. Arguments are in the order of its parameters. */
export function withHalves<F extends AnyFunction>(op: OpDescription, implementation: F): F {
  if (op.halves === 'own' || MOVES.has(op.name) || op.name.endsWith('_')) return implementation;
  const call = implementation as AnyFunction as (...args: unknown[]) => unknown;
  const wrapped = (...args: unknown[]): unknown => {
    for (const arg of args) if (concerns(arg)) return computeWide(op, call, args);
    return call(...args);
  };
  return wrapped as AnyFunction as F;
}
