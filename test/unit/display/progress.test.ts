import { describe, expect, it } from 'vitest';
import type { ProgressEnvironment } from '../../../kernel/display/progress/board.js';
import { progress, Progress } from '../../../kernel/display/progress/index.js';
import {
  clock,
  progressHtml,
  progressText,
  type ProgressState,
} from '../../../kernel/display/progress/text.js';
import type { DisplayMessage } from '../../../kernel/display/host.js';

/** A notebook with a clock of its own. */
function notebook(execution = 1): ProgressEnvironment & {
  time: number;
  sent: DisplayMessage[];
  endCell: () => void;
} {
  const ends: (() => void | Promise<void>)[] = [];
  const env = {
    time: 0,
    sent: [] as DisplayMessage[],
    endCell: () => ends.forEach((end) => void end()),
    now: () => env.time,
    terminal: () => ({ write: () => undefined }),
    host: () => ({
      kind: 'notebook' as const,
      send: (message: DisplayMessage) => void env.sent.push(message),
      clearOutput: () => undefined,
      atCellEnd: (end: () => void | Promise<void>) => void ends.push(end),
      execution: () => ({ id: execution, ended: false }),
    }),
  };
  return env;
}

const texts = ({ sent }: { sent: DisplayMessage[] }): unknown[] => sent.map(({ data }) => data['text/plain']);

describe('a progress bar', () => {
  it('gives every item, and shows share, count, time, rate and what is left', () => {
    const env = notebook();
    const seen: string[] = [];
    for (const item of new Progress(['a', 'b', 'c', 'd'], { label: 'letters' }, env)) {
      seen.push(item);
      env.time += 500;
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
    expect(texts(env)).toEqual([
      'letters    0% ▕                        ▏ 0/4 · 0.0 s',
      'letters   25% ▕██████                  ▏ 1/4 · 0.5 s · 2.00 it/s · 1.5 s left',
      'letters   50% ▕████████████            ▏ 2/4 · 1.0 s · 2.00 it/s · 1.0 s left',
      'letters   75% ▕██████████████████      ▏ 3/4 · 1.5 s · 2.00 it/s · 0.5 s left',
      'letters  100% ▕████████████████████████▏ 4/4 · 2.0 s · 2.00 it/s · 0.0 s left',
      'letters  100% ▕████████████████████████▏ 4/4 · 2.0 s · 2.00 it/s',
    ]);
    expect(env.sent.map(({ update }) => update)).toEqual([false, true, true, true, true, true]);
    expect(new Set(env.sent.map(({ displayId }) => displayId)).size).toBe(1);
  });

  it('is shown four times a second at most, and always in the end', () => {
    const env = notebook();
    for (const item of new Progress(Array.from({ length: 10_000 }).keys(), { total: 10_000 }, env))
      env.time = (item + 1) / 10;
    expect(env.sent.length).toBeLessThanOrEqual(6);
    expect(texts(env).at(-1)).toContain('10,000/10,000 · 1.0 s');
  });

  it('is shown no more often for bars inside of it that open and close', () => {
    const env = notebook();
    for (const outer of new Progress(Array.from({ length: 200 }).keys(), { total: 200 }, env))
      for (const inner of new Progress([1, 2, 3, 4, 5], {}, env)) env.time = 5 * outer + inner;
    expect(env.sent.length).toBeLessThanOrEqual(6);
    expect(texts(env).at(-1)).toContain('200/200 · 1.0 s');
  });

  it('says where a loop was left, also when Stop ended it', () => {
    const left = notebook();
    for (const item of new Progress([1, 2, 3], {}, left)) if (item === 2) break;
    expect(texts(left).at(-1)).toMatch(/33% .* 1\/3 · .* · stopped$/);

    const stopped = notebook();
    const loop = new Progress([1, 2, 3], {}, stopped)[Symbol.iterator]();
    loop.next();
    loop.next();
    stopped.endCell();
    expect(texts(stopped).at(-1)).toMatch(/33% .* · stopped$/);
  });

  it('does not hide an error of the loop', () => {
    const env = notebook();
    const loop = (): void => {
      for (const item of new Progress([1], {}, env)) throw new Error(`mine ${item}`);
    };
    expect(loop).toThrow('mine 1');
    expect(texts(env).at(-1)).toContain('stopped');
  });

  it('shares a display with the bars inside of it', () => {
    const env = notebook(2);
    for (const epoch of new Progress([1, 2], { label: 'epoch' }, env))
      for (const item of new Progress([1, 2, 3], { label: `batch of ${epoch}` }, env))
        env.time += 300 * Math.sign(item);
    expect(new Set(env.sent.map(({ displayId }) => displayId)).size).toBe(1);
    const shown = texts(env).map((text) =>
      String(text)
        .split('\n')
        .map((line) => line.slice(0, 10)),
    );
    expect(shown).toContainEqual(['epoch    0', 'batch of 1']);
    expect(shown).toContainEqual(['epoch   50', 'batch of 2']);
    expect(shown.every((lines) => lines.length <= 2)).toBe(true);
    expect(texts(env).at(-1)).toMatch(/^epoch {2}100% [^\n]*2\/2/);
  });

  it('shows notes, and things that nobody has counted', async () => {
    const env = notebook();
    async function* stream(): AsyncGenerator<number> {
      yield await Promise.resolve(1);
      yield await Promise.resolve(2);
    }
    const bar = new Progress(stream(), { unit: 'batch' }, env);
    for await (const item of bar) {
      bar.note(`loss 0.${item}`);
      env.time += 4000;
    }
    expect(texts(env).at(-1)).toBe('2 batch · 8.0 s · 4.00 s/batch · loss 0.2');
  });
});

/** What a terminal shows after it was written to: carriage return, line feed, cursor up, erase to the end. */
function screen(written: string): string[] {
  const lines = [''];
  let [row, column] = [0, 0];
  // eslint-disable-next-line no-control-regex
  for (const [token, count] of written.matchAll(/\x1b\[(\d*)[A-Z]|[^]/g)) {
    if (token === '\r') column = 0;
    else if (token === '\n') [row, column] = [row + 1, 0];
    else if (token.endsWith('A') && token.length > 1) row -= Number(count);
    else if (token === '\x1b[K' || token === '\x1b[J') {
      lines[row] = (lines[row] ?? '').slice(0, column);
      if (token === '\x1b[J') lines.length = row + 1;
    } else {
      lines[row] = (lines[row] ?? '').slice(0, column).padEnd(column) + token;
      column += 1;
    }
    lines[row] ??= '';
  }
  return lines;
}

describe('in a script', () => {
  const script = (isTTY: boolean): ProgressEnvironment & { written: string } => {
    let time = 0;
    const env = {
      written: '',
      now: () => (time += 300),
      terminal: () => ({ isTTY, columns: 60, write: (text: string) => void (env.written += text) }),
      host: () => ({
        kind: 'text' as const,
        send: () => undefined,
        clearOutput: () => undefined,
        atCellEnd: () => undefined,
      }),
    };
    return env;
  };

  it('a line for every tenth goes to a file', () => {
    const env = script(false);
    expect([...new Progress(Array.from({ length: 1000 }).keys(), { total: 1000 }, env)]).toHaveLength(1000);
    const lines = env.written.trimEnd().split('\n');
    // Nine while it runs, and the end.
    expect(lines).toHaveLength(10);
    expect(lines.map((line) => line.slice(0, 4))).toContain(' 50%');
  });

  it('one line of a terminal is written over and kept in the end', () => {
    const env = script(true);
    expect([...new Progress([1, 2], { label: 'x'.repeat(80) }, env)]).toEqual([1, 2]);
    expect(env.written).toMatch(/^(?:\r\x1b\[Kx+… [^\r\n]{1,58})+\n$/); // eslint-disable-line no-control-regex
  });

  it('bars that are nested have a line each in a terminal, and no line twice', () => {
    const env = script(true);
    for (const epoch of new Progress([1, 2], { label: 'epoch' }, env))
      for (const batch of new Progress([1, 2, 3], { label: 'batch' }, env))
        expect(epoch * batch).toBeGreaterThan(0);
    const heads = (written: string): string[] => screen(written).map((line) => line.slice(0, 12).trim());
    const running = env.written.slice(0, env.written.lastIndexOf('\r'));
    expect(heads(running)).toEqual(['epoch  100%', 'batch  100%']);
    for (const line of screen(running)) expect(line.length).toBeLessThan(60);
    expect(heads(env.written)).toEqual(['epoch  100%', '']);
  });
});

it('of nothing is full', () => {
  const env = notebook();
  expect([...new Progress([], {}, env)]).toEqual([]);
  expect(env.sent.at(-1)?.data['text/html']).toContain('<progress value="1" max="1"></progress> 100% 0/0');
});

describe('by hand', () => {
  it('goes on as it is told to, and is done with the last item', () => {
    const env = notebook();
    const bar = new Progress([1, 2, 3, 4], {}, env);
    expect(texts(env)).toEqual([]);
    for (let i = 0; i < 2; i++) {
      env.time += 500;
      bar.update(2);
    }
    bar.close();
    expect(texts(env).at(-1)).toMatch(/^100% .* 4\/4 · [\d.]+ s · [\d.]+ it\/s$/);
    const shown = env.sent.length;
    bar.close();
    expect(env.sent).toHaveLength(shown);
  });

  it('is left where it is by close() and by the end of the cell', () => {
    const env = notebook();
    new Progress([1, 2, 3, 4], { label: 'a' }, env).update().close();
    expect(texts(env).at(-1)).toMatch(/^a {3}25% .*stopped$/);
    new Progress([1, 2], { label: 'b' }, env).update();
    env.endCell();
    expect(texts(env).at(-1)).toMatch(/^b {3}50% .*stopped$/);
    expect(() => progress(3).update(NaN)).toThrow('update takes a number of items, got NaN');
  });

  it('counts without an end', () => {
    const env = notebook();
    let seen = 0;
    for (const i of progress(Infinity)) if ((seen = i) === 3) break;
    expect(seen).toBe(3);
    expect(progress(Infinity).snapshot().total).toBeUndefined();
    new Progress(new Map().keys(), {}, env).update(5).close();
    expect(texts(env).at(-1)).toMatch(/^5 it · /);
  });
});

it('in a narrow place the bar gets shorter, then it goes, then the label', () => {
  const state: ProgressState = {
    label: 'label',
    done: 50,
    total: 100,
    elapsed: 1,
    rate: 5,
    unit: 'it',
    note: '',
    state: 'running',
  };
  const numbers = '50/100 · 1.0 s · 5.00 it/s · 10 s left';
  expect(progressText(state, 79)).toBe(`label   50% ▕████████████            ▏ ${numbers}`);
  expect(progressText(state, 60)).toBe(`label   50% ▕███▌   ▏ ${numbers}`);
  expect(progressText(state, 55)).toBe(`label   50% ${numbers}`);
  expect(progressText(state, 48)).toBe(`la…   50% ${numbers}`);
  expect(progressText(state, 30)).toBe(' 50% 50/100 · 1.0 s · 5.00 it…');
  for (let width = 1; width < 90; width++)
    expect(progressText(state, width).length).toBeLessThanOrEqual(width);
});

describe('what can be iterated', () => {
  it('are counts, collections with a size, and nothing else', () => {
    expect([...progress(3)]).toEqual([0, 1, 2]);
    expect(progress(new Set([1, 2])).snapshot().total).toBe(2);
    expect(progress('ab').snapshot().total).toBe(2);
    expect(() => progress(1.5)).toThrow(
      'progress: a count must be a whole number from 0 or Infinity, got 1.5',
    );
    expect(() => progress({} as Iterable<number>)).toThrow('needs something to iterate');
  });

  it('is not an asynchronous iterable in a synchronous loop', () => {
    const later = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true as const, value: 1 }) }),
    };
    expect(() => [...progress(later)]).toThrow('use for await');
  });
});

describe('the numbers of a bar', () => {
  const state = (given: Partial<ProgressState>): ProgressState => ({
    label: '',
    done: 0,
    total: 10,
    elapsed: 0,
    rate: 0,
    unit: 'it',
    note: '',
    state: 'running',
    ...given,
  });

  it.each([
    [3.14, '3.1 s'],
    [42.4, '42 s'],
    [185, '3:05'],
    [3723, '1:02:03'],
  ])('%d seconds are %s', (seconds, text) => expect(clock(seconds)).toBe(text));

  it('have a bar for nothing to do, and never one that is longer than its frame', () => {
    expect(progressText(state({ total: 0, state: 'done' }))).toMatch(/^100% ▕█{24}▏ 0\/0/);
    expect(progressText(state({ done: 12 }))).toMatch(/▕█{24}▏ 12\/10/);
  });

  it('are safe in HTML, with the browser’s bar', () => {
    expect(progressHtml(state({ label: '<b>', done: 5 }))).toBe(
      '<div>&#60;b&#62;  <progress value="5" max="10"></progress>  50% 5/10 · 0.0 s</div>',
    );
    expect(progressHtml(state({ total: undefined }))).toContain('<progress></progress>');
  });
});
