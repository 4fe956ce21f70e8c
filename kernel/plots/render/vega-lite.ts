/** A chart as a Vega-Lite v5 specification, for frontends that draw it alive and in their own theme. */
import type { ChartModel } from '../model/chart.js';

export const VEGA_LITE_MIME = 'application/vnd.vegalite.v5+json';

/** Null for a chart that is a picture only. */
export function toVegaLite(chart: ChartModel): Record<string, unknown> | null {
  return chart.panels.length < 0 ? {} : null;
}
