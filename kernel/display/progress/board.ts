/**
 * Where progress bars are shown: in a notebook those of one cell that are nested share one display, in a terminal each
 * has a line below the one around it and all are written over, elsewhere a line for every tenth.
 */
import { randomUUID } from 'node:crypto';
import { displayHost, type DisplayHost } from '../host.js';
import { progressHtml, progressText, type ProgressState } from './text.js';

/** What a board depends on; tests pass their own. */
export interface ProgressEnvironment {
  host(): DisplayHost;
  /** Milliseconds. */
  now(): number;
  /** The terminal that a script writes to. */
  terminal(): Terminal;
}

interface Terminal {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  write(text: string): unknown;
}

export const environment: ProgressEnvironment = {
  host: displayHost,
  now: () => performance.now(),
  terminal: () => measured(process.stderr),
};

/** A loop that never awaits is told nothing of a window whose size has changed: Node asks the system only when it is told to. */
function measured(stream: NodeJS.WriteStream): Terminal {
  const refresh: unknown = Reflect.get(stream, '_refreshSize');
  if (stream.isTTY && typeof refresh === 'function') Reflect.apply(refresh, stream, []);
  return stream;
}

/** At most four updates a second, and the last always. */
const INTERVAL_MS = 250;

/** Behind the nine tenths that are told of a bar that runs. */
const ENDED = 10;

/** A bar that a board shows. */
export interface Bar {
  snapshot(): ProgressState;
  stop(): void;
}

/** The bars that are open, the outer ones first. */
export class Board {
  private bars: Bar[] = [];
  private readonly displayId = randomUUID();
  private shown = false;
  /** Lines of the terminal that the bars stand on. */
  private lines = 0;
  private nextAt = -Infinity;
  /** Tenths that were told where nothing can be written over. */
  private readonly tenths = new Map<Bar, number>();

  constructor(
    private readonly env: ProgressEnvironment,
    /** The execution whose output this is; null in a script. */
    readonly execution: number | null,
  ) {
    const host = env.host();
    if (host.kind === 'notebook' && host.execution?.()?.ended !== true)
      host.atCellEnd(() => this.bars[0]?.stop());
  }

  get isEmpty(): boolean {
    return this.bars.length === 0;
  }

  open(bar: Bar): void {
    // A bar that is done makes room for the next at its depth.
    this.bars = [...this.bars.filter((one) => one.snapshot().state === 'running'), bar];
    this.showInTime();
  }

  /** Shows the state when it is time. */
  tick(now: number): void {
    if (now >= this.nextAt) this.show();
  }

  /** A bar has ended; what is nested in it goes with it. */
  close(bar: Bar): void {
    const at = this.bars.indexOf(bar);
    if (at < 0) return;
    this.bars.length = at + 1;
    // An inner bar stays until the outer one or its successor is shown.
    if (at > 0) this.showInTime();
    else {
      this.show();
      this.finish();
      this.bars = [];
    }
  }

  /** Bars that open and close in a loop are no reason for more updates: the next tick of one shows them. */
  private showInTime(): void {
    if (!this.shown || this.env.host().kind === 'text' || this.env.now() >= this.nextAt) this.show();
  }

  private show(): void {
    this.nextAt = this.env.now() + INTERVAL_MS;
    const host = this.env.host();
    if (host.kind === 'text') {
      this.write();
      return;
    }
    const states = this.bars.map((bar) => bar.snapshot());
    const data = {
      'text/html': states.map(progressHtml).join(''),
      'text/plain': states.map((state) => progressText(state)).join('\n'),
    };
    host.send({ data, metadata: {}, displayId: this.displayId, update: this.shown });
    this.shown = true;
  }

  private write(): void {
    const terminal = this.env.terminal();
    if (this.bars.length === 0) return;
    if (terminal.isTTY === true) {
      const room = Math.max(1, known(terminal.rows, 24) - 1);
      // A line that is as wide as the terminal would be two in some.
      const width = Math.max(1, known(terminal.columns, 80) - 1);
      const lines = this.bars.slice(-room).map((one) => progressText(one.snapshot(), width));
      const back = this.lines > 1 ? `\r\x1b[${this.lines - 1}A\x1b[J` : '\r\x1b[K';
      terminal.write(back + lines.join('\n'));
      this.lines = lines.length;
      this.shown = true;
      return;
    }
    for (const one of this.bars) {
      const state = one.snapshot();
      const tenth =
        state.state !== 'running'
          ? ENDED
          : state.total === undefined
            ? 0
            : Math.min(9, Math.floor((10 * state.done) / state.total));
      if (tenth <= (this.tenths.get(one) ?? 0)) continue;
      this.tenths.set(one, tenth);
      terminal.write(`${progressText(state)}\n`);
    }
  }

  private finish(): void {
    const terminal = this.env.terminal();
    if (this.env.host().kind === 'text' && terminal.isTTY === true && this.shown) terminal.write('\n');
    this.shown = false;
    this.lines = 0;
  }
}

/** A pseudo-terminal whose size nobody has set says 0. */
const known = (size: number | undefined, otherwise: number): number =>
  size === undefined || size === 0 ? otherwise : size;
