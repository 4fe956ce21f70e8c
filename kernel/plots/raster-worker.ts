/** The worker thread that draws frames: one request, one reply, until the main thread is gone. */
import { workerData } from 'node:worker_threads';
import { takeOver } from '../boot/handover.js';
import type { ChartModel } from './model/chart.js';
import { chartBundle } from './render/bundle.js';
import { render, type FrameResult } from './render/raster.js';
import type { RasterReply, RasterRequest, RasterWorkerData } from './live/worker-renderer.js';

const { port, replies } = workerData as RasterWorkerData;
const posted = new Int32Array(replies);
const begun = takeOver();
/** Code that has run so often is fast: the last picture takes a third of what the first would. */
const REHEARSALS = 3;
const rehearsals = new Map<string, number>();
let rehearsed = 0;

port.on('message', ({ ticket, chart, effort, rehearse }: RasterRequest) => {
  const began = performance.now();
  const result = draw(chart, effort);
  const reply: RasterReply = {
    ticket,
    result: { ...result, drawn: performance.now() - began },
    rehearsed,
  };
  rehearsed = 0;
  port.postMessage(reply);
  Atomics.add(posted, 0, 1);
  Atomics.notify(posted, 0);
  if (rehearse === true) tryOut(chart);
  // By now it has run once: the next thread need not compile it.
  else if (effort === 'final') begun.saveCode?.();
});

/** Text, base64 and Vega-Lite as well: the thread that trains only hands them on. */
function draw(chart: ChartModel, effort: 'live' | 'final'): FrameResult {
  const result = render(chart, effort);
  return { ...result, output: chartBundle(chart, result, effort === 'final') };
}

/** Draws a chart as if it were final, while there is time: the loop will wait for the one that is. */
function tryOut(chart: ChartModel): void {
  const kind = chart.panels.map((panel) => panel.kind).join();
  const times = rehearsals.get(kind) ?? 0;
  if (times >= REHEARSALS) return;
  rehearsals.set(kind, times + 1);
  const began = performance.now();
  draw(chart, 'final');
  rehearsed += performance.now() - began;
}
