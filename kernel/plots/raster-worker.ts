/** The worker thread that draws frames: one request, one reply, until the main thread is gone. */
import { workerData } from 'node:worker_threads';
import { chartBundle } from './render/bundle.js';
import { render } from './render/raster.js';
import type { RasterReply, RasterRequest, RasterWorkerData } from './live/worker-renderer.js';

const { port, replies } = workerData as RasterWorkerData;
const posted = new Int32Array(replies);

port.on('message', ({ ticket, chart, effort }: RasterRequest) => {
  const began = performance.now();
  const result = render(chart, effort);
  // Text, base64 and Vega-Lite as well: the thread that trains only hands them on.
  const output = chartBundle(chart, result, effort === 'final');
  const reply: RasterReply = { ticket, result: { ...result, output, drawn: performance.now() - began } };
  port.postMessage(reply);
  Atomics.add(posted, 0, 1);
  Atomics.notify(posted, 0);
});
