/**
 * TensorBoard's events: what was measured at a step. The messages are those of TensorFlow's `event.proto` and
 * `summary.proto`.
 */
import { rebin, type Distribution } from '../diagnostics/index.js';
import { fieldsOf, MessageWriter, textOf } from './protobuf.js';
import {
  decodeSettings,
  encodeSettings,
  SETTINGS_PLUGIN,
  SETTINGS_TAG,
  type RunSettings,
} from './settings.js';

export interface RunEvent {
  /** Seconds since 1970. */
  wallTime: number;
  step: number;
  values: RunValue[];
  /** A run goes on from this step: what it wrote of this step and later ones before is void. */
  restart?: boolean;
}

export type RunValue =
  | { tag: string; scalar: number }
  | { tag: string; histogram: RunHistogram }
  | { tag: string; text: string }
  | { tag: string; image: RunImage }
  | { settings: RunSettings };

/** A picture as the bytes of its file. */
export interface RunImage {
  width: number;
  height: number;
  /** Of a pixel: 1 gray, 2 with alpha, 3 colours, 4 with alpha. */
  channels: number;
  bytes: Uint8Array;
}

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

/** The event after which readers forget what was written of this step and later ones (`SessionLog.START`). */
export function restartEvent(wallTime: number, step: number): Uint8Array {
  const log = new MessageWriter().integer(1, 1).finish();
  return new MessageWriter().double(1, wallTime).integer(2, step).bytes(7, log).finish();
}

export function encodeEvent({ wallTime, step, values }: RunEvent): Uint8Array {
  const summary = new MessageWriter();
  for (const value of values)
    summary.bytes(1, 'settings' in value ? settingsValue(value.settings, wallTime) : encodeValue(value));
  return new MessageWriter().double(1, wallTime).integer(2, step).bytes(5, summary.finish()).finish();
}

/** `SummaryMetadata`: which plugin shows the value, and with which data. */
function metadataOf(plugin: string, content?: Uint8Array): Uint8Array {
  const message = new MessageWriter().string(1, plugin);
  if (content !== undefined) message.bytes(2, content);
  return new MessageWriter().bytes(1, message.finish()).integer(4, TENSOR).finish();
}

/** Of `DataClass`. */
const TENSOR = 2;

function shapeOfOne(): Uint8Array {
  return new MessageWriter().bytes(2, new MessageWriter().integer(1, 1).finish()).finish();
}

function settingsValue(settings: RunSettings, wallTime: number): Uint8Array {
  // Its data are beside a tensor (DT_FLOAT) that says nothing.
  const tensor = new MessageWriter().integer(1, 1).bytes(2, shapeOfOne()).float(5, 0).finish();
  const metadata = metadataOf(SETTINGS_PLUGIN, encodeSettings(settings, wallTime));
  return new MessageWriter().string(1, SETTINGS_TAG).bytes(8, tensor).bytes(9, metadata).finish();
}

function encodeValue(value: Exclude<RunValue, { settings: RunSettings }>): Uint8Array {
  const message = new MessageWriter().string(1, value.tag);
  if ('scalar' in value) return message.float(2, value.scalar).finish();
  if ('histogram' in value) {
    const { min, max, count, sum, sumSquares, edges, counts } = value.histogram;
    const histogram = new MessageWriter().double(1, min).double(2, max).double(3, count).double(4, sum);
    return message
      .bytes(5, histogram.double(5, sumSquares).packed(6, edges).packed(7, counts).finish())
      .finish();
  }
  if ('image' in value) {
    const { width, height, channels, bytes } = value.image;
    const image = new MessageWriter().integer(1, height).integer(2, width).integer(3, channels);
    return message.bytes(4, image.bytes(4, bytes).finish()).finish();
  }
  // A tensor of one string (DT_STRING) for the plugin that shows text.
  const tensor = new MessageWriter().integer(1, 7).bytes(2, shapeOfOne()).string(8, value.text).finish();
  return message.bytes(8, tensor).bytes(9, metadataOf('text')).finish();
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
    if (number === 7 && typeof value !== 'number') event.restart = isStart(value);
  }
  return event.values.length > 0 || event.restart === true ? event : undefined;
}

function isStart(log: Uint8Array): boolean {
  for (const { number, value } of fieldsOf(log)) if (number === 1 && value === 1) return true;
  return false;
}

function decodeValue(message: Uint8Array): RunValue | undefined {
  let tag = '';
  let scalar: number | undefined;
  let histogram: RunHistogram | undefined;
  let image: RunImage | undefined;
  let plugin: { name: string; data: Uint8Array } | undefined;
  let content: { number?: number; text?: string } = {};
  for (const { number, value } of fieldsOf(message)) {
    if (number === 2 && typeof value === 'number') scalar = value;
    if (typeof value === 'number') continue;
    if (number === 1) tag = textOf(value);
    if (number === 4) image = decodeImage(value);
    if (number === 5) histogram = decodeHistogram(value);
    if (number === 8) content = decodeTensor(value);
    if (number === 9) plugin = decodePlugin(value);
  }
  if (plugin?.name === SETTINGS_PLUGIN) {
    const settings = decodeSettings(plugin.data);
    return settings === undefined ? undefined : { settings };
  }
  scalar ??= content.number;
  if (scalar !== undefined) return { tag, scalar };
  if (histogram !== undefined) return { tag, histogram };
  if (image !== undefined) return { tag, image };
  return content.text === undefined ? undefined : { tag, text: content.text };
}

function decodePlugin(metadata: Uint8Array): { name: string; data: Uint8Array } | undefined {
  for (const { number, value } of fieldsOf(metadata)) {
    if (number !== 1 || typeof value === 'number') continue;
    const plugin: { name: string; data: Uint8Array } = { name: '', data: new Uint8Array() };
    for (const field of fieldsOf(value)) {
      if (typeof field.value === 'number') continue;
      if (field.number === 1) plugin.name = textOf(field.value);
      if (field.number === 2) plugin.data = field.value;
    }
    return plugin;
  }
  return undefined;
}

function decodeImage(message: Uint8Array): RunImage {
  const image: RunImage = { width: 0, height: 0, channels: 0, bytes: new Uint8Array() };
  for (const { number, value } of fieldsOf(message)) {
    if (number === 4 && typeof value !== 'number') image.bytes = value.slice();
    if (typeof value !== 'number') continue;
    if (number === 1) image.height = value;
    if (number === 2) image.width = value;
    if (number === 3) image.channels = value;
  }
  return image;
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
