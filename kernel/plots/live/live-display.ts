/** Keeps one display up to date while numbers arrive, also from inside a synchronous loop. */
// An interrupt calls off the timers of cells, which are the global ones.
import timers from 'node:timers';
import { randomUUID } from 'node:crypto';
import { Seldom } from '../../../core/diagnostics/index.js';
import { displayHost, type DisplayHost } from '../../display/host.js';
import { distFile } from '../../install/paths.js';
import type { ChartModel } from '../model/chart.js';
import { chartBundle, placeBundle, textBundle, type ChartOutput } from '../render/bundle.js';
import type { FrameResult } from '../render/raster.js';
import { sound } from '../model/sound.js';
import { OVERTAKEN } from './raster-messages.js';
import { MIN_INTERVAL_MS, Rate } from './rate.js';
import type { FrameRenderer, Ticket } from './renderer.js';
import { WorkerRenderer } from './worker-renderer.js';

/** A loop that calls its chart finished after each epoch gets final pictures no faster. */
const FINISH_INTERVAL_MS = 1000;
/** A chart shows first when it has had a moment to gather points. */
const FIRST_FRAME_MS = 40;
/** Between two looks for a finished picture. */
const POLL_MS = 5;
/** The pace of the timer that looks instead of a loop that awaits. */
const TIMER_MS = 60;
/** Without a number for this long, a chart that outlived its cell is final. */
const SETTLE_MS = 500;
/** What the pictures of all displays together may cost the thread that trains: when one costs more, they become rarer. */
const MAX_SHARE = 0.01;
/** What the drawing of all displays may take from the thread that trains, where both want the same processors. */
const DRAW_SHARE = 0.01;
/** For that the next frame waits no longer than this. */
const DRAW_WAIT_MS = 3000;
/** What the start of a worker may cost. */
const START_MS = 60;

/** What a live display depends on; tests pass their own. */
export interface LiveEnvironment {
  host(): DisplayHost;
  now(): number;
  renderer(): FrameRenderer;
  /** Those of Node where missing. */
  readonly timers?: Pick<typeof timers, 'setTimeout' | 'clearTimeout'>;
}

/** Displays that get pictures while numbers arrive. */
const active = new Set<object>();
/** Displays of cells that run. */
const open = new Set<LiveDisplay>();

let shared: FrameRenderer | undefined;

/** All charts share one worker. */
const environment: LiveEnvironment = {
  host: displayHost,
  now: () => performance.now(),
  renderer: () => (shared ??= new WorkerRenderer(distFile('kernel/plots/raster-worker.cjs'))),
};

export class LiveDisplay {
  private readonly displayId = randomUUID();
  /** There are numbers that no picture shows yet. */
  private stale = false;
  /** What is shown is the final picture. */
  private final = false;
  /** A display exists in the cell that runs. */
  private shown = false;
  /** The execution in which it was shown last. */
  private shownIn: number | null = null;
  private attached = false;
  /** Nobody will tell when the numbers end. */
  private settles = false;
  private lastTouch = 0;
  private ticket: Ticket | null = null;
  /** The final picture, while it is being drawn. */
  private kept: { ticket: Ticket; chart: ChartModel } | null = null;
  private nextLook = 0;
  private nextBegin = 0;
  /** When the newest frame was begun. */
  private begun = 0;
  private readonly rate = new Rate();
  private lastFinish = -Infinity;
  /** The chart of the frame under way. */
  private frame: ChartModel | null = null;
  private frames = 0;
  private timer: NodeJS.Timeout | null = null;
  private readonly seldom = new Seldom();

  private readonly snapshot: (final: boolean) => ChartModel;

  /** @param snapshot the chart as it is now; called only when a picture is due, and told whether it is one that stays */
  constructor(
    snapshot: (final: boolean) => ChartModel,
    private readonly env: LiveEnvironment = environment,
  ) {
    this.snapshot = (final) => sound(snapshot(final));
  }

  /** Numbers will arrive: what draws them starts while the loop does, whose own start leaves processors idle. Never throws. */
  prepare(): void {
    try {
      if (this.env.host().kind !== 'text') this.env.renderer().prepare?.();
    } catch {
      // As below.
    }
  }

  /**
   * Numbers have arrived. Cheap: a look at the clock, unless a picture is due. Never throws.
   *
   * @param many whether there are enough for a first picture
   */
  touch(many = false): void {
    this.stale = true;
    this.final = false;
    if (this.seldom.skips()) return;
    const now = this.env.now();
    this.lastTouch = now;
    if (this.attached) this.seldom.looked(now);
    try {
      if (!this.attached) this.attach(now, many);
      if (now >= this.nextLook) this.look(now);
      else if (this.timer === null) this.arm();
    } catch {
      // No chart may throw into a training run. What is wrong shows in the final picture, or there again.
      this.nextLook = now + MIN_INTERVAL_MS;
    }
  }

  /**
   * Has the final picture drawn. It is shown when it is there, at the cell's end at the latest; where a loop asks again and
   * again, once a second. Never throws.
   */
  finish(): void {
    const now = this.env.now();
    const isShown = this.attached && this.shown;
    if (isShown && now < this.lastFinish + FINISH_INTERVAL_MS) {
      if (!this.final && (this.kept === null || this.stale)) this.touch();
      return;
    }
    this.lastFinish = now;
    // The first picture says where in the cell's output the chart stands, and a text host shows one only.
    if (!isShown || this.env.host().kind === 'text') {
      this.flush();
      return;
    }
    this.beginFinal();
    this.nextBegin = Math.max(this.nextBegin, now + MIN_INTERVAL_MS);
    this.nextLook = now;
    this.arm();
  }

  /** Shows the final picture. Never throws. */
  private flush(): void {
    this.disarm();
    active.delete(this);
    if (this.final) return;
    try {
      const host = this.env.host();
      // A text host shows no updates: what is final there is printed whole.
      this.send(host, this.output(host.kind === 'text'), host.kind === 'text');
      // Only now: an interrupt in between must not lose the last picture.
      this.stale = false;
      this.final = true;
    } catch {
      // Nothing can be shown: the host is gone.
    }
  }

  private output(textOnly: boolean): ChartOutput {
    try {
      if (textOnly) return textBundle(this.snapshot(true));
      const { ticket, chart } = this.keep();
      this.kept = null;
      return finalOutput(chart, this.env.renderer().wait(ticket));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { data: { 'text/plain': `(the chart could not be drawn: ${reason})` }, metadata: {} };
    }
  }

  /** The final picture under way. */
  private keep(): { ticket: Ticket; chart: ChartModel } {
    if (this.kept !== null && !this.stale) return this.kept;
    // Reading the numbers may complete some, and so touch this display.
    const chart = this.snapshot(true);
    const renderer = this.env.renderer();
    if (this.ticket !== null) renderer.cancel(this.ticket);
    if (this.kept !== null) renderer.cancel(this.kept.ticket);
    this.ticket = this.kept = null;
    this.stale = false;
    return (this.kept = { ticket: renderer.beginFinal(chart), chart });
  }

  /** Never throws: `flush` will say what is wrong. */
  private beginFinal(): void {
    if (this.final) return;
    try {
      if (this.env.host().kind !== 'text') this.keep();
    } catch {
      // As above.
    }
  }

  /**
   * What `Symbol.for("Jupyter.display")` answers. In our notebooks the chart shows itself, once, and the answer is
   * empty; elsewhere the answer is the picture.
   */
  result(): Record<string, unknown> {
    const host = this.env.host();
    if (host.kind === 'text') {
      const { data } = this.output(false);
      this.disarm();
      this.final = true;
      return data;
    }
    if (!this.attached) this.attach(this.env.now());
    if (this.shown) this.finish();
    else {
      this.final = false;
      this.flush();
    }
    return {};
  }

  private attach(now: number, many = false): void {
    this.attached = true;
    open.add(this);
    this.nextLook = this.nextBegin = many ? now : now + FIRST_FRAME_MS;
    const host = this.env.host();
    const execution = host.execution?.() ?? null;
    // A cell that adds to a chart of an earlier cell shows it again, where one looks for it.
    this.shown = execution !== null && execution.id === this.shownIn;
    // A timer that outlives its cell: the chart is final when nothing has come for a while.
    if (execution?.ended === true) this.settles = true;
    else host.atCellEnd(() => this.end());
    if (!this.shown) host.beforeOutput?.(() => this.takePlace());
  }

  /** Among what a cell prints a chart stands where its first number came, however soon the first picture is drawn. */
  private takePlace(): void {
    if (!this.attached || this.shown) return;
    try {
      this.show(this.env.host(), placeBundle(this.snapshot(false)), false);
    } catch {
      // As above: the picture shows itself where it can.
    }
  }

  private end(): void {
    // All of a cell are drawn one after the other while the first is waited for.
    for (const other of open) if (other.env === this.env && !other.settles) other.beginFinal();
    this.flush();
    open.delete(this);
    this.attached = false;
    this.settles = false;
    this.shown = false;
  }

  private look(now: number): void {
    const host = this.env.host();
    if (host.kind === 'text') {
      this.nextLook = Infinity;
      return;
    }
    for (const other of open) if (other.kept !== null && other.env === this.env) other.deliver(host, now);
    if (this.ticket !== null && this.rate.hasRoom(now)) {
      const result = this.env.renderer().poll(this.ticket);
      if (result !== null) {
        this.ticket = null;
        this.yield(result);
        this.sendFrame(host, result);
      }
    }
    if (this.ticket === null && this.kept === null && this.stale && now >= this.nextBegin) {
      this.stale = false;
      active.add(this);
      this.frame = this.snapshot(false);
      this.begun = now;
      this.ticket = this.env.renderer().begin(this.frame);
      this.frames += 1;
    }
    this.pace(now, this.env.now() - now);
    const waits = this.ticket !== null || this.kept !== null;
    this.nextLook = waits ? now + POLL_MS : this.nextBegin;
    if (waits || this.stale) this.arm();
  }

  /** Shows a final picture that was asked for, when it is there. */
  private deliver(host: DisplayHost, now: number): void {
    const { kept } = this;
    if (kept === null || !this.rate.hasRoom(now)) return;
    const result = this.env.renderer().poll(kept.ticket);
    if (result === null) return;
    this.send(host, finalOutput(kept.chart, result), false);
    this.kept = null;
    this.final = !this.stale;
  }

  /** Puts off the next frame in proportion to what this one has cost the thread so far. */
  private pace(now: number, cost: number): void {
    // What the first frame costs is mostly the start of the worker, and that is paid only once.
    const share = this.frames <= 1 && cost < START_MS ? 0 : (cost * Math.max(1, active.size)) / MAX_SHARE;
    if (this.ticket !== null && this.nextBegin <= now)
      this.nextBegin = now + Math.max(MIN_INTERVAL_MS, share);
    else this.nextBegin += share;
  }

  /** Where all processors are busy, a frame that another thread drew was drawn at the cost of the training too. */
  private yield({ drawn = 0 }: FrameResult): void {
    const lost = drawn * (this.env.renderer().contention?.() ?? 0);
    // The first frame waits for the worker's start, which is paid once.
    if (this.frames <= 1) return;
    const wait = Math.min(DRAW_WAIT_MS, (lost * Math.max(1, active.size)) / DRAW_SHARE);
    this.nextBegin = Math.max(this.nextBegin, this.begun + wait);
  }

  private sendFrame(host: DisplayHost, result: FrameResult): void {
    if ('error' in result && result.error === OVERTAKEN) this.stale = true;
    if (this.frame === null || 'error' in result) return;
    this.send(host, result.output ?? chartBundle(this.frame, result, false), false);
  }

  private send(host: DisplayHost, output: ChartOutput, alone: boolean): void {
    this.show(host, output, alone);
    this.rate.sent(this.env.now());
  }

  private show(host: DisplayHost, { data, metadata }: ChartOutput, alone: boolean): void {
    const { shown } = this;
    try {
      // Before it is: its own picture is what its place would be taken for.
      this.shown = true;
      host.send({ data, metadata, displayId: this.displayId, update: shown && !alone });
    } catch (error) {
      this.shown = shown;
      throw error;
    }
    this.shownIn = host.execution?.()?.id ?? null;
  }

  /** For loops that await: the picture must not wait for the next number. In a synchronous loop it never fires. */
  private arm(): void {
    if (this.timer !== null || !this.attached || this.env.host().kind === 'text') return;
    this.timer = (this.env.timers ?? timers).setTimeout(() => {
      this.timer = null;
      if (!this.attached) return;
      // The loop awaits: what is touched next has a timer again.
      this.seldom.reset();
      const now = this.env.now();
      if (this.settles && now > this.lastTouch + SETTLE_MS) {
        this.end();
        return;
      }
      try {
        this.look(now);
      } catch {
        // As above: no chart may throw into a training run.
      }
      if (this.settles) this.arm();
    }, TIMER_MS);
    this.timer.unref();
  }

  private disarm(): void {
    this.seldom.reset();
    if (this.timer !== null) (this.env.timers ?? timers).clearTimeout(this.timer);
    this.timer = null;
  }
}

function finalOutput(chart: ChartModel, result: FrameResult): ChartOutput {
  return result.output ?? chartBundle(chart, result, true);
}
