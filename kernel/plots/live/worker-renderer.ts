/**
 * Draws in a worker thread, so that a synchronous training loop pays only for handing over the numbers. The loop never
 * returns to the event loop, so results are fetched with `receiveMessageOnPort`, and waited for with `Atomics.wait`.
 * Whatever goes wrong with the worker, pictures are then drawn in process.
 */
import { existsSync } from 'node:fs';
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import type { ChartModel } from '../model/chart.js';
import type { FrameResult } from '../render/raster.js';
import { Load } from './load.js';
import { InProcessRenderer, type FrameRenderer, type Ticket } from './renderer.js';

/** Main thread to worker. */
export interface RasterRequest {
  ticket: Ticket;
  chart: ChartModel;
  effort: 'live' | 'final';
  /** There is a processor that nobody uses: the final picture's code may run once for trial after the reply. */
  rehearse?: boolean;
}

/** Worker to main thread. */
export interface RasterReply {
  ticket: Ticket;
  result: FrameResult;
  /** Milliseconds that were spent on trials since the last reply. */
  rehearsed: number;
}

export interface RasterWorkerData {
  port: MessagePort;
  /** One Int32: how many replies were posted. */
  replies: SharedArrayBuffer;
}

/** A worker that is silent for this long is given up. Its first frame includes the start. */
const PATIENCE_MS = 4000;

/** Frames before what keeps pictures is tried out. */
const REHEARSE_AFTER = 3;

export class WorkerRenderer implements FrameRenderer {
  private readonly fallback = new InProcessRenderer();
  private readonly pending = new Map<Ticket, { began: number; result: FrameResult | null }>();
  private readonly replies = new Int32Array(new SharedArrayBuffer(4));
  private worker: Worker | null = null;
  private port: MessagePort | null = null;
  private state: 'idle' | 'starting' | 'ready' | 'failed' = 'idle';
  private next = 0;
  private inProcess = new Map<Ticket, Ticket>();
  /** Milliseconds of the worker's so far. */
  private drawn = 0;
  private answered = 0;

  constructor(
    private readonly workerFile: string,
    private readonly now: () => number = () => performance.now(),
    private readonly load = new Load(),
  ) {}

  begin(chart: ChartModel): Ticket {
    const ticket = ++this.next;
    this.start();
    if (
      this.state === 'failed' ||
      !this.post({ ticket, chart, effort: 'live', rehearse: this.mayRehearse() })
    )
      this.inProcess.set(ticket, this.fallback.begin(chart));
    return ticket;
  }

  poll(ticket: Ticket): FrameResult | null {
    const own = this.inProcess.get(ticket);
    if (own !== undefined) {
      this.inProcess.delete(ticket);
      return this.fallback.poll(own);
    }
    const frame = this.pending.get(ticket);
    if (frame === undefined) return { error: 'this frame was not begun' };
    this.receive();
    if (frame.result !== null) this.pending.delete(ticket);
    else if (this.state === 'failed' || this.now() - frame.began > PATIENCE_MS) {
      this.fail();
      this.pending.delete(ticket);
      return { error: 'the raster worker did not answer' };
    }
    return frame.result;
  }

  cancel(ticket: Ticket): void {
    this.inProcess.delete(ticket);
    this.pending.delete(ticket);
  }

  renderFinal(chart: ChartModel): FrameResult {
    this.receive();
    // A worker that is still starting would be slower than drawing here.
    if (this.state !== 'ready') return this.fallback.renderFinal(chart);
    const ticket = ++this.next;
    if (!this.post({ ticket, chart, effort: 'final' })) return this.fallback.renderFinal(chart);
    const deadline = this.now() + PATIENCE_MS;
    for (;;) {
      const seen = Atomics.load(this.replies, 0);
      this.receive();
      const result = this.pending.get(ticket)?.result ?? null;
      if (result !== null) {
        this.pending.delete(ticket);
        return 'error' in result ? this.fallback.renderFinal(chart) : result;
      }
      const left = deadline - this.now();
      if (left <= 0) break;
      Atomics.wait(this.replies, 0, seen, left);
    }
    this.pending.delete(ticket);
    this.fail();
    return this.fallback.renderFinal(chart);
  }

  contention(): number {
    return this.load.share(this.drawn);
  }

  /** Not in a short loop, which may end meanwhile, and not at the cost of the training. */
  private mayRehearse(): boolean {
    return this.answered >= REHEARSE_AFTER && this.contention() === 0;
  }

  /** Whether a worker draws. */
  get working(): boolean {
    return this.state === 'ready';
  }

  /** Ends the worker; what is drawn afterwards is drawn here. */
  close(): void {
    this.fail();
  }

  private start(): void {
    if (this.state !== 'idle') return;
    if (!existsSync(this.workerFile)) {
      this.state = 'failed';
      return;
    }
    try {
      const { port1, port2 } = new MessageChannel();
      const workerData: RasterWorkerData = { port: port2, replies: this.replies.buffer };
      const worker = new Worker(this.workerFile, {
        workerData,
        transferList: [port2],
        name: 'charts',
        // Neither the user's flags (an inspector, loader hooks) nor his output streams concern it.
        execArgv: [],
        stdout: true,
        stderr: true,
      });
      worker.on('error', () => this.fail());
      worker.on('exit', () => this.fail());
      worker.unref();
      this.worker = worker;
      port1.unref();
      this.port = port1;
      this.state = 'starting';
    } catch {
      this.state = 'failed';
    }
  }

  private fail(): void {
    this.state = 'failed';
    void this.worker?.terminate();
    this.worker = null;
    this.port?.close();
    this.port = null;
  }

  private post(request: RasterRequest): boolean {
    if (this.port === null) return false;
    try {
      this.port.postMessage(request);
    } catch {
      return false;
    }
    this.pending.set(request.ticket, { began: this.now(), result: null });
    return true;
  }

  private receive(): void {
    if (this.port === null) return;
    for (;;) {
      const received = receiveMessageOnPort(this.port);
      if (received === undefined) return;
      this.state = 'ready';
      const { ticket, result, rehearsed } = received.message as RasterReply;
      this.drawn += (result.drawn ?? 0) + rehearsed;
      this.answered += 1;
      const frame = this.pending.get(ticket);
      if (frame) frame.result = result;
    }
  }
}
