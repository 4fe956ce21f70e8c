import { build } from 'esbuild';
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DisplayHost, DisplayMessage } from '../../../kernel/display/host.js';
import { gradientHistogram, LossChart } from '../../../kernel/plots/index.js';
import type { LiveEnvironment } from '../../../kernel/plots/live/live-display.js';
import { Load } from '../../../kernel/plots/live/load.js';
import { OVERTAKEN } from '../../../kernel/plots/live/raster-messages.js';
import { InProcessRenderer, type FrameRenderer, type Ticket } from '../../../kernel/plots/live/renderer.js';
import { WorkerRenderer } from '../../../kernel/plots/live/worker-renderer.js';
import type { ChartModel } from '../../../kernel/plots/model/chart.js';
import type { FrameResult } from '../../../kernel/plots/render/raster.js';
import { cases, fakeParameter } from './cases.js';
import { readPng } from './png-reader.js';

/** A notebook, a clock and a renderer that takes as long as it is told. */
class Bench implements LiveEnvironment, FrameRenderer {
  time = 0;
  /** How long a frame is under way, and what it costs the thread that asks for it. */
  latency = 0;
  cost = 0;
  /** How long another thread draws, and how much of that is taken from this one. */
  drawn = 0;
  lost = 0;
  readonly sent: (DisplayMessage & { at: number })[] = [];
  readonly charts: ChartModel[] = [];
  readonly cell = { id: 1, ended: false };
  /** The global ones, which a test can replace. */
  readonly timers = globalThis;
  private ends: (() => void | Promise<void>)[] = [];
  private readonly waiting: (() => void)[] = [];
  private readonly began = new Map<Ticket, number>();

  constructor(private readonly kind: 'notebook' | 'text' = 'notebook') {}

  host = (): DisplayHost => ({
    kind: this.kind,
    send: (message) => void this.sent.push({ ...message, at: this.time }),
    clearOutput: () => undefined,
    atCellEnd: (callback) => void this.ends.push(callback),
    execution: () => this.cell,
    beforeOutput: (callback) => void this.waiting.push(callback),
  });
  now = (): number => this.time;
  renderer = (): FrameRenderer => this;

  begin = (chart: ChartModel): Ticket => {
    this.charts.push(chart);
    this.began.set(this.charts.length, this.time);
    this.time += this.cost;
    return this.charts.length;
  };
  poll = (ticket: Ticket): FrameResult | null =>
    this.time - this.began.get(ticket)! >= this.latency ? { png: Uint8Array.of(1), drawn: this.drawn } : null;
  contention(): number {
    return this.lost;
  }
  cancel(): void {
    // Nothing is under way.
  }
  beginFinal(chart: ChartModel): Ticket {
    return this.begin(chart);
  }
  wait(ticket: Ticket): FrameResult {
    this.time = Math.max(this.time, this.began.get(ticket)! + this.latency);
    return { png: Uint8Array.of(2) };
  }

  /** The cell prints something. */
  print(): void {
    for (const callback of this.waiting.splice(0)) callback();
  }

  async endCell(): Promise<void> {
    for (const end of this.ends.splice(0)) await end();
    this.cell.ended = true;
  }

  nextCell(): void {
    this.cell.id += 1;
    this.cell.ended = false;
  }
}

/** Of pictures of one display. */
function mostInASecond(sent: readonly { at: number }[]): number {
  return Math.max(
    ...sent.map(({ at }) => sent.filter((other) => at <= other.at && other.at < at + 1000).length),
  );
}

function train(bench: Bench, chart: LossChart, steps: number, stepTime = 1): void {
  for (let step = 0; step < steps; step++) {
    bench.time += stepTime;
    chart.add({ train: 1 / (1 + step) });
  }
}

describe('a live chart', () => {
  it('shows once, then updates in place, at most four times a second', async () => {
    const bench = new Bench();
    bench.latency = 30;
    train(bench, new LossChart({}, bench), 3000);
    const live = bench.sent.length;
    await bench.endCell();
    expect(live).toBeGreaterThanOrEqual(8);
    expect(live).toBeLessThanOrEqual(9);
    expect(bench.sent).toHaveLength(live + 1);
    expect(mostInASecond(bench.sent)).toBeLessThanOrEqual(4);
    expect(bench.sent.map((message) => message.update)).toEqual(bench.sent.map((_, i) => i > 0));
    expect(new Set(bench.sent.map((message) => message.displayId)).size).toBe(1);
    expect(new Set(bench.sent.map((message) => JSON.stringify(message.metadata))).size).toBe(1);
  });

  it.each([
    ['nested loops with several charts', () => undefined],
    ['a loop that calls each chart finished', (chart: LossChart) => chart.finish()],
    ['a loop that displays each chart', (chart: LossChart) => void display(chart)],
    [
      'a loop that calls and displays each chart, again and again',
      (chart: LossChart) => {
        for (let i = 0; i < 5; i++) {
          chart.finish();
          display(chart);
        }
      },
    ],
  ])('each shows no more than four pictures a second in %s', async (_, after) => {
    const bench = new Bench();
    bench.latency = 20;
    const charts = [new LossChart({}, bench), new LossChart({}, bench), new LossChart({}, bench)];
    for (let epoch = 0; epoch < 40; epoch++) {
      for (let step = 0; step < 60; step++) {
        bench.time += 1;
        for (const chart of charts) chart.add({ train: 1 / (1 + step) });
      }
      charts.forEach(after);
    }
    const live = bench.sent.length;
    await bench.endCell();
    for (const id of new Set(bench.sent.map(({ displayId }) => displayId))) {
      const own = bench.sent.filter(({ displayId }) => displayId === id);
      expect(own.length).toBeGreaterThanOrEqual(6);
      expect(mostInASecond(own)).toBeLessThanOrEqual(4);
      // The last that is shown has everything.
      expect(own.at(-1)!.data).toHaveProperty(['application/vnd.vegalite.v5+json']);
    }
    expect(new Set(bench.sent.map(({ displayId }) => displayId)).size).toBe(3);
    // What came last is shown all the same.
    expect(bench.sent.slice(live)).toHaveLength(3);
    for (const chart of bench.charts.slice(-3)) {
      const [panel] = chart.panels;
      expect(panel.kind === 'lines' && panel.series[0].summary.count).toBe(2400);
    }
  });

  it('has the final picture drawn while the cell goes on, and waits for it at the end', async () => {
    const bench = new Bench();
    bench.latency = 30;
    const charts = [new LossChart({}, bench), new LossChart({}, bench)];
    for (let step = 0; step < 1000; step++) {
      bench.time += 1;
      for (const chart of charts) chart.add({ train: step });
    }
    const live = bench.sent.length;
    bench.latency = 200;
    const before = bench.time;
    for (const chart of charts) chart.finish();
    expect(bench.time).toBe(before);
    expect(bench.sent).toHaveLength(live);
    await bench.endCell();
    // One after the other would take twice as long.
    expect(bench.time).toBe(before + 200);
    expect(bench.sent.slice(live).map(({ displayId }) => displayId)).toEqual([
      bench.sent[0].displayId,
      bench.sent[1].displayId,
    ]);
    for (const { data } of bench.sent.slice(live))
      expect(data).toHaveProperty(['application/vnd.vegalite.v5+json']);
  });

  it('begins the final pictures of all charts of a cell before it waits for one', async () => {
    const bench = new Bench();
    bench.latency = 20;
    const charts = [1, 2, 3].map(() => new LossChart({}, bench));
    for (let step = 0; step < 700; step++) {
      bench.time += 1;
      for (const chart of charts) chart.add({ train: step });
    }
    bench.latency = 200;
    const before = bench.time;
    await bench.endCell();
    expect(bench.time).toBe(before + 200);
  });

  it('takes its place before what is printed, in words until there is a picture', async () => {
    const bench = new Bench();
    const chart = new LossChart({}, bench);
    train(bench, chart, 1);
    bench.print();
    expect(bench.sent.map(({ data, update }) => [Object.keys(data), update])).toEqual([
      [['text/plain'], false],
    ]);
    train(bench, chart, 100);
    bench.print();
    expect(bench.sent.map(({ data, update }) => ['image/png' in data, update])).toEqual([
      [false, false],
      [true, true],
    ]);
    expect(bench.sent[1].metadata).toEqual(bench.sent[0].metadata);
    expect(new Set(bench.sent.map(({ displayId }) => displayId)).size).toBe(1);
    await bench.endCell();
    expect(bench.sent.map(({ update }) => update)).toEqual([false, true, true]);
  });

  it('draws a frame again that had to make way for a final picture', async () => {
    const bench = new Bench();
    const chart = new LossChart({}, bench);
    chart.add({ train: 1 });
    const { poll } = bench;
    bench.poll = () => ({ error: OVERTAKEN });
    train(bench, chart, 50);
    expect(bench.sent).toHaveLength(0);
    bench.poll = poll;
    const begun = bench.charts.length;
    // Nothing new comes, but somebody looks.
    bench.time += 1000;
    chart.rule(NaN, 'none');
    expect(bench.charts.length).toBeGreaterThan(begun);
    await bench.endCell();
  });

  it('always sends the last frame, with everything in it and Vega-Lite', async () => {
    const bench = new Bench();
    const chart = new LossChart({}, bench);
    train(bench, chart, 7);
    expect(bench.sent).toHaveLength(0);
    await bench.endCell();
    expect(bench.sent).toHaveLength(1);
    const [panel] = bench.charts.at(-1)!.panels;
    expect(panel.kind === 'lines' && panel.series[0].summary.count).toBe(7);
    expect(bench.sent[0].data).toHaveProperty(['application/vnd.vegalite.v5+json']);
    await bench.endCell();
    expect(bench.sent).toHaveLength(1);
  });

  it('becomes rarer when frames cost the training thread much', () => {
    const cheap = new Bench();
    train(cheap, new LossChart({}, cheap), 5000);
    const dear = new Bench();
    dear.cost = 60;
    train(dear, new LossChart({}, dear), 20_000);
    expect(dear.charts.length * dear.cost).toBeLessThan(0.05 * dear.time);
    expect(dear.sent.length).toBeGreaterThanOrEqual(2);
    expect(dear.sent.length).toBeLessThan(cheap.sent.length);
  });

  it('becomes rarer where drawing takes processors from the training, together with all others', () => {
    const framesOf = (lost: number, charts = 1): number => {
      const bench = new Bench();
      bench.drawn = 20;
      bench.lost = lost;
      const all = Array.from({ length: charts }, () => new LossChart({}, bench));
      for (let step = 0; step < 20_000; step++) {
        bench.time += 1;
        for (const chart of all) chart.add({ train: step });
      }
      const count = bench.charts.length;
      for (const chart of all) chart.finish();
      return count;
    };
    const free = framesOf(0);
    expect(free).toBeGreaterThan(50);
    for (const lost of [0.5, 1])
      for (const charts of [1, 2]) {
        const frames = framesOf(lost, charts);
        expect(frames * 20 * lost).toBeLessThan(0.02 * 20_000);
        expect(frames).toBeGreaterThanOrEqual(8);
        expect(frames).toBeLessThan(free);
      }
  });

  it('never throws into the loop, whatever breaks', async () => {
    const bench = new Bench();
    const chart = new LossChart({}, bench);
    const { host } = bench;
    bench.host = () => ({
      ...host(),
      send: () => {
        throw new Error('EPIPE');
      },
    });
    train(bench, chart, 1000);
    await bench.endCell();
    bench.host = host;
    const { begin } = bench;
    bench.begin = () => {
      throw new Error('no worker');
    };
    bench.nextCell();
    train(bench, chart, 1000);
    bench.begin = begin;
    bench.wait = () => {
      throw new Error('no picture');
    };
    await bench.endCell();
    expect(bench.sent.map((message) => message.data)).toEqual([
      { 'text/plain': '(the chart could not be drawn: no picture)' },
    ]);
  });

  it('shows again in the next cell that adds to it', async () => {
    const bench = new Bench();
    const chart = new LossChart({}, bench);
    train(bench, chart, 10);
    await bench.endCell();
    bench.nextCell();
    train(bench, chart, 10);
    await bench.endCell();
    expect(bench.sent.map((message) => message.update)).toEqual([false, false]);
    expect(bench.sent[0].displayId).toBe(bench.sent[1].displayId);
  });

  it('that a cell returns is shown once', async () => {
    const bench = new Bench();
    const chart = new LossChart({}, bench);
    train(bench, chart, 500);
    expect(display(chart)).toEqual({});
    await bench.endCell();
    expect(bench.sent.filter((message) => !message.update)).toHaveLength(1);
    const before = bench.sent.length;
    // A later cell that returns it shows it there.
    bench.nextCell();
    expect(display(chart)).toEqual({});
    await bench.endCell();
    expect(bench.sent).toHaveLength(before + 1);
    expect(bench.sent.at(-1)!.update).toBe(false);
  });

  it('gives its picture to other kernels, and its text to a terminal once', async () => {
    const bench = new Bench('text');
    const chart = new LossChart({}, bench);
    train(bench, chart, 2000);
    expect(bench.sent).toHaveLength(0);
    await bench.endCell();
    expect(bench.sent.map((message) => Object.keys(message.data))).toEqual([['text/plain']]);
    expect(Object.keys(display(chart))).toContain('image/png');
  });

  it('sends what is ready although the loop awaits for long', async () => {
    const bench = new Bench();
    const sent = new Promise<void>((resolve) => {
      const { host } = bench;
      bench.host = () => ({
        ...host(),
        send: (message) => {
          host().send(message);
          resolve();
        },
      });
    });
    const chart = new LossChart({}, bench);
    chart.add({ train: 1 });
    bench.time = 50;
    chart.add({ train: 2 });
    bench.time = 400;
    await sent;
    expect(bench.sent).toHaveLength(1);
  });
});

describe('a chart that outlives its cell', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => vi.useRealTimers());

  it('goes on in the same display, and is final when numbers cease', async () => {
    const bench = new Bench();
    const chart = new LossChart({}, bench);
    train(bench, chart, 5);
    await bench.endCell();
    const pass = (time: number): void => {
      for (const end = bench.time + time; bench.time < end; bench.time += 20) vi.advanceTimersByTime(20);
    };
    for (let i = 0; i < 20; i++) {
      chart.add({ train: i });
      pass(100);
    }
    const { length } = bench.sent;
    expect(length).toBeGreaterThanOrEqual(5);
    expect(length).toBeLessThanOrEqual(10);
    pass(2000);
    expect(bench.sent.slice(1).every((message) => message.update)).toBe(true);
    expect(bench.sent.at(-1)!.data).toHaveProperty(['application/vnd.vegalite.v5+json']);
    expect(bench.sent.length - length).toBeLessThanOrEqual(2);
    const settled = bench.sent.length;
    pass(2000);
    expect(bench.sent).toHaveLength(settled);
  });
});

describe('a chart made at once', () => {
  it('shows where the cell returns it, once', async () => {
    const bench = new Bench();
    const model = [['w', fakeParameter(Float32Array.of(1), Float32Array.of(1, 2, 3))]] as const;
    const chart = gradientHistogram(model, {}, bench);
    expect(bench.sent).toHaveLength(0);
    expect(display(chart)).toEqual({});
    await bench.endCell();
    expect(bench.sent).toHaveLength(1);
  });
});

function display(value: object): Record<string, unknown> {
  const show: unknown = Reflect.get(value, Symbol.for('Jupyter.display'));
  if (typeof show !== 'function') throw new Error('has no Jupyter.display');
  return Reflect.apply(show, value, []) as Record<string, unknown>;
}

describe('the raster worker', () => {
  let file = '';
  const renderers: WorkerRenderer[] = [];

  beforeAll(async () => {
    const root = path.resolve(import.meta.dirname, '../../..');
    // Inside the package, so that it finds the packages it needs.
    file = path.join(root, 'dist/test/raster-worker.mjs');
    await build({
      entryPoints: [path.join(root, 'kernel/plots/raster-worker.ts')],
      outfile: file,
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      logLevel: 'error',
    });
  });

  afterAll(() => {
    for (const renderer of renderers) renderer.close();
  });

  const start = (worker: string): WorkerRenderer => {
    const renderer = new WorkerRenderer(worker);
    renderers.push(renderer);
    return renderer;
  };

  it('draws while the main thread never returns to its event loop', () => {
    const renderer = start(file);
    const ticket = renderer.begin(cases.one());
    const deadline = performance.now() + 20_000;
    let result = renderer.poll(ticket);
    while (result === null && performance.now() < deadline) result = renderer.poll(ticket);
    expect(result !== null && 'png' in result && readPng(result.png).width).toBe(1440);
    expect(renderer.working).toBe(true);
    const final = renderer.wait(renderer.beginFinal(cases.one()));
    const inProcess = new InProcessRenderer();
    const own = inProcess.wait(inProcess.beginFinal(cases.one()));
    expect('png' in final && 'png' in own && Buffer.compare(final.png, own.png)).toBe(0);
  });

  it('has less priority than the training, where the system tells threads apart', () => {
    const tasks = '/proc/self/task';
    const low = (): number =>
      readdirSync(tasks).filter((id) => {
        try {
          return os.getPriority(Number(id)) === 10;
        } catch {
          // It has ended.
          return false;
        }
      }).length;
    const before = existsSync(tasks) ? low() : 0;
    const renderer = start(file);
    renderer.prepare();
    expect('png' in renderer.wait(renderer.begin(cases.one()))).toBe(true);
    expect(existsSync(tasks) ? low() : 1).toBe(before + 1);
  });

  it('draws a final picture before the frames that wait, and frames again after it', () => {
    const renderer = start(file);
    const answer = (ticket: Ticket): FrameResult => renderer.wait(ticket);
    expect('png' in answer(renderer.begin(cases.one()))).toBe(true);
    const frames = [1, 2, 3, 4].map(() => renderer.begin(cases.one()));
    expect('png' in answer(renderer.beginFinal(cases.one()))).toBe(true);
    for (const result of frames.map(answer)) expect('png' in result || result.error === OVERTAKEN).toBe(true);
    expect('png' in answer(renderer.begin(cases.one()))).toBe(true);
  });

  it('is not missed when its file is absent', () => {
    const renderer = start('/nowhere/raster-worker.js');
    const result = renderer.poll(renderer.begin(cases.one()));
    expect(result !== null && 'png' in result).toBe(true);
    expect(renderer.working).toBe(false);
  });

  it('is not missed when it dies', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'raster-'));
    const broken = path.join(folder, 'broken.mjs');
    writeFileSync(broken, 'process.exit(3);');
    let time = 0;
    const renderer = new WorkerRenderer(broken, () => time);
    const ticket = renderer.begin(cases.one());
    expect(renderer.poll(ticket)).toBeNull();
    time = 60_000;
    expect(renderer.poll(ticket)).toHaveProperty('error');
    const result = renderer.poll(renderer.begin(cases.one()));
    expect(result !== null && 'png' in result).toBe(true);
    expect('png' in renderer.wait(renderer.beginFinal(cases.one()))).toBe(true);
  });
});

describe('what drawing beside takes from the training', () => {
  /** Ten seconds in which this process uses so many processors, and draws for half a second. */
  function lost(processors: number, threads: number): number {
    const source = { at: 0, time: 0, processors, now: () => source.at, used: () => source.time };
    const load = new Load(source);
    load.share(0);
    for (let second = 1; second <= 10; second++) {
      source.at += 1000;
      source.time += 1000 * threads + 50;
      load.share(50 * second);
    }
    return load.share(500);
  }

  it('is all where there is one processor, half where two threads have two, and two thirds where three have', () => {
    expect(lost(1, 1)).toBe(1);
    expect(lost(2, 2)).toBeCloseTo(0.5, 10);
    expect(lost(2, 3)).toBeCloseTo(2 / 3, 10);
  });

  it('is something where a processor is idle, and less where a whole core is likely to be', () => {
    expect(lost(2, 1)).toBe(0.4);
    expect(lost(4, 2)).toBe(0.4);
    expect(lost(8, 3)).toBe(0.1);
    expect(lost(32, 8)).toBe(0.1);
    // A loop that waits for something else.
    expect(lost(2, 0.2)).toBe(0.4);
  });
});
