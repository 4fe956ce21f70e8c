/** Charts for cells: live curves, histograms of gradients, pictures of decisions. */
export {
  LineChart,
  type ChartRun,
  type LineChartOptions,
  type Measurements,
  type Scalar,
} from './charts/line-chart.js';
export { LossChart, lossChart } from './charts/loss-chart.js';
export {
  GradientHistograms,
  gradientHistogram,
  gradientHistograms,
  weightHistogram,
  type HistogramOptions,
  type HistogramsOptions,
} from './charts/histograms.js';
