/** Jupyter's protocol, lines 29: comms both ways with buffers, between busy and idle, also while a cell awaits. */
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client, Received } from './client.js';
import { KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;

beforeEach(async () => {
  ({ kernel, client } = await KernelProcess.connected());
});
afterEach(() => kernel.dispose());

const of = (id: string) => client.received.filter(({ parent }) => parent.msg_id === id);
const types = (messages: Received[]) =>
  messages.map(({ type, content }) => (type === 'status' ? String(content.execution_state) : type));

async function send(type: string, content: object, buffers: Uint8Array[] = []): Promise<string> {
  const id = client.send(type, content, { buffers });
  await client.idle(id);
  return id;
}

const message = (comm_id: string, data: object) => ({ comm_id, data });
const info = async (content = {}) => (await client.ask('comm_info_request', content)).content.comms;
const fromKernel = (type: string, comm_id: string) =>
  client.until(`${type} of ${comm_id}`, (each) => each.type === type && each.content.comm_id === comm_id);

test('protocol 29: a client opens a comm to a target of a cell, and both send data and buffers', async () => {
  await client.execute(`
    comms.registerTarget('echo', (comm, opened) => {
      comm.send({ opened: opened.data }, { metadata: { a: 1 }, buffers: opened.buffers });
      comm.onMessage(({ data, buffers }) => {
        const numbers = new Float32Array(buffers[0].buffer);
        comm.send({ twice: data }, { buffers: [numbers.map((x) => 2 * x), buffers[1].subarray(1)] });
      });
    })`);
  const open = { comm_id: 'c1', target_name: 'echo', data: { hello: '∇' } };
  const opening = await send('comm_open', open, [Buffer.from([1, 2, 3]), Buffer.alloc(0)]);
  expect(types(of(opening))).toEqual(['busy', 'idle']);
  const first = await fromKernel('comm_msg', 'c1');
  expect(first.content).toEqual({ comm_id: 'c1', data: { opened: { hello: '∇' } } });
  expect(first.metadata).toEqual({ a: 1 });
  expect(first.buffers.map((buffer) => [...buffer])).toEqual([[1, 2, 3], []]);
  expect(await info()).toEqual({ c1: { target_name: 'echo' } });
  expect(await info({ target_name: 'other' })).toEqual({});

  client.received.splice(0);
  const numbers = new Uint8Array(new Float32Array([1.5, -2]).buffer);
  const sent = await send('comm_msg', message('c1', { x: [1] }), [numbers, Buffer.from([7, 8, 9])]);
  const answer = await fromKernel('comm_msg', 'c1');
  expect(answer.content.data).toEqual({ twice: { x: [1] } });
  expect([...new Float32Array(new Uint8Array(answer.buffers[0]).buffer)]).toEqual([3, -4]);
  expect([...answer.buffers[1]]).toEqual([8, 9]);
  // The handler has run before idle.
  const idle = client.received.findIndex(
    ({ parent, content }) => parent.msg_id === sent && content.execution_state === 'idle',
  );
  expect(client.received.indexOf(answer)).toBeLessThan(idle);
});

test('messages that arrive before anybody hears them come to the first handler, in order', async () => {
  const cell = await client.execute("const early = comms.open('early')");
  const id = String(cell.outputs.find(({ type }) => type === 'comm_open')?.content.comm_id);
  for (const n of [1, 2, 3]) await send('comm_msg', message(id, { n }));
  const heard = await client.execute(`
    const heard = [];
    early.onMessage(({ data }) => heard.push(data.n));
    const atOnce = heard.length;
    while (heard.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    early.onMessage(() => heard.push('second handler'));
    JSON.stringify([atOnce, heard])`);
  expect(heard.result).toBe("'[0,[1,2,3]]'");
  await send('comm_msg', message(id, { n: 4 }));
  expect((await client.execute('JSON.stringify(heard)')).result).toBe(`'[1,2,3,4,"second handler"]'`);
});

test('a cell opens a comm; what its handlers print belongs to the cell; either side closes it', async () => {
  const cell = await client.execute(`
    const slider = comms.open('slider', { value: 3 }, { version: '2' }, [new Uint16Array([258])]);
    slider.onMessage(({ data }) => console.log(\`now \${data.value}\`));
    slider.onClose(() => console.log(\`closed \${slider.isClosed}\`));`);
  const open = cell.outputs.find(({ type }) => type === 'comm_open');
  expect(open).toMatchObject({
    content: { target_name: 'slider', data: { value: 3 } },
    metadata: { version: '2' },
  });
  expect([...(open?.buffers[0] ?? [])]).toEqual([2, 1]);
  const id = String(open?.content.comm_id);
  expect(await info()).toEqual({ [id]: { target_name: 'slider' } });

  await client.execute('"another cell"');
  await send('comm_msg', message(id, { value: 5 }));
  await send('comm_close', message(id, {}));
  const printed = of(cell.id)
    .filter(({ type }) => type === 'stream')
    .map(({ content }) => content.text);
  expect(printed.join('')).toBe('now 5\nclosed true\n');
  expect(await info()).toEqual({});
  const late = await client.execute('slider.send(1)');
  expect(late.reply).toMatchObject({
    status: 'error',
    evalue: "Comm.send: the comm to 'slider' is closed",
  });

  const other = await client.execute("comms.open('plot').close({ bye: true })");
  expect(other.types).toEqual(['busy', 'execute_input', 'comm_open', 'comm_close', 'idle']);
  expect(await info()).toEqual({});
});

test('messages arrive while a cell awaits: a slider sets the learning rate of a loop', async () => {
  const running = client.send('execute_request', {
    code: `
      let rate = 0.1, before = rate;
      comms.open('slider').onMessage(({ data }) => { rate = data.rate; });
      while (rate !== 0) {
        if (rate !== before) console.log("now " + rate);
        before = rate;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      String([before, rate])`,
    silent: false,
  });
  const open = await client.output(running, 'comm_open');
  const slide = (rate: number) => send('comm_msg', message(String(open.content.comm_id), { rate }));
  await slide(0.01);
  const printed = await client.output(running, 'stream');
  expect(printed.content.text).toBe('now 0.01\n');
  await slide(0);
  const cell = await client.finish(running);
  expect(cell.result).toBe("'0.01,0'");
});

test('messages keep their order and large buffers every bit', async () => {
  await client.execute(`
    const { createHash } = await import('node:crypto');
    const got: unknown[] = [];
    comms.registerTarget('big', (comm) => comm.onMessage(({ data, buffers }) => {
      got.push(data.n);
      if (buffers.length > 0) comm.send(createHash('sha1').update(buffers[0]).digest('hex'), { buffers });
    }))`);
  await send('comm_open', { comm_id: 'b', target_name: 'big', data: {} });
  const large = randomBytes(8 * 1024 * 1024 + 3);
  for (let n = 0; n < 50; n++) client.send('comm_msg', message('b', { n }));
  await send('comm_msg', message('b', { n: 50 }), [large]);
  const answer = await fromKernel('comm_msg', 'b');
  expect(answer.content.data).toBe(createHash('sha1').update(large).digest('hex'));
  expect(large.equals(answer.buffers[0])).toBe(true);
  const cell = await client.execute('got.length === 51 && got.every((n, index) => n === index)');
  expect(cell.result).toBe('true');
});

test('a target that nobody has, or no longer has, is answered by comm_close', async () => {
  await client.execute("comms.registerTarget('short', () => undefined)()");
  for (const target_name of ['short', 'nobody']) {
    const id = await send('comm_open', { comm_id: 'x', target_name, data: {} });
    expect(types(of(id))).toEqual(['busy', 'comm_close', 'idle']);
  }
  expect(await info()).toEqual({});
});

test('what a handler throws is shown in its cell and harms nothing', async () => {
  const cell = await client.execute(`
    comms.registerTarget('bad', (comm) => {
      comm.onMessage(async () => { throw new RangeError('later'); });
      throw new TypeError('at once');
    })`);
  await send('comm_open', { comm_id: 'e', target_name: 'bad', data: {} });
  await send('comm_msg', message('e', {}));
  const error = (ename: string) =>
    client.until(ename, ({ type, content }) => type === 'error' && content.ename === ename);
  expect((await error('TypeError')).parent.msg_id).toBe(cell.id);
  expect((await error('RangeError')).parent.msg_id).toBe(cell.id);
  expect((await client.execute('1 + 1')).result).toBe('2');
});

test('Stop ends a handler that spins, and the cell that waits beside it', async () => {
  const running = client.send('execute_request', {
    code: `
      const spinning = comms.open('spin');
      spinning.onMessage(() => { spinning.send('spins'); for (;;); });
      await new Promise(() => {})`,
  });
  const { content } = await client.output(running, 'comm_open');
  const id = client.send('comm_msg', message(String(content.comm_id), {}));
  await fromKernel('comm_msg', String(content.comm_id));
  await client.ask('interrupt_request', {}, { channel: 'control' });
  const cell = await client.finish(running);
  expect(cell.reply).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
  await client.idle(id);
  expect((await client.execute('typeof spinning')).result).toBe("'object'");
});

test('the end of the user process closes its comms', async () => {
  await client.execute("const lost = comms.open('lost')");
  const [id] = Object.keys((await info()) as object);
  await client.execute('process.kill(process.pid, "SIGKILL"); for (;;);');
  await fromKernel('comm_close', id);
  expect(await info()).toEqual({});
  expect((await client.execute('1 + 1')).result).toBe('2');
});
