/** What the thread that trains and the one that draws say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { ChartModel } from '../model/chart.js';
import type { FrameResult } from '../render/raster.js';

/** Main thread to worker. */
export interface RasterRequest {
  ticket: number;
  chart: ChartModel;
  effort: 'live' | 'final';
  /** How many final pictures were asked for so far, this one included. */
  finals: number;
  /** There is a processor that nobody uses: the final picture's code may run once for trial after the reply. */
  rehearse?: boolean;
}

/** Worker to main thread. */
export interface RasterReply {
  ticket: number;
  result: FrameResult;
  /** Milliseconds that were spent on trials since the last reply. */
  rehearsed: number;
}

export interface RasterWorkerData {
  port: MessagePort;
  /** Int32 numbers, see {@link SIGNALS}. */
  signals: SharedArrayBuffer;
}

/**
 * Places of numbers that only grow: how many replies were posted, how many final pictures were asked for, with how many requests the
 * worker is done; and whether frames are drawn with less priority than the training has.
 */
export const SIGNALS = { replies: 0, finals: 1, done: 2, low: 3, count: 4 } as const;

/** Why a frame was not drawn: a final picture, which a loop's end waits for, came before it. */
export const OVERTAKEN = 'a final picture came first';
