/** What a run shows in a terminal and in a log. */
import { describe, expect, it } from 'vitest';
import type { CodeCell, Output } from '../../../kernel/run/notebook/index.js';
import type { RunReporter, RunningCell } from '../../../kernel/run/reporter.js';
import { LiveReporter } from '../../../kernel/run/terminal/live.js';
import { PlainReporter } from '../../../kernel/run/terminal/plain.js';
import { Screen, type Terminal } from '../../../kernel/run/terminal/screen.js';
import { fit, outputText, style } from '../../../kernel/run/terminal/text.js';

/** The lines of a terminal, as far as ECMA-48 is needed here: text, CR, LF, cursor up, erase below; colours are dropped. */
class VirtualTerminal implements Terminal {
  lines = [''];
  #row = 0;
  #column = 0;

  constructor(
    readonly columns = 40,
    readonly rows = 10,
  ) {}

  write(text: string): void {
    const pattern = new RegExp(String.raw`\u001b\[(\d*)([A-Za-z])|[^]`, 'gu');
    for (const [part, count, command] of text.matchAll(pattern)) this.#put(part, Number(count || 0), command);
  }

  #put(part: string, count: number, command: string | undefined): void {
    if (command === 'A') this.#row = Math.max(0, this.#row - count);
    else if (command === 'J') {
      this.lines.length = this.#row + 1;
      this.lines[this.#row] = this.lines[this.#row].slice(0, this.#column);
    } else if (command !== undefined) return;
    else if (part === '\r') this.#column = 0;
    else if (part === '\n') {
      this.#row++;
      this.#column = 0;
      if (this.#row === this.lines.length) this.lines.push('');
    } else {
      const line = this.lines[this.#row].padEnd(this.#column);
      this.lines[this.#row] = line.slice(0, this.#column) + part + line.slice(this.#column + 1);
      if (++this.#column > this.columns) throw new Error('a line that wraps cannot be erased');
    }
  }
}

const cell = (source: string): CodeCell => ({
  cell_type: 'code',
  source,
  metadata: {},
  outputs: [],
  execution_count: null,
});

const stream = (text: string): Output => ({ output_type: 'stream', name: 'stdout', text });
const display = (text: string): Output => ({
  output_type: 'display_data',
  data: { 'text/plain': text },
  metadata: {},
});

describe('text above a footer that changes in place', () => {
  it('keeps the text and shows only the latest footer', () => {
    const terminal = new VirtualTerminal();
    let step = 0;
    const screen = new Screen(terminal, () => [`step ${step}`, '----']);
    screen.print('first\nsecond');
    step = 1;
    screen.print(' line\n');
    step = 2;
    screen.redraw();
    expect(terminal.lines).toEqual(['first', 'second line', 'step 2', '----', '']);
    screen.close();
    expect(terminal.lines).toEqual(['first', 'second line', '']);
  });

  it('shows a line that writes over itself as it is now', () => {
    const terminal = new VirtualTerminal();
    const screen = new Screen(terminal, () => ['footer']);
    screen.print('10%');
    screen.print('\r20%');
    expect(terminal.lines).toEqual(['20%', 'footer', '']);
    screen.close();
    expect(terminal.lines.at(-2)).toBe('20%');
  });

  it('draws its footer also where the terminal does not know its size', () => {
    let written = '';
    const screen = new Screen({ columns: 0, rows: 0, write: (text) => (written += text) }, () => ['footer']);
    screen.redraw();
    expect(written).toBe('footer\n');
  });

  it('never draws a footer that wraps or is taller than the screen', () => {
    const terminal = new VirtualTerminal(20, 5);
    const screen = new Screen(terminal, () => Array.from({ length: 9 }, (_, i) => `${i} ${'x'.repeat(50)}`));
    for (let i = 0; i < 3; i++) screen.redraw();
    expect(terminal.lines).toHaveLength(5);
    expect(terminal.lines[3]).toBe(`8 ${'x'.repeat(16)}…`);
  });
});

/** A cell that prints, shows a chart, updates it and prints again. */
function report(reporter: RunReporter): void {
  const running: RunningCell = { cell: cell('import x\ntrain()'), number: 1, total: 2 };
  const chart = display('▁▁▁');
  reporter.started?.('a.ipynb', { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [] }, 2);
  reporter.cellStarted?.(running);
  reporter.output?.(running.cell, { kind: 'added', output: stream('\x1b[31mred\x1b[39m\n') });
  reporter.output?.(running.cell, { kind: 'added', output: chart, displayId: 'c' });
  if ('data' in chart) chart.data = { 'text/plain': '▁▃█' };
  reporter.output?.(running.cell, { kind: 'updated', output: chart, displayId: 'c' });
  reporter.output?.(running.cell, {
    kind: 'extended',
    output: { output_type: 'stream', name: 'stdout', text: '' },
    text: 'end',
  });
  reporter.cellEnded?.(running, 'ok', 0.25);
  reporter.cellEnded?.({ cell: cell('x'), number: 2, total: 2 }, 'skipped', 0);
  reporter.ended?.();
}

describe('a run', () => {
  it('in a log is lines without colours; a chart that changes is shown once, as it ended', () => {
    let log = '';
    report(new PlainReporter((text) => (log += text), style(false)));
    expect(log).toBe(
      [
        'a.ipynb: 2 code cells',
        '[1/2] train()',
        'red',
        'end',
        '▁▃█',
        '[1/2] 0.3 s',
        '[2/2] skipped',
        '',
      ].join('\n'),
    );
  });

  it('in a log tells every ten seconds what changes in few lines, less often in a long cell, and the end once', () => {
    let log = '';
    let now = 0;
    const reporter = new PlainReporter(
      (text) => (log += text),
      style(false),
      () => now,
    );
    const running: RunningCell = { cell: cell('train()'), number: 1, total: 1 };
    const bar = display('0%');
    const dashboard = display('layer\n'.repeat(20));
    reporter.cellStarted(running);
    reporter.output(running.cell, { kind: 'added', output: bar, displayId: 'bar' });
    reporter.output(running.cell, { kind: 'added', output: dashboard, displayId: 'dashboard' });
    // Four updates a second for an hour.
    for (now = 0; now <= 3_600_000; now += 250) {
      if ('data' in bar) bar.data = { 'text/plain': `${Math.floor(now / 36_000)}%` };
      reporter.output(running.cell, { kind: 'updated', output: bar, displayId: 'bar' });
    }
    const lines = log.trimEnd().split('\n').slice(1);
    // Shares that had not changed were not told again.
    expect(lines.slice(0, 4)).toEqual(['0%', '1%', '2%', '3%'].slice(0, 4));
    expect(lines.length).toBeGreaterThan(25);
    expect(lines.length).toBeLessThan(60);
    if ('data' in bar) bar.data = { 'text/plain': 'done' };
    log = '';
    reporter.cellEnded(running, 'ok', 3600);
    expect(log.split('\n').filter((line) => line !== '' && line !== 'layer')).toEqual([
      'done',
      '[1/1] 60 min 0 s',
    ]);
    expect(log.split('layer')).toHaveLength(21);
  });

  it('in a terminal leaves the same outputs behind, and no footer', () => {
    const terminal = new VirtualTerminal();
    report(new LiveReporter(terminal, style(true)));
    expect(terminal.lines).toEqual(['a.ipynb: 2 code cells', '[1/2] train()', 'red', 'end', '▁▃█', '']);
  });
});

describe('outputs as text', () => {
  it('prefers plain text, and names what has none', () => {
    const data = { 'image/png': 'A'.repeat(2048), 'text/html': '<b>x</b>' };
    expect(outputText({ output_type: 'display_data', data, metadata: {} })).toBe(
      '<image/png, 2.0 KiB, text/html, 0.0 KiB>\n',
    );
    expect(
      outputText({
        output_type: 'execute_result',
        data: { ...data, 'text/plain': 'a\nb' },
        metadata: {},
        execution_count: 3,
      }),
    ).toBe('Out[3]: \na\nb\n');
  });

  it('cuts what is too wide, counting what is seen', () => {
    expect(fit('abcdef', 6)).toBe('abcdef');
    expect(fit('abcdefg', 6)).toBe('abcde…');
    expect(fit('\x1b[31mabcdef\x1b[39m', 6)).toBe('\x1b[31mabcdef\x1b[39m');
    expect(fit('\x1b[31mabcdefg\x1b[39m', 6)).toBe('\x1b[31mabcde…\x1b[0m');
  });
});
