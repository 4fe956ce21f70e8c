/** The worker thread that draws frames: one request, one reply, until the main thread is gone. */
import { workerData } from 'node:worker_threads';
import { takeOver } from '../boot/handover.js';
import { LOW, setThreadPriority, USUAL } from '../boot/thread-priority.js';
import type { ChartModel } from './model/chart.js';
import { chartBundle } from './render/bundle.js';
import { render, type Checkpoint, type FrameResult } from './render/raster.js';
import {
  OVERTAKEN,
  SIGNALS,
  type RasterReply,
  type RasterRequest,
  type RasterWorkerData,
} from './live/raster-messages.js';

const { port, signals } = workerData as RasterWorkerData;
const shared = new Int32Array(signals);
const begun = takeOver();
if (setThreadPriority(LOW)) Atomics.store(shared, SIGNALS.low, 1);
/** Code that has run once is compiled: the last picture takes half of what the first would. More trials bring less than they cost. */
const REHEARSALS = 1;
const rehearsals = new Map<string, number>();
let rehearsed = 0;
/** How many final pictures were asked for up to the request at hand. */
let finals = 0;

/** A loop has ended and waits for its final picture, which comes before all else. */
class Overtaken extends Error {}

function giveWay(): void {
  if (Atomics.load(shared, SIGNALS.finals) > finals) throw new Overtaken('a final picture comes first');
}

port.on('message', ({ ticket, chart, effort, finals: asked, rehearse }: RasterRequest) => {
  const began = performance.now();
  finals = asked;
  // Now somebody waits.
  if (effort === 'final') setThreadPriority(USUAL);
  const result =
    effort === 'live' ? unlessOvertaken(() => draw(chart, 'live', giveWay)) : draw(chart, 'final');
  const reply: RasterReply = {
    ticket,
    result: { ...(result ?? { error: OVERTAKEN }), drawn: performance.now() - began },
    rehearsed,
  };
  rehearsed = 0;
  port.postMessage(reply);
  Atomics.add(shared, SIGNALS.replies, 1);
  Atomics.notify(shared, SIGNALS.replies);
  if (effort === 'final') setThreadPriority(LOW);
  if (rehearse === true) tryOut(chart);
  // By now it has run once: the next thread need not compile it.
  else if (effort === 'final') begun.saveCode?.();
  Atomics.add(shared, SIGNALS.done, 1);
});

/** Text, base64 and Vega-Lite as well: the thread that trains only hands them on. */
function draw(chart: ChartModel, effort: 'live' | 'final', checkpoint?: Checkpoint): FrameResult {
  const result = render(chart, effort, checkpoint);
  checkpoint?.();
  return { ...result, output: chartBundle(chart, result, effort === 'final') };
}

function unlessOvertaken<T>(body: () => T): T | null {
  try {
    giveWay();
    return body();
  } catch (error) {
    if (error instanceof Overtaken) return null;
    throw error;
  }
}

/** Draws a chart as if it were final, while there is time: the loop will wait for the one that is. */
function tryOut(chart: ChartModel): void {
  const kind = chart.panels.map((panel) => panel.kind).join();
  const times = rehearsals.get(kind) ?? 0;
  if (times >= REHEARSALS) return;
  const began = performance.now();
  if (unlessOvertaken(() => draw(chart, 'final', giveWay)) !== null) rehearsals.set(kind, times + 1);
  rehearsed += performance.now() - began;
}
