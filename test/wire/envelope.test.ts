/** Jupyter's protocol, lines 1 to 6: envelopes, signatures, connections. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { curveKeyPair } from 'zeromq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executeContent, type Client } from './client.js';
import { eventually, KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected());
});
afterAll(() => kernel.dispose());

/** Sends frames that must be dropped: one line is logged, nothing is answered, the kernel lives. */
async function expectDropped(frames: (string | Uint8Array)[], reason: RegExp): Promise<void> {
  const before = kernel.stderr.length;
  const received = client.received.length;
  client.sendFrames('shell', frames);
  const reply = await client.ask('kernel_info_request');
  expect(reply.content.status).toBe('ok');
  await eventually(`a line like ${String(reason)}`, () => reason.test(kernel.stderr.slice(before)));
  expect(kernel.stderr.slice(before).trim().split('\n')).toHaveLength(1);
  const others = client.received
    .slice(received)
    .filter(({ parent }) => parent.msg_id !== reply.parent.msg_id);
  expect(others).toEqual([]);
}

describe('protocol 1: signatures, replays, malformed messages', () => {
  const request = (type = 'kernel_info_request') => client.frames({ header: client.header(type) });

  test('the signature covers the four JSON frames as sent, not the buffers', async () => {
    const header = client.header('kernel_info_request');
    // Spaces and order are the client's: the bytes are signed, not the values.
    const json = [`  ${JSON.stringify(header)}`, '{ }', '{}', '{ "extra" : 1 }'];
    client.sendFrames('shell', ['<IDS|MSG>', client.sign(json), ...json, Buffer.from('unsigned buffer')]);
    expect((await client.reply(header.msg_id)).content.status).toBe('ok');
    await client.idle(header.msg_id);
  });

  test('a wrong signature is dropped', async () => {
    const frames = request();
    frames[1] = 'f'.repeat(64);
    await expectDropped(frames, /dropped a message on shell: its signature does not match/);
  });

  test('a signature of another length is dropped', async () => {
    const frames = request();
    frames[1] = 'ff';
    await expectDropped(frames, /signature does not match/);
  });

  test('an unsigned message is dropped', async () => {
    const frames = request();
    frames[1] = '';
    await expectDropped(frames, /not signed/);
  });

  test('a changed frame is dropped', async () => {
    const frames = request();
    frames[5] = '{"changed":true}';
    await expectDropped(frames, /signature does not match/);
  });

  test('a replayed message is dropped', async () => {
    const header = client.header('kernel_info_request');
    const frames = client.frames({ header });
    client.sendFrames('shell', frames);
    await client.reply(header.msg_id);
    await client.idle(header.msg_id);
    await expectDropped(frames, /replayed/);
  });

  test.each([
    ['no delimiter', () => ['nothing']],
    ['too few frames', () => request().slice(0, 4)],
    ['JSON that is not', () => signed(['{', '{}', '{}', '{}'])],
    ['text that is not UTF-8', () => signed([Buffer.from([0x7b, 0xff, 0x7d]), '{}', '{}', '{}'])],
    ['a header without a type', () => signed(['{"msg_id":"a"}', '{}', '{}', '{}'])],
    ['a header that is an array', () => signed(['[]', '{}', '{}', '{}'])],
    [
      'content that is no object',
      () => signed([JSON.stringify(client.header('kernel_info_request')), '{}', '{}', '[]']),
    ],
    ['deeply nested JSON', () => signed(['['.repeat(200_000), '{}', '{}', '{}'])],
  ])('%s is dropped with one line, and the kernel answers on', async (_, frames) => {
    await expectDropped(frames(), /dropped a message on shell/);
  });

  function signed(json: (string | Uint8Array)[]): (string | Uint8Array)[] {
    return ['<IDS|MSG>', client.sign(json), ...json];
  }

  test('an empty key means unsigned messages', async () => {
    const { kernel, client } = await KernelProcess.connected({ connection: { key: '' } });
    try {
      expect((await client.execute('1 + 1')).result).toBe('2');
    } finally {
      await kernel.dispose();
    }
  });
});

test('protocol 2: an unknown message type gets busy, idle and no reply; unknown fields are ignored', async () => {
  const id = client.send('no_such_request', { what: 'ever' });
  await client.idle(id);
  await client.ask('kernel_info_request', { unknown: 1 });
  const story = client.received.filter(({ parent }) => parent.msg_id === id);
  expect(story.map(({ channel, content }) => [channel, content.execution_state])).toEqual([
    ['iopub', 'busy'],
    ['iopub', 'idle'],
  ]);
  const cell = await client.execute('2', { not_in_the_protocol: [1, { a: 2 }] });
  expect(cell.reply.status).toBe('ok');
});

test("protocol 3: the kernel's session is its own, the same in all its messages, new in each process", async () => {
  const sessions = new Set(client.received.map(({ header }) => header.session));
  expect(sessions.size).toBe(1);
  expect(sessions.has(client.session)).toBe(false);
  expect(String([...sessions][0])).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
  const other = await KernelProcess.connected();
  try {
    expect(sessions.has(other.client.received[0].header.session)).toBe(false);
  } finally {
    await other.kernel.dispose();
  }
});

describe('protocol 4: dates, absent parents, transient, NaN', () => {
  test('dates are ISO 8601 with Z, ids are unique, parents and metadata are objects', async () => {
    await client.execute('console.log(1); 2');
    const ids = client.received.map(({ header }) => header.msg_id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { header } of client.received) {
      expect(header.date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(header.version).toBe('5.5');
    }
    // Client checks that every frame is an object; what nobody asked for has a parent, and it is empty.
    const unasked = client.received.filter(
      ({ type, content }) => type === 'iopub_welcome' || content.execution_state === 'starting',
    );
    expect(unasked.map(({ parent }) => parent)).toEqual([{}, {}]);
  });

  test('transient is an object in every display, with an id or without', async () => {
    const cell = await client.execute("display(1); display(2, { id: 'two' }).update(3); html`<b>4</b>`");
    const displays = cell.outputs.filter(({ type }) => type.endsWith('display_data'));
    expect(displays.map(({ type }) => type)).toEqual(['display_data', 'display_data', 'update_display_data']);
    for (const { content } of displays) {
      expect(content.transient).toBeTypeOf('object');
      expect(content.transient).not.toBeNull();
    }
  });

  test('NaN, infinities, BigInt and broken Unicode never break the JSON', async () => {
    const cell = await client.execute(
      `display({ [Symbol.for('Jupyter.display')]: () => ({
         'text/plain': 'lone \\ud800 surrogate',
         'application/json': { nan: NaN, inf: -Infinity, ok: 1 },
       }) });
       console.log('\\udc00', NaN, 10n);`,
    );
    expect(cell.reply.status).toBe('ok');
    const display = cell.outputs.find(({ type }) => type === 'display_data');
    expect(display?.content.data).toEqual({
      'text/plain': 'lone \ufffd surrogate',
      'application/json': { nan: null, inf: null, ok: 1 },
    });
    expect(cell.stdout).toContain('\ufffd');
  });
});

describe('protocol 5: ipc, tcp and CurveZMQ', () => {
  test('ipc: the "port" is the ending of a file name after a dash', async () => {
    const ip = `/tmp/nabla-test-${randomUUID().slice(0, 8)}`;
    const { kernel, client } = await KernelProcess.connected({ connection: { transport: 'ipc', ip } });
    try {
      expect((await client.execute('"over ipc"')).reply.status).toBe('ok');
      expect((await client.ping()).answer).toBe('ping');
    } finally {
      await kernel.dispose();
    }
  });

  test('tcp: the port is the port after a colon', async () => {
    const { connection } = kernel;
    const socket = connect(connection.shell_port, connection.ip);
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    // ZeroMQ's own greeting (RFC 23).
    expect(greeting[0]).toBe(0xff);
  });

  test('CurveZMQ keys in the connection file encrypt all channels', async () => {
    const { publicKey, secretKey } = curveKeyPair();
    const connection = { curve_publickey: publicKey, curve_secretkey: secretKey };
    const { kernel, client } = await KernelProcess.connected({ connection });
    try {
      expect((await client.execute('"secret"')).reply.status).toBe('ok');
      expect((await client.ping()).answer).toBe('ping');
      // Without the key nothing comes through, and nothing is heard on IOPub either.
      const plain = new (await import('./client.js')).Client({
        ...kernel.connection,
        curve_publickey: undefined,
        curve_secretkey: undefined,
      });
      const id = plain.send('kernel_info_request');
      await expect(plain.reply(id, 500)).rejects.toThrow('waited');
      await client.execute('console.log("for the holders of the key")');
      expect(plain.received).toEqual([]);
      plain.close();
    } finally {
      await kernel.dispose();
    }
  });
});

test('protocol 6: a client that comes back under its identity is heard on shell, control and stdin', async () => {
  const identity = randomUUID();
  const first = kernel.client({ identity });
  await first.ready();
  const file = path.join(kernel.folder, 'back');
  const code = `
    const { existsSync } = await import('node:fs');
    while (!existsSync(${JSON.stringify(file)})) await new Promise((resolve) => setTimeout(resolve, 5));
    await input('who? ')`;
  const id = first.send('execute_request', executeContent(code));
  await first.output(id, 'execute_input');
  // Comes back while the old connection still stands.
  const second = kernel.client({ identity });
  await second.until('iopub_welcome', ({ type }) => type === 'iopub_welcome');
  for (const channel of ['shell', 'control'] as const)
    expect((await second.ask('kernel_info_request', {}, { channel })).content.status).toBe('ok');
  writeFileSync(file, '');
  const question = await second.until('input_request', ({ type }) => type === 'input_request');
  expect(question).toMatchObject({ channel: 'stdin', parent: { msg_id: id } });
  second.send('input_reply', { value: 'me again' }, { channel: 'stdin', parent: question.header });
  // The reply to what it asked before goes to where it is now.
  expect((await second.reply(id)).content.status).toBe('ok');
});
