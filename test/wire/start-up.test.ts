/** Jupyter's protocol, lines 25 to 29, and bad connection files. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from './client.js';
import { freePorts, KERNEL, KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected());
});
afterAll(() => kernel.dispose());

test('protocol 25: kernel_info is answered on shell and control while the kernel starts, repeatedly', async () => {
  const fresh = await KernelProcess.start();
  try {
    const client = fresh.client();
    const ids = (['shell', 'control', 'shell', 'control'] as const).map((channel) =>
      client.send('kernel_info_request', {}, { channel }),
    );
    for (const id of ids) expect((await client.reply(id)).content.status).toBe('ok');
    await client.until('something on IOPub', ({ channel }) => channel === 'iopub');
    // A client that hears IOPub gets its busy and idle within the 200 ms that jupyter_client allows after the reply.
    const asked = client.send('kernel_info_request');
    const { at } = await client.reply(asked);
    expect((await client.idle(asked)).at - at).toBeLessThan(200);
  } finally {
    await fresh.dispose();
  }
});

test.each(['-f', '--connection-file'])('the connection file may come after %s', async (flag) => {
  const { kernel } = await KernelProcess.connected({ args: (file) => [flag, file] });
  await kernel.dispose();
});

describe('protocol 26: kernel_info and the status of replies', () => {
  test('kernel_info_reply has a protocol version, the language and its CodeMirror mode', async () => {
    const { content } = await client.ask('kernel_info_request');
    expect(content).toMatchObject({
      status: 'ok',
      protocol_version: '5.5',
      implementation: 'nabla',
      banner: expect.stringContaining('Nabla') as unknown,
      language_info: {
        name: 'typescript',
        version: ts.version,
        mimetype: 'text/typescript',
        file_extension: '.ts',
        pygments_lexer: 'typescript',
        codemirror_mode: 'typescript',
        nbconvert_exporter: 'script',
      },
    });
    expect(content.help_links).toEqual(
      expect.arrayContaining([
        { text: expect.any(String) as unknown, url: expect.stringMatching(/^https:/) as unknown },
      ]),
    );
  });

  test('every reply has status ok', async () => {
    const requests: [string, object][] = [
      ['kernel_info_request', {}],
      ['complete_request', { code: 'a', cursor_pos: 1 }],
      ['inspect_request', { code: 'a', cursor_pos: 1, detail_level: 0 }],
      ['history_request', { hist_access_type: 'tail', n: 1, output: false, raw: true }],
      ['comm_info_request', {}],
      ['interrupt_request', {}],
      ['execute_request', { code: '1' }],
    ];
    for (const [type, content] of requests) {
      const reply = await client.ask(type, content);
      expect([type, reply.type, reply.content.status]).toEqual([
        type,
        type.replace('request', 'reply'),
        'ok',
      ]);
    }
  });
});

test('protocol 27: the kernelspec says that there is a debugger', () => {
  const cli = fileURLToPath(new URL('../../dist/kernel/cli.js', import.meta.url));
  const args = [cli, 'install', '--prefix', kernel.folder];
  expect(spawnSync(process.execPath, args).status).toBe(0);
  const file = path.join(kernel.folder, 'share/jupyter/kernels/nabla/kernel.json');
  const spec = JSON.parse(readFileSync(file, 'utf8')) as { metadata?: { debugger?: boolean } };
  expect(spec.metadata?.debugger).toBe(true);
});

test('protocol 28: subshells are not advertised', async () => {
  const { content } = await client.ask('kernel_info_request');
  expect(content.supported_features).toEqual(['debugger']);
});

test('protocol 29: a comm to an unknown target is closed, between busy and idle; buffers do no harm', async () => {
  const open = { comm_id: 'c-1', target_name: 'no.such.target', data: { a: 1 } };
  const id = client.send('comm_open', open, { buffers: [Buffer.from([1, 2, 3])] });
  await client.idle(id);
  const story = client.received.filter(({ parent }) => parent.msg_id === id);
  expect(story.map(({ type, content }) => content.execution_state ?? type)).toEqual([
    'busy',
    'comm_close',
    'idle',
  ]);
  expect(story[1].content).toMatchObject({ comm_id: 'c-1' });
  for (const type of ['comm_msg', 'comm_close'])
    await client.idle(client.send(type, { comm_id: 'c-1', data: {} }, { buffers: [Buffer.from([1])] }));
  expect((await client.ask('comm_info_request')).content.comms).toEqual({});
});

describe('a connection file that cannot be used: one clear line, non-zero exit', () => {
  let folder: string;
  let ports: number[];
  let taken: Server;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-bad-'));
    ports = await freePorts(5);
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    taken.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const good = () => ({
    transport: 'tcp',
    ip: '127.0.0.1',
    shell_port: ports[0],
    iopub_port: ports[1],
    stdin_port: ports[2],
    control_port: ports[3],
    hb_port: ports[4],
    key: 'k',
    signature_scheme: 'hmac-sha256',
  });
  const takenPort = () => {
    const address = taken.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };

  function run(content: string | null, name = 'connection.json'): { status: number | null; line: string } {
    const file = path.join(folder, name);
    if (content !== null) writeFileSync(file, content);
    const { status, stderr, stdout } = spawnSync(process.execPath, [KERNEL, file], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(stdout).toBe('');
    expect(stderr.endsWith('\n')).toBe(true);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(file);
    return { status, line: stderr };
  }

  test('missing', () => {
    const { status, line } = run(null, 'missing.json');
    expect(status).toBe(1);
    expect(line).toMatch(/does not exist/);
  });

  test('malformed', () => {
    const { status, line } = run('{ "ip": ');
    expect(status).toBe(1);
    expect(line).toMatch(/not JSON/);
  });

  test.each([
    ['an array', () => [], /JSON object/],
    ['no shell_port', () => ({ ...good(), shell_port: undefined }), /'shell_port' must be a port.*missing/],
    ['a port that is text', () => ({ ...good(), hb_port: '5555' }), /'hb_port' must be a port.*got "5555"/],
    ['a port out of range', () => ({ ...good(), iopub_port: 70_000 }), /'iopub_port'.*got 70000/],
    [
      'one port twice',
      () => ({ ...good(), stdin_port: ports[0] }),
      /'stdin_port' must be another port than 'shell_port'/,
    ],
    ['an unknown transport', () => ({ ...good(), transport: 'udp' }), /'transport' must be 'tcp' or 'ipc'/],
    ['an unknown signature', () => ({ ...good(), signature_scheme: 'md5' }), /'signature_scheme'/],
    ['a key that is no text', () => ({ ...good(), key: 7 }), /'key' must be a string/],
    ['half a CurveZMQ key', () => ({ ...good(), curve_secretkey: 'short' }), /'curve_publickey'/],
    ['an address of no machine', () => ({ ...good(), ip: '203.0.113.7' }), /no such address/],
    ['an address that is none', () => ({ ...good(), ip: 'not an address' }), /cannot listen on/],
  ])('%s', (_, content, reason) => {
    const { status, line } = run(JSON.stringify(content()));
    expect(status).toBe(1);
    expect(line).toMatch(reason);
  });

  test('a port in use', () => {
    const { status, line } = run(JSON.stringify({ ...good(), control_port: takenPort() }));
    expect(status).toBe(1);
    expect(line).toContain(`tcp://127.0.0.1:${takenPort()} ('control_port')`);
    expect(line).toMatch(/another process listens there/);
  });

  test('no file at all', () => {
    const { status, stderr } = spawnSync(process.execPath, [KERNEL], { encoding: 'utf8', timeout: 20_000 });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^nabla: no connection file given; usage: .*\n$/);
  });
});
