import { expect, test } from 'vitest';
import {
  OutputQueue,
  type Clock,
  type Pacing,
  type QueuedOutput,
} from '../../../kernel/dispatch/output-queue.js';
import type { Output } from '../../../kernel/protocol/output.js';

class TestClock implements Clock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers
        .filter(({ at }) => at <= end)
        .sort((a, b) => a.at - b.at)
        .at(0);
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = next.at;
      next.callback();
    }
    this.#now = end;
  }
}

function setUp(pacing?: Pacing) {
  const clock = new TestClock();
  const sent: { at: number; output: Output }[] = [];
  const queue = new OutputQueue(
    ({ output }) => {
      sent.push({ at: clock.now(), output: structuredClone(output) });
    },
    clock,
    pacing,
  );
  const push = (output: Output, execution = 1) => {
    const item: QueuedOutput = { execution, parent: null, output };
    queue.push(item);
  };
  const print = (text: string, name: 'stdout' | 'stderr' = 'stdout') =>
    push({ type: 'stream', content: { name, text } });
  const text = () => sent.map(({ output }) => (output.type === 'stream' ? output.content.text : '')).join('');
  return { clock, sent, queue, push, print, text };
}

const display = (display_id?: string, update = false, data = {}): Output => ({
  type: update ? 'update_display_data' : 'display_data',
  content: { data, metadata: {}, transient: display_id === undefined ? {} : { display_id } },
});

test('text is collected for 25 ms', () => {
  const { clock, sent, print } = setUp();
  for (const line of ['a\n', 'b\n', 'c\n']) print(line);
  clock.advance(24);
  expect(sent).toEqual([]);
  clock.advance(1);
  expect(sent.map(({ output }) => output.content)).toEqual([{ name: 'stdout', text: 'a\nb\nc\n' }]);
});

test('64 KiB do not wait', () => {
  const { sent, print } = setUp();
  print('x'.repeat(64 * 1024));
  expect(sent).toHaveLength(1);
});

test('a display comes after the text that was printed before it', () => {
  const { sent, print, push } = setUp();
  print('before');
  push(display());
  print('after');
  expect(sent.map(({ output }) => output.type)).toEqual(['stream', 'display_data']);
});

test('stdout and stderr keep their order', () => {
  const { queue, sent, print } = setUp();
  print('1');
  print('2', 'stderr');
  print('3');
  queue.flush();
  expect(sent.map(({ output }) => output.content)).toEqual([
    { name: 'stdout', text: '1' },
    { name: 'stderr', text: '2' },
    { name: 'stdout', text: '3' },
  ]);
});

test('many turns of stdout and stderr are put together rather than flooding the client', () => {
  const { queue, sent, print } = setUp();
  for (let index = 0; index < 10_000; index++) print('x', index % 2 === 0 ? 'stdout' : 'stderr');
  queue.flush();
  expect(sent.length).toBeLessThan(20);
  const total = sent.reduce(
    (sum, { output }) => sum + (output.type === 'stream' ? output.content.text.length : 0),
    0,
  );
  expect(total).toBe(10_000);
});

test('100,000 printed lines arrive whole in few messages', () => {
  const { queue, sent, print, text } = setUp();
  let expected = '';
  for (let index = 0; index < 100_000; index++) {
    const line = `line ${index}\n`;
    expected += line;
    print(line);
  }
  queue.flush();
  expect(text()).toBe(expected);
  expect(sent.length).toBeLessThan(40);
});

/** What jupyter_server would see: the most within any three seconds. */
function mostInThreeSeconds(sent: { at: number; output: Output }[]): { messages: number; bytes: number } {
  let messages = 0;
  let bytes = 0;
  for (const { at } of sent) {
    const window = sent.filter((other) => other.at > at - 3000 && other.at <= at);
    messages = Math.max(messages, window.length);
    bytes = Math.max(
      bytes,
      window.reduce(
        (sum, { output }) =>
          sum + (output.type === 'stream' ? JSON.stringify(output.content.text).length : 0),
        0,
      ),
    );
  }
  return { messages, bytes };
}

test('a flood of text stays below 1 MB/s, says what it left out, and ends with its last line', () => {
  const { clock, queue, sent, print, text } = setUp();
  for (let index = 0; index < 20_000; index++) {
    print(`${'x'.repeat(999)}\n`);
    if (index % 10 === 0) clock.advance(1);
  }
  print('the end\n');
  queue.flush();
  expect(text().endsWith('the end\n')).toBe(true);
  expect(text()).toMatch(/\[\d+ characters left out/);
  expect(mostInThreeSeconds(sent).bytes).toBeLessThan(3_000_000);
});

test('six megabytes at once lose nothing: they wait, below the limit, and the end of the cell waits for them', async () => {
  const { clock, queue, sent, print, text } = setUp();
  let printed = '';
  for (let index = 0; index < 6000; index++) {
    const line = `${String(index).padStart(999, '-')}\n`;
    printed += line;
    print(line);
  }
  let isDrained = false;
  const drained = queue.drained(new AbortController().signal).then(() => (isDrained = true));
  await Promise.resolve();
  expect(isDrained).toBe(false);
  clock.advance(6000);
  await drained;
  queue.flush();
  expect(text()).toBe(printed);
  expect(mostInThreeSeconds(sent).bytes).toBeLessThan(3_000_000);
});

test('an interrupt ends the wait, and what waits too long because others print on ends by itself', async () => {
  const { clock, queue, print, text } = setUp();
  for (let index = 0; index < 6000; index++) print(`${'z'.repeat(999)}\n`);
  const stop = new AbortController();
  const interrupted = queue.drained(stop.signal);
  stop.abort();
  await interrupted;
  const tooLong = queue.drained(new AbortController().signal);
  for (let second = 0; second < 10; second++) {
    for (let index = 0; index < 2000; index++) print(`${'z'.repeat(999)}\n`);
    clock.advance(1000);
  }
  await tooLong;
  print('the end\n');
  queue.flush();
  expect(text().endsWith('the end\n')).toBe(true);
});

test('what is left out is counted exactly', () => {
  const { queue, print, text } = setUp();
  for (let index = 0; index < 10_000; index++) print(`${'y'.repeat(999)}\n`);
  queue.flush();
  const left = [...text().matchAll(/\[(\d+) characters left out/g)].reduce(
    (sum, [, n]) => sum + Number(n),
    0,
  );
  const lines = text()
    .split('\n')
    .filter((line) => line.startsWith('y'));
  const shown = lines.reduce((sum, line) => sum + line.length + 1, 0);
  expect(left + shown).toBe(10_000 * 1000);
});

test('updates of one display that come too fast replace each other; the last one arrives', () => {
  const { clock, queue, push, sent } = setUp();
  for (let index = 0; index < 20_000; index++) {
    push(display('chart', true, { 'text/plain': String(index) }));
    if (index % 20 === 0) clock.advance(1);
  }
  queue.flush();
  expect(mostInThreeSeconds(sent).messages).toBeLessThan(3000);
  expect(sent.at(-1)?.output.content).toMatchObject({ data: { 'text/plain': '19999' } });
});

test('a display that a loop updates moves evenly', () => {
  const { clock, push, sent } = setUp();
  push(display('chart'));
  for (let index = 0; index < 1000; index++) {
    push(display('chart', true));
    push(display('other', true));
    clock.advance(1);
  }
  for (const id of ['chart', 'other']) {
    const times = sent
      .filter(
        ({ output }) => output.type === 'update_display_data' && output.content.transient.display_id === id,
      )
      .map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - times[index]);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...gaps)).toBeLessThan(60);
  }
});

test('an update that waits does not undo a display that is shown after it', () => {
  const { queue, push, sent } = setUp();
  push(display('chart', true, { n: 1 }));
  push(display('chart', true, { n: 2 }));
  push(display('chart', false, { n: 3 }));
  queue.flush();
  expect(sent.map(({ output }) => output.content)).toMatchObject([{ data: { n: 1 } }, { data: { n: 3 } }]);
});

test('a flood of displays keeps the first and the last, and says what it left out', () => {
  const { queue, push, sent } = setUp();
  for (let index = 0; index < 10_000; index++) push(display(undefined, false, { n: index }));
  queue.flush();
  expect(sent.length).toBeLessThan(3000);
  expect(sent.at(-1)?.output.content).toMatchObject({ data: { n: 9999 } });
  const notes = sent.flatMap(({ output }) => (output.type === 'stream' ? [output.content.text] : []));
  const left = notes.reduce((sum, text) => sum + Number(/\[(\d+) displays/.exec(text)?.[1]), 0);
  expect(left + sent.length - notes.length).toBe(10_000);
});

test('what a clear_output takes away is not sent when it still waits', () => {
  const { queue, print, push, sent } = setUp();
  print('old');
  push({ type: 'clear_output', content: { wait: true } });
  print('new');
  queue.flush();
  expect(sent.map(({ output }) => output.type)).toEqual(['clear_output', 'stream']);
  expect(sent.at(-1)?.output.content).toEqual({ name: 'stdout', text: 'new' });
});

test('without limits a flood arrives whole, for a client that reads it all', () => {
  const { queue, sent, print, push, text } = setUp('none');
  const block = `${'x'.repeat(999)}\n`.repeat(1000);
  for (let index = 0; index < 20; index++) print(block);
  for (let index = 0; index < 5000; index++) push(display());
  queue.flush();
  expect(text()).toBe(block.repeat(20));
  expect(sent.filter(({ output }) => output.type === 'display_data')).toHaveLength(5000);
});
