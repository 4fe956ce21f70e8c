/**
 * TensorBoard's events: what was measured at a step. The messages are those of TensorFlow's `event.proto` and
 * `summary.proto`.
 */
import { rebin, type Distribution } from '../diagnostics/index.js';
import { fieldsOf, MessageWriter } from './protobuf.js';

export interface RunEvent {
  /** Seconds since 1970. */
  wallTime: number;
  step: number;
  values: RunValue[];
}

export type RunValue =
  { tag: string; scalar: number } | { tag: string; histogram: RunHistogram } | { tag: string; text: string };

/** Counts between edges: `counts[i]` numbers lie between `edges[i - 1]` and `edges[i]`. */
export interface RunHistogram {
  min: number;
  max: number;
  count: number;
  sum: number;
  sumSquares: number;
  edges: Float64Array;
  counts: Float64Array;
}

/** The first event of every file. */
export function versionEvent(wallTime: number): Uint8Array {
  return new MessageWriter().double(1, wallTime).string(3, 'brain.Event:2').finish();
}

export function encodeEvent({ wallTime, step, values }: RunEvent): Uint8Array {
  const summary = new MessageWriter();
  for (const value of values) summary.bytes(1, encodeValue(value));
  return new MessageWriter().double(1, wallTime).integer(2, step).bytes(5, summary.finish()).finish();
}

function encodeValue(value: RunValue): Uint8Array {
  const message = new MessageWriter().string(1, value.tag);
  if ('scalar' in value) return message.float(2, value.scalar).finish();
  if ('histogram' in value) {
    const { min, max, count, sum, sumSquares, edges, counts } = value.histogram;
    const histogram = new MessageWriter().double(1, min).double(2, max).double(3, count).double(4, sum);
    return message
      .bytes(5, histogram.double(5, sumSquares).packed(6, edges).packed(7, counts).finish())
      .finish();
  }
  // A tensor of one string (DT_STRING) for the plugin that shows text.
  const shape = new MessageWriter().bytes(2, new MessageWriter().integer(1, 1).finish()).finish();
  const tensor = new MessageWriter().integer(1, 7).bytes(2, shape).string(8, value.text).finish();
  const plugin = new MessageWriter().string(1, 'text').finish();
  const metadata = new MessageWriter().bytes(1, plugin).finish();
  return message.bytes(8, tensor).bytes(9, metadata).finish();
}

/** An event as it was written, here or by another program; undefined when it measures nothing. */
export function decodeEvent(message: Uint8Array): RunEvent | undefined {
  const event: RunEvent = { wallTime: 0, step: 0, values: [] };
  for (const { number, value } of fieldsOf(message)) {
    if (number === 1 && typeof value === 'number') event.wallTime = value;
    if (number === 2 && typeof value === 'number') event.step = value;
    if (number === 5 && typeof value !== 'number')
      for (const field of fieldsOf(value)) {
        const decoded =
          field.number === 1 && typeof field.value !== 'number' ? decodeValue(field.value) : undefined;
        if (decoded !== undefined) event.values.push(decoded);
      }
  }
  return event.values.length > 0 ? event : undefined;
}

function decodeValue(message: Uint8Array): RunValue | undefined {
  let tag = '';
  let scalar: number | undefined;
  let histogram: RunHistogram | undefined;
  let content: { number?: number; text?: string } = {};
  for (const { number, value } of fieldsOf(message)) {
    if (number === 1 && typeof value !== 'number') tag = textOf(value);
    if (number === 2 && typeof value === 'number') scalar = value;
    if (number === 5 && typeof value !== 'number') histogram = decodeHistogram(value);
    if (number === 8 && typeof value !== 'number') content = decodeTensor(value);
  }
  scalar ??= content.number;
  if (scalar !== undefined) return { tag, scalar };
  if (histogram !== undefined) return { tag, histogram };
  return content.text === undefined ? undefined : { tag, text: content.text };
}

function decodeHistogram(message: Uint8Array): RunHistogram {
  const numbers = [0, 0, 0, 0, 0, 0];
  let edges = new Float64Array();
  let counts = new Float64Array();
  for (const { number, value } of fieldsOf(message)) {
    if (typeof value === 'number') numbers[number] = value;
    else if (number === 6) edges = doubles(value);
    else if (number === 7) counts = doubles(value);
  }
  const [, min, max, count, sum, sumSquares] = numbers;
  return { min, max, count, sum, sumSquares, edges, counts };
}

/** What newer writers put a single number or text into. */
function decodeTensor(message: Uint8Array): { number?: number; text?: string } {
  for (const { number, value } of fieldsOf(message)) {
    if (typeof value === 'number') continue;
    if (number === 8) return { text: textOf(value) };
    // Numbers as they lie in memory, or in a list.
    if (number === 4 && value.length === 4) return { number: viewOf(value).getFloat32(0, true) };
    if (number === 5 && value.length === 4) return { number: viewOf(value).getFloat32(0, true) };
  }
  return {};
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function doubles(bytes: Uint8Array): Float64Array<ArrayBuffer> {
  const view = viewOf(bytes);
  return Float64Array.from({ length: bytes.length >> 3 }, (_, i) => view.getFloat64(8 * i, true));
}

const BINS = 40;

/** A distribution as a histogram of equal bins. NaN and infinities are left out. */
export function histogramOf(distribution: Distribution): RunHistogram {
  const { count, nan, infinite, zero, mean, std } = distribution;
  const finite = count - nan - infinite;
  const [min, max] = finite === 0 ? [0, 0] : [distribution.min, distribution.max];
  // A bin of its own width for numbers that are all the same.
  const span = max > min ? max - min : 1;
  const low = max > min ? min : min - 0.5;
  const edges = Float64Array.from({ length: BINS }, (_, i) => low + (span * (i + 1)) / BINS);
  const counts = finite === 0 ? new Float64Array(BINS) : rebin(distribution, [low, low + span], BINS);
  if (zero > 0)
    counts[
      Math.max(
        0,
        edges.findIndex((edge) => edge >= 0),
      )
    ] += zero;
  const [sum, sumSquares] = finite === 0 ? [0, 0] : [mean * finite, (std ** 2 + mean ** 2) * finite];
  return { min, max, count: finite, sum, sumSquares, edges, counts };
}
