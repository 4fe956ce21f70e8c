/**
 * Draws in a worker thread, so that a synchronous training loop pays only for handing over the numbers. The loop never
 * returns to the event loop, so results are fetched with `receiveMessageOnPort`, and waited for with `Atomics.wait`.
 * Whatever goes wrong with the worker, pictures are then drawn in process.
 */
import { existsSync } from 'node:fs';
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { lendProcessor } from '../../../core/kernels/threads/index.js';
import type { ChartModel } from '../model/chart.js';
import type { FrameResult } from '../render/raster.js';
import { Load } from './load.js';
import { SIGNALS, type RasterReply, type RasterRequest, type RasterWorkerData } from './raster-messages.js';
import { InProcessRenderer, type FrameRenderer, type Ticket } from './renderer.js';

/** A worker that is silent for this long is given up. Its first frame includes the start. */
const PATIENCE_MS = 4000;

/** For so long at most large operations do without a processor for one picture. */
const LENT_MS = 500;

/** Frames before what keeps pictures is tried out, and what share of the drawing's time the training may lose for that. */
const REHEARSE_AFTER = 2;
const REHEARSE_AT = 0.5;

interface Pending {
  began: number;
  result: FrameResult | null;
  /** Of a final picture: if the worker cannot, it is drawn here. */
  final: ChartModel | null;
}

export class WorkerRenderer implements FrameRenderer {
  private readonly fallback = new InProcessRenderer();
  private readonly pending = new Map<Ticket, Pending>();
  private readonly signals = new Int32Array(new SharedArrayBuffer(4 * SIGNALS.count));
  private worker: Worker | null = null;
  private port: MessagePort | null = null;
  private state: 'idle' | 'starting' | 'ready' | 'failed' = 'idle';
  private next = 0;
  private inProcess = new Map<Ticket, Ticket>();
  /** Milliseconds of the worker's so far. */
  private drawn = 0;
  private answered = 0;
  private posted = 0;

  constructor(
    private readonly workerFile: string,
    private readonly now: () => number = () => performance.now(),
    private readonly load = new Load(),
  ) {}

  prepare(): void {
    this.start();
  }

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

  beginFinal(chart: ChartModel): Ticket {
    this.receive();
    const ticket = ++this.next;
    // A worker that is still starting would be slower than drawing here.
    if (this.state === 'ready') {
      // What it is at gives way.
      Atomics.add(this.signals, SIGNALS.finals, 1);
      if (this.post({ ticket, chart, effort: 'final' })) return ticket;
    }
    this.inProcess.set(ticket, this.fallback.beginFinal(chart));
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
    if (frame.result === null && this.state !== 'failed' && this.now() <= frame.began + PATIENCE_MS)
      return null;
    return this.take(ticket, frame);
  }

  wait(ticket: Ticket): FrameResult {
    const own = this.inProcess.get(ticket);
    if (own !== undefined) {
      this.inProcess.delete(ticket);
      return this.fallback.wait(own);
    }
    const frame = this.pending.get(ticket);
    if (frame === undefined) return { error: 'this frame was not begun' };
    const deadline = this.now() + PATIENCE_MS;
    for (let left = PATIENCE_MS; left > 0 && this.state !== 'failed'; left = deadline - this.now()) {
      const seen = Atomics.load(this.signals, SIGNALS.replies);
      if (this.answers(ticket)) break;
      Atomics.wait(this.signals, SIGNALS.replies, seen, left);
    }
    return this.take(ticket, frame);
  }

  /** Whether there is an answer by now. */
  private answers(ticket: Ticket): boolean {
    this.receive();
    return (this.pending.get(ticket)?.result ?? null) !== null;
  }

  /** The answer to a ticket, which is given up where there is none by now. */
  private take(ticket: Ticket, { result, final }: Pending): FrameResult {
    this.pending.delete(ticket);
    if (result === null) this.fail();
    if (result !== null && (final === null || !('error' in result))) return result;
    if (final !== null) return this.fallback.wait(this.fallback.beginFinal(final));
    return { error: 'the raster worker did not answer' };
  }

  cancel(ticket: Ticket): void {
    this.inProcess.delete(ticket);
    this.pending.delete(ticket);
  }

  contention(): number {
    return this.load.share(this.drawn);
  }

  /** Not in a short loop, which may end meanwhile, and not at the cost of the training. */
  private mayRehearse(): boolean {
    return this.answered >= REHEARSE_AFTER && this.contention() < REHEARSE_AT;
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
      const workerData: RasterWorkerData = { port: port2, signals: this.signals.buffer };
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

  private post(request: Omit<RasterRequest, 'finals'>): boolean {
    if (this.port === null) return false;
    try {
      // Counted before, and told with every request: an interrupt in between must not have the worker wait for one that never came.
      const finals = Atomics.load(this.signals, SIGNALS.finals);
      this.port.postMessage({ ...request, finals } satisfies RasterRequest);
    } catch {
      return false;
    }
    this.posted += 1;
    // Where drawing has no less priority, large operations do without that processor, instead of waiting for it in each of their parts.
    lendProcessor(LENT_MS, () => this.givesWay());
    this.pending.set(request.ticket, {
      began: this.now(),
      result: null,
      final: request.effort === 'final' ? request.chart : null,
    });
    return true;
  }

  /** Whether the training has all processors that it wants. */
  private givesWay(): boolean {
    const { signals } = this;
    return (
      this.state === 'failed' ||
      Atomics.load(signals, SIGNALS.low) === 1 ||
      Atomics.load(signals, SIGNALS.done) >= this.posted
    );
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
