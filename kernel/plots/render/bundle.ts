/** A chart as Jupyter shows it: PNG and text, and Vega-Lite with the picture that is kept. */
import type { MimeBundle, MimeMetadata } from '../../display/mime.js';
import type { FrameResult } from './raster.js';
import type { ChartModel } from '../model/chart.js';
import { toText } from './text.js';
import { MAX_STORED_BYTES, OUTPUT_DEPTH, storedBytes } from './stored.js';
import { VEGA_LITE_MIME, toVegaLite } from './vega-lite.js';

/** Bytes of an output beside its data and metadata: its type, its commas. */
const AROUND = 200;

export interface ChartOutput {
  data: MimeBundle;
  metadata: MimeMetadata;
}

/**
 * No html, json or svg: frontends prefer them, or refuse them. The metadata depend on the chart's size alone: were they
 * to change in an update, VS Code would rewrite every output of the cell.
 */
export function chartBundle(chart: ChartModel, result: FrameResult, final: boolean): ChartOutput {
  const data: MimeBundle = {};
  if ('png' in result)
    data['image/png'] = Buffer.from(result.png.buffer, result.png.byteOffset, result.png.length).toString(
      'base64',
    );
  const trouble = 'error' in result ? `\n(no picture: ${result.error})` : '';
  data['text/plain'] = toText(chart) + trouble;
  const metadata = sizeOf(chart);
  if (final) {
    // What the picture and the text leave; points are left out before the whole is.
    const spec = toVegaLite(chart, MAX_STORED_BYTES - AROUND - storedBytes({ data, metadata }, OUTPUT_DEPTH));
    if (spec !== null) data[VEGA_LITE_MIME] = spec;
  }
  return { data, metadata };
}

function sizeOf({ width, height }: ChartModel): MimeMetadata {
  return { 'image/png': { width, height } };
}

/** What stands where a picture will be, with the metadata of the picture. */
export function placeBundle(chart: ChartModel): ChartOutput {
  return { ...textBundle(chart), metadata: sizeOf(chart) };
}

export function textBundle(chart: ChartModel): ChartOutput {
  return { data: { 'text/plain': toText(chart) }, metadata: {} };
}
