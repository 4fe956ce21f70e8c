/** A run in a terminal: outputs as they come, below them what is still changing and a line of progress. */
import type { CodeCell, Notebook, Output } from '../notebook/index.js';
import type { OutputChange } from '../outputs.js';
import type { RunReporter, RunningCell } from '../reporter.js';
import { Screen, type Terminal } from './screen.js';
import { duration, outputText, title, type Style } from './text.js';

const BAR = 24;
const REDRAW_MS = 100;

export class LiveReporter implements RunReporter {
  readonly #screen: Screen;
  /** Displays of the running cell that can still change. */
  readonly #live = new Set<Output>();
  #running: RunningCell | undefined;
  #since = performance.now();
  #waiting = 'starting the kernel';
  #timer: NodeJS.Timeout | undefined;

  constructor(
    terminal: Terminal,
    readonly style: Style,
  ) {
    this.#screen = new Screen(terminal, () => this.#footer());
  }

  started(input: string, _notebook: Notebook, total: number): void {
    this.#waiting = 'starting the kernel';
    this.#timer = setInterval(() => this.#screen.redraw(), REDRAW_MS);
    this.#timer.unref();
    this.#screen.print(`${this.style.bold(input)}: ${total} code cells\n`);
  }

  cellStarted(running: RunningCell): void {
    this.#running = running;
    this.#since = performance.now();
    const { cell, number, total } = running;
    this.#screen.print(`${this.style.dim(`[${number}/${total}] ${title(cell.source)}`)}\n`);
  }

  output(_cell: CodeCell, change: OutputChange): void {
    if (change.kind === 'cleared') this.#live.clear();
    else if (change.kind === 'extended') this.#screen.print(this.style.own(change.text));
    else if (change.kind === 'added')
      if (change.displayId === undefined) this.#print(change.output);
      else this.#live.add(change.output);
    // The timer draws what has changed in place.
  }

  cellEnded({ number, total }: RunningCell, how: 'ok' | 'error' | 'skipped', seconds: number): void {
    this.#screen.endLine();
    for (const output of this.#live) this.#print(output);
    this.#live.clear();
    this.#running = undefined;
    this.#waiting = `${number} of ${total} cells`;
    if (how === 'error')
      this.#screen.print(`${this.style.red(`[${number}/${total}] failed after ${duration(seconds)}`)}\n`);
  }

  retrying(attempt: number, attempts: number, reason: string): void {
    this.#screen.print(`${this.style.red(`${reason}; attempt ${attempt} of ${attempts}`)}\n`);
    this.#screen.close();
  }

  ended(): void {
    clearInterval(this.#timer);
    this.#screen.close();
  }

  #print(output: Output): void {
    if (output.output_type !== 'stream') this.#screen.endLine();
    this.#screen.print(this.style.own(outputText(output)));
  }

  #footer(): string[] {
    const { dim, green } = this.style;
    if (this.#running === undefined) return [dim(this.#waiting)];
    const { number, total } = this.#running;
    const filled = Math.round((BAR * (number - 1)) / total);
    const bar = green('━'.repeat(filled)) + dim('━'.repeat(BAR - filled));
    const live = [...this.#live].flatMap((output) =>
      this.style.own(outputText(output)).trimEnd().split('\n'),
    );
    const time = duration((performance.now() - this.#since) / 1000);
    return [...live, `${bar} ${number}/${total}  ${time}`];
  }
}
