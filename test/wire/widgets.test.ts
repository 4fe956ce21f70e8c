/** Widgets as ipywidgets' frontends speak to them (messaging protocol 2.1), with a client that plays the page. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { executeContent, type Client, type Received } from './client.js';
import { KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected());
});
afterAll(() => kernel.dispose());
beforeEach(() => void client.received.splice(0));

const send = (code: string) => client.send('execute_request', executeContent(code));
const dataOf = ({ content }: Received) => content.data as Record<string, unknown>;
const stateOf = (message: Received) => dataOf(message).state as Record<string, unknown>;
const idOf = ({ content }: Received) => String(content.comm_id);
const method = (name: string, comm_id: string) =>
  client.until(
    `${name} of ${comm_id}`,
    (message) => message.type === 'comm_msg' && idOf(message) === comm_id && dataOf(message).method === name,
  );

/** What a page sends when a person moves something. */
function update(comm_id: string, state: object, buffer_paths: unknown[] = [], buffers: Uint8Array[] = []) {
  const data = { method: 'update', state, buffer_paths };
  return client.send('comm_msg', { comm_id, data }, { buffers });
}

test('a slider is a model of anywidget, and a cell that ends in it shows its view', async () => {
  const cell = await client.execute(
    "const rate = slider({ min: 1e-4, max: 1, value: 0.1, log: true, label: 'learning rate' });\nrate",
  );
  const open = cell.outputs.find(({ type }) => type === 'comm_open')!;
  expect(open.content.target_name).toBe('jupyter.widget');
  expect(open.metadata).toEqual({ version: '2.1.0' });
  expect(dataOf(open).buffer_paths).toEqual([]);
  expect(stateOf(open)).toMatchObject({
    _model_module: 'anywidget',
    _model_name: 'AnyModel',
    _view_module: 'anywidget',
    _view_name: 'AnyView',
    _esm: expect.stringContaining('export default { render }') as unknown,
    _css: expect.any(String) as unknown,
    _anywidget_id: expect.any(String) as unknown,
    value: 0.1,
    label: 'learning rate',
  });
  for (const name of ['_model_module_version', '_view_module_version'])
    expect(stateOf(open)[name]).toBeTypeOf('string');
  const result = cell.outputs.find(({ type }) => type === 'execute_result')!;
  expect(dataOf(result)).toEqual({
    'application/vnd.jupyter.widget-view+json': {
      version_major: 2,
      version_minor: 1,
      model_id: idOf(open),
    },
    'text/plain': 'learning rate: 0.1 (slider from 1e-4 to 1)',
  });
  const info = await client.ask('comm_info_request', { target_name: 'jupyter.widget' });
  expect(info.content.comms).toEqual({ [idOf(open)]: { target_name: 'jupyter.widget' } });
});

test('a synchronous loop reads each move, and each move is idle before the loop ends', async () => {
  const running = send(
    `const lr = slider({ value: 0.5 });
     let seen = lr.value;
     console.log(String(seen));
     while (seen !== 0) {
       const now = lr.value;
       if (now !== seen) console.log(String((seen = now)));
     }
     'ended'`,
  );
  const id = idOf(await client.output(running, 'comm_open'));
  // The page knows the slider before the cell has read it for the first time.
  await client.output(running, 'stream');
  for (const value of [0.25, 0.125, 0]) {
    const moved = update(id, { value });
    // A page holds the next move back until it hears this.
    await client.idle(moved);
    if (value !== 0)
      await client.until(`a loop that saw ${value}`, ({ content }) => content.text === `${value}\n`);
  }
  const cell = await client.finish(running);
  expect([cell.stdout, cell.result]).toEqual(['0.5\n0.25\n0.125\n0\n', "'ended'"]);
});

test('a loop that awaits reads it too; listeners are called, and what the cell sets wins over what came before', async () => {
  const running = send(
    `const knob = slider({ value: 0.5 });
     const heard = [];
     knob.on('change:value', (value) => heard.push(value));
     knob.on('change', ({ names, state }) => heard.push([names, state.value]));
     while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
     knob.value = 2;
     JSON.stringify([heard, knob.value])`,
  );
  const id = idOf(await client.output(running, 'comm_open'));
  update(id, { value: 0 });
  const cell = await client.finish(running);
  expect(cell.result).toBe(`'[[0,[["value"],0]],1]'`);
  expect(dataOf(await method('update', id))).toEqual({
    method: 'update',
    state: { value: 1 },
    buffer_paths: [],
  });
});

test('listeners hear after a synchronous loop what it has read already, and no older value comes back', async () => {
  const running = send(
    `const dial = slider({ value: 0.5 });
     const calls = [];
     dial.on('change:value', (value) => calls.push(value));
     while (dial.value === 0.5);
     dial.value = 0.75;`,
  );
  const id = idOf(await client.output(running, 'comm_open'));
  await client.idle(update(id, { value: 0.25 }));
  await client.finish(running);
  expect((await client.execute('JSON.stringify([calls, dial.value])')).result).toBe("'[[0.75],0.75]'");
});

test('Stop ends a loop that reads a slider while it is moved, again and again, and no move is lost by it', async () => {
  const cell = await client.execute("const hot = slider({ value: 0.5 }); let reads = 0; console.log('made')");
  const id = idOf(cell.outputs.find(({ type }) => type === 'comm_open')!);
  for (let round = 1; round <= 20; round++) {
    const running = send("console.log('in'); for (;;) if (hot.value >= 0) reads++;");
    await client.output(running, 'stream');
    const moves = Array.from({ length: 10 }, (_, index) =>
      update(id, { value: (10 * round + index) / 1000 }),
    );
    await client.ask('interrupt_request', {}, { channel: 'control' });
    expect((await client.finish(running)).reply.ename).toBe('KeyboardInterrupt');
    await Promise.all(moves.map((move) => client.idle(move)));
    expect((await client.execute('hot.value')).result).toBe(String((10 * round + 9) / 1000));
  }
});

test('a second frontend hears of a move by an echo that names the message it repeats', async () => {
  const other = kernel.client();
  await other.ready();
  const cell = await client.execute('const shared = slider()');
  const id = idOf(cell.outputs.find(({ type }) => type === 'comm_open')!);
  const moved = update(id, { value: 0.75 });
  for (const each of [client, other]) {
    const echo = await each.until(
      'echo',
      ({ parent, type }) => type === 'comm_msg' && parent.msg_id === moved,
    );
    expect(dataOf(echo)).toEqual({ method: 'echo_update', state: { value: 0.75 }, buffer_paths: [] });
  }
});

test('a page that is loaded again gets every state, also while a cell spins', async () => {
  const opened = await client.execute(
    `const one = slider({ value: 0.5 });
     const two = widget({ esm: 'export default {}', state: { bytes: { all: new Uint8Array([1, 2]) } } });
     [one.id, two.id].join(' ')`,
  );
  const [one, two] = opened.result!.replaceAll("'", '').split(' ');
  const running = send('one.value = 0.25; console.log("spins"); for (;;);');
  await client.output(running, 'stream');
  await client.idle(update(two, { bytes: { all: null } }, [['bytes', 'all']], [Buffer.from([7, 8, 9])]));

  client.send('comm_msg', { comm_id: one, data: { method: 'request_state' } });
  const answer = await client.until(
    'state',
    (message) => message.type === 'comm_msg' && idOf(message) === one && '_esm' in stateOf(message),
  );
  expect(dataOf(answer).method).toBe('update');
  expect(stateOf(answer).value).toBe(0.25);

  client.send('comm_open', { comm_id: 'all', target_name: 'jupyter.widget.control', data: {} });
  client.send('comm_msg', { comm_id: 'all', data: { method: 'request_states' } });
  const all = await method('update_states', 'all');
  const states = dataOf(all).states as Record<string, Record<string, unknown>>;
  expect(states[one]).toMatchObject({
    model_name: 'AnyModel',
    model_module: 'anywidget',
    model_module_version: expect.any(String) as unknown,
    state: { value: 0.25, label: '' },
  });
  expect(dataOf(all).buffer_paths).toEqual([[two, 'state', 'bytes', 'all']]);
  expect(all.buffers.map((buffer) => [...buffer])).toEqual([[7, 8, 9]]);
  await client.ask('interrupt_request', {}, { channel: 'control' });
  await client.finish(running);
});

test('a widget of your own: binary state, custom messages and close', async () => {
  const cell = await client.execute(
    `const mine = widget({
       esm: 'export default { render() {} }',
       css: 'b { color: red }',
       state: { points: new Float32Array([1.5, -2]), list: [{ raw: new Uint8Array([9]) }], n: 1 },
     });
     mine.on('message', ({ content, buffers }) => mine.send({ got: content }, { buffers }));
     mine`,
  );
  const open = cell.outputs.find(({ type }) => type === 'comm_open')!;
  const id = idOf(open);
  expect(dataOf(open).buffer_paths).toEqual([['points'], ['list', 0, 'raw']]);
  expect(stateOf(open)).toMatchObject({
    points: null,
    list: [{ raw: null }],
    n: 1,
    _css: 'b { color: red }',
  });
  expect([...new Float32Array(new Uint8Array(open.buffers[0]).buffer)]).toEqual([1.5, -2]);

  client.send(
    'comm_msg',
    { comm_id: id, data: { method: 'custom', content: { a: 1 } } },
    { buffers: [Buffer.from([5])] },
  );
  const answer = await method('custom', id);
  expect(dataOf(answer).content).toEqual({ got: { a: 1 } });
  expect([...answer.buffers[0]]).toEqual([5]);

  await client.idle(
    update(id, { points: null, n: 2, layout: 'ignored' }, [['points']], [Buffer.alloc(8, 1)]),
  );
  const after = await client.execute(
    "mine.set({ n: mine.get('n') + 1 }); JSON.stringify([mine.get('n'), mine.get('points').length, mine.get('layout')])",
  );
  expect(after.result).toBe("'[3,8,null]'");
  const closed = await client.execute("mine.close(); mine.set('n', 5); mine.get('n')");
  expect(closed.types).toContain('comm_close');
  expect(closed.result).toBe('5');
});

test('messages of a page that make no sense change nothing', async () => {
  const cell = await client.execute('const calm = slider({ value: 0.5 })');
  const id = idOf(cell.outputs.find(({ type }) => type === 'comm_open')!);
  for (const data of [
    {},
    { method: 'update' },
    { method: 'update', state: [1] },
    {
      method: 'update',
      state: { nothing: 1, __proto__: 2 },
      buffer_paths: [['x', 'y'], 3, [], ['value', 'deep']],
    },
    { method: 'no such' },
    { method: 'request_states' },
  ])
    await client.idle(client.send('comm_msg', { comm_id: id, data }, { buffers: [Buffer.from([1])] }));
  expect((await client.execute('calm.value')).result).toBe('0.5');
  expect(kernel.stderr).toBe('');
});

test.each([
  ['slider({ min: 2, max: 1 })', /slider: 'min' must be below 'max'.*min 2 and max 1/],
  ['slider({ min: 0, max: 1, log: true })', /logarithmic scale 'min' must be above 0, got 0/],
  ['slider({ value: 3 })', /'value' must lie from 0 to 1, got 3/],
  ['slider({ step: 0 })', /'step' must be above 0, got 0/],
  ['slider().value = NaN', /must be finite, got NaN/],
  ["widget({ esm: '', state: {} })", /'esm' must be the source of a module/],
  ["widget({ esm: 'x', state: { _esm: 1 } })", /begins with '_', got '_esm'/],
  ["slider().on('click', () => 1)", /'change', 'change:<name>' or 'message', got 'click'/],
])('%s is refused with a reason', async (code, reason) => {
  const { reply } = await client.execute(code);
  expect(reply.status).toBe('error');
  expect(reply.evalue).toMatch(reason);
});
