/** A chart as Jupyter shows it: PNG and text, and Vega-Lite with the picture that is kept. */
import type { MimeBundle, MimeMetadata } from '../../display/mime.js';
import type { FrameResult } from './raster.js';
import type { ChartModel } from '../model/chart.js';
import { toText } from './text.js';
import { VEGA_LITE_MIME, toVegaLite } from './vega-lite.js';

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
  if (final) {
    const spec = toVegaLite(chart);
    if (spec !== null) data[VEGA_LITE_MIME] = spec;
  }
  return { data, metadata: { 'image/png': { width: chart.width, height: chart.height } } };
}

export function textBundle(chart: ChartModel): ChartOutput {
  return { data: { 'text/plain': toText(chart) }, metadata: {} };
}
