/** Jupyter's protocol, lines 7 to 11 and 30: what is published, in which order and how fast. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executeContent, type Client, type Received } from './client.js';
import { KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected());
});
afterAll(() => kernel.dispose());

/** What left the kernel in the three seconds up to `last`: a client that is held up gets more of it at once. */
function window(messages: readonly Received[], last: Received): Received[] {
  const end = sentAt(last);
  return messages.filter((message) => sentAt(message) > end - 3000 && sentAt(message) <= end);
}
const sentAt = ({ header }: Received) => Date.parse(String(header.date));

test('protocol 7: every subscriber is welcomed with its subscription, also a second one to the same topic', async () => {
  for (const topic of ['', '', 'kernel.']) {
    const other = kernel.client({ topic });
    const welcome = await other.until('welcome', ({ type }) => type === 'iopub_welcome');
    expect(welcome.content).toEqual({ subscription: topic });
    expect(welcome.parent).toEqual({});
    expect(welcome.topic).toBe(topic);
  }
});

test('protocol 8: starting is published once, as the first status', async () => {
  const fresh = await KernelProcess.connected();
  try {
    await fresh.client.execute('1');
    fresh.kernel.client();
    await fresh.client.execute('1');
    const states = fresh.client.received.filter(({ type }) => type === 'status');
    expect(states[0].content.execution_state).toBe('starting');
    expect(states.filter(({ content }) => content.execution_state === 'starting')).toHaveLength(1);
  } finally {
    await fresh.kernel.dispose();
  }
});

test('protocol 9: busy, execute_input, outputs, result, reply, idle; streams are out before the reply', async () => {
  const cell = await client.execute('console.log("a"); display("b"); console.error("c"); 42');
  expect(cell.types).toEqual([
    'busy',
    'execute_input',
    'stream',
    'display_data',
    'stream',
    'execute_result',
    'idle',
  ]);
  expect(cell.outputs[1].content).toEqual({
    code: 'console.log("a"); display("b"); console.error("c"); 42',
    execution_count: cell.reply.execution_count,
  });
  expect([cell.stdout, cell.stderr]).toEqual(['a\n', 'c\n']);
});

test('protocol 9: with an error, it comes last before the reply', async () => {
  const cell = await client.execute('console.log("a"); throw new RangeError("b")');
  expect(cell.types).toEqual(['busy', 'execute_input', 'stream', 'error', 'idle']);
});

test('protocol 10: 100,000 printed lines arrive whole and in few messages', async () => {
  const cell = await client.execute('for (let i = 0; i < 100_000; i++) console.log(`line ${i}`)', {}, 30_000);
  const lines = cell.stdout.split('\n');
  expect(lines).toHaveLength(100_001);
  expect(lines[99_999]).toBe('line 99999');
  // They leave by time, about 80 here, more where the machine is busy; a message for each line would be 100,000.
  expect(cell.types.filter((type) => type === 'stream').length).toBeLessThan(1000);
});

test('protocol 10: a flood of updates stays below 1000 messages a second, and its last frame arrives', async () => {
  const cell = await client.execute(
    `const frames = display('0', { id: 'frames' });
     for (let i = 1; i <= 60_000; i++) { frames.update(String(i)); if (i % 2) console.error('e'); }`,
    {},
    60_000,
  );
  // jupyter_server's own window: iopub_msg_rate_limit 1000, rate_limit_window 3 s.
  for (const output of cell.outputs) expect(window(cell.outputs, output).length).toBeLessThan(3000);
  const last = cell.outputs.filter(({ type }) => type === 'update_display_data').at(-1);
  expect(last?.content.data).toEqual({ 'text/plain': expect.stringContaining('60000') as unknown });
  expect(cell.stderr).toHaveLength(60_000);
});

test('protocol 31: updates of a live chart repeat the metadata of the display they replace', async () => {
  const cell = await client.execute(
    `const live = lossChart({ title: 'Live' });
     for (let step = 0; step < 30; step++) {
       live.add({ loss: 1 / (step + 1) });
       await new Promise((resolve) => setTimeout(resolve, 40));
     }`,
    {},
    30_000,
  );
  const shown = cell.outputs.filter(({ type }) => type === 'display_data');
  const updates = cell.outputs.filter(({ type }) => type === 'update_display_data');
  expect(shown).toHaveLength(1);
  expect(updates.length).toBeGreaterThan(1);
  expect(shown[0].content.metadata).toMatchObject({ 'image/png': { width: expect.any(Number) as unknown } });
  for (const { content } of updates) expect(content.metadata).toEqual(shown[0].content.metadata);
});

test('a chart stands before what is printed after its first number, and behind what was printed before', async () => {
  const cell = await client.execute(
    'console.log("before"); const placed = lossChart(); placed.add({ loss: 1 }); console.log("after");',
  );
  const shown = cell.outputs.filter(({ type }) => type === 'stream' || type === 'display_data');
  expect(shown.map(({ type, content }) => (type === 'stream' ? content.text : type))).toEqual([
    'before\n',
    'display_data',
    'after\n',
  ]);
  const last = cell.outputs.filter(({ type }) => type === 'update_display_data').at(-1);
  expect(last?.content.data).toHaveProperty('image/png');
});

test('protocol 10: a flood stays below what jupyter_server passes on, and its end arrives', async () => {
  const cell = await client.execute(
    'for (let i = 0; i < 12_000; i++) console.log(`${"x".repeat(995)}${i % 10}`); console.log("the end")',
    {},
    60_000,
  );
  expect(cell.stdout.endsWith('the end\n')).toBe(true);
  expect(cell.stdout).toMatch(/characters left out/);
  const streams = cell.outputs.filter(({ type }) => type === 'stream');
  for (const stream of streams) {
    const bytes = window(streams, stream).reduce(
      (sum, { content }) => sum + JSON.stringify(content.text).length,
      0,
    );
    expect(bytes).toBeLessThan(3_000_000);
  }
});

test('a flood of 100 MB ends in time and in bounded memory, with its last lines, while other requests are answered', async () => {
  const running = client.send(
    'execute_request',
    executeContent(
      'for (let i = 0; i < 100_000; i++) console.log("x".repeat(994) + String(i).padStart(5, "0")); "done"',
    ),
  );
  await client.output(running, 'stream');
  const asked = await client.ask('complete_request', { code: 'cons', cursor_pos: 4 });
  expect(
    client.received.some(({ type, parent }) => type === 'execute_reply' && parent.msg_id === running),
  ).toBe(false);
  expect(asked.content.status).toBe('ok');
  const cell = await client.finish(running, 60_000);
  expect(cell.result).toBe("'done'");
  expect(cell.stdout).toMatch(/characters left out/);
  for (let last = 99_800; last < 100_000; last++) expect(cell.stdout).toContain(`x${last}\n`);
  // The queue holds four megabytes at most; a kernel that buffers would hold a hundred.
  expect(peakMemory(kernel.pid)).toBeLessThan(300 * 1024);
}, 90_000);

test('a flood that never ends is interrupted, and its last line is the last that was printed', async () => {
  const running = client.send(
    'execute_request',
    // Long lines: however slow the machine is, that is more than goes out.
    executeContent(
      'const much = "-".repeat(2000); let printed = 0; while (true) { printed++; console.log(much + " line " + printed); }',
    ),
  );
  await client.until(
    'the note that some of it is left out',
    ({ parent, content }) => parent.msg_id === running && String(content.text).includes('left out'),
    60_000,
  );
  client.send('interrupt_request', {}, { channel: 'control' });
  const cell = await client.finish(running);
  expect(cell.reply.ename).toBe('KeyboardInterrupt');
  const last = Number(/line (\d+)\n$/.exec(cell.stdout)?.[1]);
  const { result } = await client.execute('printed');
  // The interrupt may come between counting and printing.
  expect([String(last), String(last + 1)]).toContain(result);
}, 90_000);

/** The most memory that a process had so far, in KiB; 0 where the system does not tell. */
function peakMemory(pid: number): number {
  try {
    return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}

test('outputs arrive while a synchronous loop runs', async () => {
  const file = path.join(kernel.folder, 'seen');
  const id = client.send(
    'execute_request',
    executeContent(`
      import { existsSync } from 'node:fs';
      console.log('first');
      while (!existsSync(${JSON.stringify(file)}));
      console.log('second');`),
  );
  expect((await client.output(id, 'stream')).content.text).toBe('first\n');
  // The loop ends only because its first line was seen.
  writeFileSync(file, '');
  expect((await client.finish(id)).stdout).toBe('first\nsecond\n');
});

test('protocol 11: a completion while a cell runs leaves the kernel looking busy, and is answered', async () => {
  const id = client.send('execute_request', executeContent('for (;;) {}'));
  await client.output(id, 'execute_input');
  const asked = client.send('complete_request', { code: 'Math.', cursor_pos: 5 });
  await client.reply(asked);
  await client.idle(asked);
  const info = await client.ask('kernel_info_request');
  expect(info.content.status).toBe('ok');
  const statuses = () => client.received.filter(({ type }) => type === 'status');
  await client.until(
    'busy again',
    (message) => message === statuses().at(-1) && message.parent.msg_id === id,
  );
  expect(statuses().at(-1)?.content.execution_state).toBe('busy');
  await client.ask('interrupt_request', {}, { channel: 'control' });
  await client.finish(id);
  await client.until(
    'idle',
    (message) => message === statuses().at(-1) && message.content.execution_state === 'idle',
  );
});

test('protocol 30: output after a cell has ended keeps the parent of that cell, also while another runs', async () => {
  const first = await client.execute('let heard; const done = new Promise((r) => (heard = r)); 1');
  const timer = await client.execute('setTimeout(() => { console.log("late"); heard(); }, 100); 1');
  const second = client.send('execute_request', executeContent('console.log("mine"); await done'));
  const late = await client.until('late', ({ content }) => content.text === 'late\n');
  expect(late.parent.msg_id).toBe(timer.id);
  expect(first.stdout).toBe('');
  const cell = await client.finish(second);
  expect(cell.stdout).toBe('mine\n');
});

test('display updates name the display they replace, and the last one arrives', async () => {
  const cell = await client.execute(`
    const handle = display('0', { id: 'counter' });
    for (let i = 1; i <= 5000; i++) handle.update(String(i));`);
  const shown = cell.outputs.filter(({ type }) => type === 'display_data');
  expect(shown.map(({ content }) => content.transient)).toEqual([{ display_id: 'counter' }]);
  const updates = cell.outputs.filter(({ type }) => type === 'update_display_data');
  expect(updates.length).toBeLessThan(3000);
  expect(updates.at(-1)?.content).toMatchObject({
    data: { 'text/plain': expect.stringContaining('5000') as unknown },
    transient: { display_id: 'counter' },
  });
});

test('clear_output says whether to wait for the next output', async () => {
  const cell = await client.execute(
    'console.log(1); clearOutput(); clearOutput({ wait: true }); console.log(2)',
  );
  const clears = cell.outputs.filter(({ type }) => type === 'clear_output');
  expect(clears.at(-1)?.content).toEqual({ wait: true });
});

test('two clients see the same outputs', async () => {
  const other = kernel.client();
  await other.ready();
  const cell = await client.execute('console.log("for all")');
  await other.idle(cell.id);
  const seen = other.received.filter(({ parent }) => parent.msg_id === cell.id);
  expect(seen.map(({ type }) => type)).toEqual(cell.outputs.map(({ type }) => type));
});

test('no chart sends more than four pictures a second, however often a loop asks for them, and all send their last', async () => {
  const cell = await client.execute(
    `{
      const model = new nn.Sequential(new nn.Linear(2, 4), new nn.ReLU(), new nn.Linear(4, 2));
      const [x, y] = [randn([8, 2]), tensor([0, 1, 0, 1, 0, 1, 0, 1], { dtype: 'int64' })];
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const finished = lossChart(), displayed = lossChart(), returned = lossChart();
      const watcher = watch(model, { every: 1, share: 1 });
      const heat = activationHeatmap(model, { every: 1, share: 1 });
      const moving = decisionBoundaryFrames(model, { points: x, labels: y, every: 1 });
      const gradients = gradientHistograms(model, { every: 1 });
      const still = gradientHistogram(model);
      for (const end = performance.now() + 2000; performance.now() < end; ) {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model(x), y);
        loss.backward();
        gradients.sample();
        optimizer.step();
        for (const chart of [finished, displayed, returned]) chart.add({ train: loss });
        moving.sample();
        for (const chart of [finished, moving, gradients, watcher, heat]) chart.finish();
        display(displayed);
        still.show();
      }
      for (let i = 0; i < 5; i++) for (const chart of [watcher, heat]) chart.stop();
    }`,
    {},
    60_000,
  );
  const pictures = cell.outputs.filter(({ type }) => type.endsWith('display_data'));
  expect(cell.reply).toMatchObject({ status: 'ok' });
  const idOf = ({ content }: Received) => (content.transient as { display_id: string }).display_id;
  const displays = new Set(pictures.map(idOf));
  expect(displays.size).toBe(8);
  for (const id of displays) {
    const own = pictures.filter((picture) => idOf(picture) === id);
    const seconds = (sentAt(own.at(-1)!) - sentAt(own[0])) / 1000;
    // The last comes with the cell's end; and what is delayed on its way may come with the next.
    expect(own.length).toBeLessThanOrEqual(3 + 4 * seconds);
    expect(own.map(({ type }) => type)).toEqual(
      own.map((_, i) => (i === 0 ? 'display_data' : 'update_display_data')),
    );
    expect(own.at(-1)!.content.data).toHaveProperty(['application/vnd.vegalite.v5+json']);
  }
});
