/** Sequences of several lengths in one batch: padded to the longest, or packed without the padding. */
import { describeValue, formatShape } from '../layout.js';
import { tensor } from '../ops/creation.js';
import { cat, stack } from '../ops/joining.js';
import { Tensor } from '../tensor.js';
import { checkOptions } from '../options.js';
import { full } from '../ops/creation.js';

/**
 * Sequences without padding, as recurrent networks take and give them: the first elements of all sequences, then the
 * second ones, and so on, the longest sequence first. Made by {@link packPaddedSequence}.
 */
export class PackedSequence {
  constructor(
    /** [sum of the lengths, ...]. */
    readonly data: Tensor,
    /** How many sequences have an element at each step; never rises. */
    readonly batchSizes: readonly number[],
    /** Which sequence of the batch stands where, sorted by length; null where they were given so. */
    readonly sortedIndices: Tensor | null = null,
    /** Where each sequence of the batch stands. */
    readonly unsortedIndices: Tensor | null = null,
  ) {}

  toString(): string {
    const { data, batchSizes } = this;
    return `PackedSequence(data: ${data.dtype} [${data.shape.join(', ')}], batchSizes=[${batchSizes.join(', ')}])`;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Lengths of sequences: numbers or an integer tensor [N]. */
export type SequenceLengths = readonly number[] | Tensor;

function lengthsOf(owner: string, lengths: SequenceLengths, batch: number, longest: number): number[] {
  const list =
    lengths instanceof Tensor ? Array.from(lengths.flatten().toTypedArray(), Number) : [...lengths];
  if (list.length !== batch) {
    throw new RangeError(`${owner}: ${batch} sequences have ${batch} lengths, got ${list.length}`);
  }
  for (const length of list) {
    if (Number.isInteger(length) && length >= 1 && length <= longest) continue;
    throw new RangeError(`${owner}: lengths are whole numbers from 1 to ${longest}, got ${length}`);
  }
  return list;
}

export interface PackOptions {
  /** The input is [N, T, ...] rather than [T, N, ...] (no). */
  batchFirst?: boolean;
  /** Whether the sequences come in falling order of length (yes, an error otherwise); false sorts them. */
  enforceSorted?: boolean;
}

/**
 * Packs a padded batch [T, N, ...] ([N, T, ...] with `batchFirst`) of sequences of the given lengths.
 * @throws RangeError for lengths that do not fit, or not in falling order unless `enforceSorted` is false
 */
export function packPaddedSequence(
  input: Tensor,
  lengths: SequenceLengths,
  options: PackOptions = {},
): PackedSequence {
  const owner = 'packPaddedSequence';
  checkOptions(owner, options, ['batchFirst', 'enforceSorted']);
  const { batchFirst = false, enforceSorted = true } = options;
  if (input.ndim < 2) {
    throw new RangeError(`${owner}: expected [T, N, ...] or [N, T, ...], got ${formatShape(input.shape)}`);
  }
  let padded: Tensor = batchFirst ? input.transpose(0, 1) : input;
  const [longest, batch] = padded.shape;
  let list = lengthsOf(owner, lengths, batch, longest);
  let sorted: Tensor | null = null;
  let unsorted: Tensor | null = null;
  if (enforceSorted) {
    if (list.some((length, i) => i > 0 && length > list[i - 1])) {
      throw new RangeError(
        `${owner}: lengths must fall, got [${list.join(', ')}]; { enforceSorted: false } sorts the sequences`,
      );
    }
  } else {
    const order = list.map((_, i) => i).sort((a, b) => list[b] - list[a]);
    sorted = tensor(order, { dtype: 'int64' });
    unsorted = tensor(
      order.map((_, i) => order.indexOf(i)),
      { dtype: 'int64' },
    );
    padded = padded.indexSelect(1, sorted);
    list = order.map((i) => list[i]);
  }
  const batchSizes = Array.from(
    { length: list[0] ?? 0 },
    (_, t) => list.filter((length) => length > t).length,
  );
  const steps = batchSizes.map((size, t) => padded.select(0, t).narrow(0, 0, size));
  return new PackedSequence(cat(steps, 0), batchSizes, sorted, unsorted);
}

export interface PadPackedOptions {
  /** The result is [N, T, ...] rather than [T, N, ...] (no). */
  batchFirst?: boolean;
  /** What stands behind the end of a sequence (0). */
  paddingValue?: number;
  /** T, where it is to be more than the longest length. */
  totalLength?: number | null;
}

/** The reverse of {@link packPaddedSequence}: the padded batch, and the lengths (int64) in the batch's order. */
export function padPackedSequence(
  sequence: PackedSequence,
  options: PadPackedOptions = {},
): [padded: Tensor, lengths: Tensor] {
  const owner = 'padPackedSequence';
  checkPacked(owner, sequence);
  checkOptions(owner, options, ['batchFirst', 'paddingValue', 'totalLength']);
  const { batchFirst = false, paddingValue = 0, totalLength } = options;
  const { data, batchSizes, unsortedIndices } = sequence;
  const [batch] = batchSizes;
  const total = totalLength ?? batchSizes.length;
  if (total < batchSizes.length) {
    throw new RangeError(
      `${owner}: totalLength is at least the longest length, ${batchSizes.length}; got ${total}`,
    );
  }
  const rest = data.shape.slice(1);
  const filler = (rows: number): Tensor => full([rows, ...rest], paddingValue, { dtype: data.dtype });
  const steps = data.split([...batchSizes], 0).map((step: Tensor) => {
    const missing = batch - step.shape[0];
    return missing === 0 ? step : cat([step, filler(missing)], 0);
  });
  for (let t = batchSizes.length; t < total; t++) steps.push(filler(batch));
  let padded: Tensor = stack(steps, 0);
  let lengths: Tensor = tensor(
    Array.from({ length: batch }, (_, i) => batchSizes.filter((size) => size > i).length),
    { dtype: 'int64' },
  );
  if (batchFirst) padded = padded.transpose(0, 1);
  if (unsortedIndices !== null) {
    // In this order, so that the result lies in memory as PyTorch's, which is how dropout draws its mask.
    padded = padded.indexSelect(batchFirst ? 0 : 1, unsortedIndices);
    lengths = lengths.indexSelect(0, unsortedIndices);
  }
  return [padded, lengths];
}

export interface PadOptions {
  /** The result is [N, T, ...] rather than [T, N, ...] (no). */
  batchFirst?: boolean;
  /** What stands behind (or before) a sequence (0). */
  paddingValue?: number;
  /** Where the padding is (right). */
  paddingSide?: 'right' | 'left';
}

/** Sequences [length, ...] as one batch [T, N, ...] ([N, T, ...] with `batchFirst`), padded to the longest. */
export function padSequence(sequences: readonly Tensor[], options: PadOptions = {}): Tensor {
  const owner = 'padSequence';
  checkOptions(owner, options, ['batchFirst', 'paddingValue', 'paddingSide']);
  const { batchFirst = false, paddingValue = 0, paddingSide = 'right' } = options;
  if (!((sequences as unknown) instanceof Array) || sequences.length === 0) {
    throw new TypeError(`${owner}: takes an array of one or more tensors, got ${describeValue(sequences)}`);
  }
  const longest = Math.max(...sequences.map((sequence) => sequence.shape[0]));
  const rows = sequences.map((sequence) => {
    const [length, ...rest] = sequence.shape;
    if (length === longest) return sequence;
    const padding = full([longest - length, ...rest], paddingValue, { dtype: sequence.dtype });
    return cat(paddingSide === 'right' ? [sequence, padding] : [padding, sequence], 0);
  });
  return stack(rows, batchFirst ? 0 : 1);
}

/** The sequences of a padded batch, each of its length: the reverse of {@link padSequence}. */
export function unpadSequence(
  padded: Tensor,
  lengths: SequenceLengths,
  options: { batchFirst?: boolean } = {},
): Tensor[] {
  checkOptions('unpadSequence', options, ['batchFirst']);
  const batch = options.batchFirst ? padded : padded.transpose(0, 1);
  return lengthsOf('unpadSequence', lengths, batch.shape[0], batch.shape[1]).map((length, i) =>
    batch.select(0, i).narrow(0, 0, length),
  );
}

/** Packs a list of sequences, in falling order of length unless `enforceSorted` is false. */
export function packSequence(
  sequences: readonly Tensor[],
  options: { enforceSorted?: boolean } = {},
): PackedSequence {
  checkOptions('packSequence', options, ['enforceSorted']);
  const lengths = sequences.map((sequence) => sequence.shape[0]);
  return packPaddedSequence(padSequence(sequences), lengths, options);
}

/** The sequences of a packed batch, in the batch's order. */
export function unpackSequence(sequence: PackedSequence): Tensor[] {
  const [padded, lengths] = padPackedSequence(sequence);
  return unpadSequence(padded, lengths);
}

function checkPacked(owner: string, value: unknown): void {
  if (value instanceof PackedSequence) return;
  throw new TypeError(`${owner}: takes what packPaddedSequence gives, got ${describeValue(value)}`);
}
