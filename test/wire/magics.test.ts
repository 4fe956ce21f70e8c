/** Magics in a real kernel: what each does, how commands are stopped, and how they ask. */
import { once } from 'node:events';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executeContent, type Client, type Received } from './client.js';
import { KernelProcess } from './kernel-process.js';

let kernel: KernelProcess;
let client: Client;

beforeAll(async () => {
  ({ kernel, client } = await KernelProcess.connected());
});
afterAll(() => kernel.dispose());

const shown = (cell: { outputs: { type: string; content: Record<string, unknown> }[] }) =>
  cell.outputs.filter(({ type }) => type === 'display_data').map(({ content }) => content.data);

describe('time', () => {
  test('%time tells the time and keeps the result', async () => {
    const cell = await client.execute('const twice = (x: number) => 2 * x\n%time twice(21) // note');
    expect(cell.stdout).toMatch(/^Wall time: [\d.]+ (?:ns|µs|ms|s) \(processor: .* user, .* system\)\n$/);
    expect(cell.result).toContain('42');
    const waited = await client.execute('%time new Promise((resolve) => setTimeout(resolve, 20, 7))');
    expect(waited.result).toContain('7');
    expect(Number(/Wall time: ([\d.]+) ms/.exec(waited.stdout)?.[1])).toBeGreaterThanOrEqual(19);
    expect((await client.execute('%time const timed = 5')).stdout).toContain('Wall time');
    expect((await client.execute('timed')).result).toContain('5');
    const whole = await client.execute('%%time\nlet sum = 0\nfor (let i = 0; i < 9; i++) sum += i\nsum');
    expect(whole.result).toContain('36');
    expect(whole.stdout).toContain('Wall time');
  });

  test('%timeit repeats, also what is awaited', async () => {
    const cell = await client.execute('let calls = 0\n%timeit -n 10 -r 3 calls++');
    expect(cell.stdout).toMatch(/ ± .* per loop \(mean ± std\. dev\. of 3 runs, 10 loops each\)\n$/);
    expect((await client.execute('calls')).result).toContain('31');
    const async = await client.execute(
      '%timeit -n 2 -r 2 await new Promise((resolve) => setTimeout(resolve, 5))',
    );
    expect(async.stdout).toMatch(/^(?:[5-9]|\d\d)[.\d]* ms ± /);
    expect((await client.execute('%%timeit -n 1 -r 1\nconst inner = 1\ncalls += inner')).reply.status).toBe(
      'ok',
    );
    expect((await client.execute('calls')).result).toContain('33');
  });

  test('an error in a timed line is at its place in the text', async () => {
    const { reply } = await client.execute('1;\n%time missing.x');
    const text = stripVTControlCharacters((reply.traceback as string[]).join('\n'));
    expect(text).toMatch(/:2:7\b/);
    expect(text).toContain('%time missing.x');
  });
});

describe('names, files and folders', () => {
  test('%who and %whos list what cells declare', async () => {
    await client.execute('const weights = tensor([[1, 2], [3, 4]]); const words = ["a", "b"]; class URL {}');
    expect((await client.execute('%who')).stdout).toMatch(/\bweights {2}words {2}URL\n$/);
    const { stdout } = await client.execute('%whos');
    expect(stdout).toMatch(/^weights +\w+ \[2, 2\] float32/m);
    expect(stdout).toMatch(/^words +Array\(2\) +\[ 'a', 'b' \]$/m);
    expect((await client.execute('%who Tensor')).stdout).toMatch(/^(?!.*words).*\bweights\b.*\n$/);
    expect((await client.execute('%whos array class')).stdout).toMatch(/^name.*\nwords .*\nURL +class/);
    expect((await client.execute('%who Banana')).stdout).toBe(
      'Cells have declared no names of the type Banana.\n',
    );
  });

  test('%env, %cd and %load', async () => {
    const folder = path.join(kernel.folder, 'sub folder');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'local.ts'), 'export const answer: number = 42;\n');
    expect((await client.execute('const value = 7\n%env NABLA_TEST_MAGIC=x${value}')).stdout).toBe(
      'NABLA_TEST_MAGIC=x7\n',
    );
    expect((await client.execute('process.env.NABLA_TEST_MAGIC')).result).toContain('x7');
    expect((await client.execute('%env NABLA_TEST_NONE')).reply.status).toBe('error');
    expect((await client.execute('%cd sub folder')).stdout.trim()).toBe(realpathSync(folder));
    expect((await client.execute("import { answer } from './local.ts'; answer")).result).toContain('42');
    expect((await client.execute('!pwd')).stdout.trim()).toBe(realpathSync(folder));
    const { reply } = await client.execute('%load local.ts');
    expect(reply.payload).toEqual([
      { source: 'set_next_input', text: 'export const answer: number = 42;', replace: true },
    ]);
    expect((await client.execute('%cd nowhere')).reply.evalue).toMatch(/^%cd: there is no folder .*nowhere$/);
    expect((await client.execute('%cd')).stdout.trim()).toBe(realpathSync(kernel.folder));
    expect((await client.execute('%cd -')).stdout.trim()).toBe(realpathSync(folder));
    expect((await client.execute('%cd -')).stdout.trim()).toBe(realpathSync(kernel.folder));
  });

  test('%load fetches what an address holds, and says why it cannot', async () => {
    const server = createServer(({ url }, response) => {
      response.statusCode = url === '/cell.ts' ? 200 : 404;
      response.end('1 + 1\n');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const address = `http://127.0.0.1:${port}`;
    const { reply } = await client.execute(`%load ${address}/cell.ts`);
    expect(reply.payload).toEqual([{ source: 'set_next_input', text: '1 + 1', replace: true }]);
    const evalue = async (words: string) => (await client.execute(`%load ${words}`)).reply.evalue;
    expect(await evalue(`${address}/none.ts`)).toBe(`%load: ${address}/none.ts answered 404 Not Found`);
    server.close();
    server.closeAllConnections();
    expect(await evalue(`${address}/cell.ts`)).toMatch(/did not answer: .*(ECONNREFUSED|other side closed)/);
    expect(await evalue('http://')).toBe('%load: http:// is no address');
    expect(await evalue('.')).toMatch(/is a folder$/);
    expect(await evalue('nowhere.ts')).toMatch(/^%load: there is no file .*nowhere\.ts$/);
    expect(await evalue('')).toMatch(/give the name of a file/);
    writeFileSync(path.join(kernel.folder, 'bytes.bin'), new Uint8Array([1, 0, 2]));
    expect(await evalue('bytes.bin')).toBe('%load: bytes.bin holds no text');
  });

  test('what %npm installs the next import finds', async () => {
    const folder = path.join(kernel.folder, 'made');
    mkdirSync(folder);
    writeFileSync(path.join(kernel.folder, 'package.json'), '{ "name": "notebook", "version": "1.0.0" }');
    const manifest = { name: 'made-here', version: '1.0.0', type: 'module', exports: './index.js' };
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(path.join(folder, 'index.js'), 'export const made = 3;');
    expect((await client.execute("import { made } from 'made-here'")).reply.status).toBe('error');
    const cell = await client.execute('%npm install ./made --offline --no-audit --install-links', {}, 30_000);
    expect(cell.reply.status, cell.stderr).toBe('ok');
    expect(cell.stdout).toContain('added 1 package');
    expect((await client.execute("import { made } from 'made-here'; made")).result).toContain('3');
  }, 40_000);

  test('%lsmagic lists all; an unknown one is an error with the nearest', async () => {
    expect((await client.execute('%lsmagic')).stdout).toMatch(/^%timeit .*\n[^]*^%%html .*\n[^]*^!COMMAND/m);
    expect((await client.execute('%tmie 1')).reply).toMatchObject({ status: 'error', ename: 'SyntaxError' });
  });
});

test.each([
  ['%%html\n<b>`${1}`</b>', 'text/html', '<b>`${1}`</b>'],
  ['%%md\n# Title', 'text/markdown', '# Title'],
  ['%%latex\n$x^2$', 'text/latex', '$x^2$'],
  ['%%js\nalert("x")', 'application/javascript', 'alert("x")'],
])('%j shows its cell', async (code, mime, text) => {
  expect(shown(await client.execute(code))[0]).toMatchObject({ [mime]: text });
});

test('%%svg shows its cell', async () => {
  const [data] = shown(await client.execute('%%svg\n<circle r="3"/>'));
  expect((data as Record<string, string>)['image/svg+xml']).toContain('<circle r="3"/>');
});

describe('commands', () => {
  test('write as they run, to the streams they choose', async () => {
    const gate = path.join(kernel.folder, 'gate');
    const id = client.send(
      'execute_request',
      executeContent('!echo first; while [ ! -e gate ]; do sleep 0.01; done; echo last >&2'),
    );
    expect((await client.output(id, 'stream')).content).toMatchObject({ name: 'stdout', text: 'first\n' });
    writeFileSync(gate, '');
    expect((await client.finish(id)).stderr).toBe('last\n');
  });

  test('take values, and fail with their exit code', async () => {
    const cell = await client.execute('const word = "a b"\n!X=y; echo "${word}" \\${X} $X `echo z`');
    expect(cell.stdout).toBe('a b y y z\n');
    const failed = await client.execute('!exit 3\nconsole.log("not reached")');
    expect(failed.reply).toMatchObject({ ename: 'ShellError', evalue: '"exit 3" ended with exit code 3' });
    expect(failed.stdout).toBe('');
  });

  test.each(['!echo in; sleep 60.0713', "!trap '' INT; echo in; sleep 60.0713"])(
    'Stop ends %j',
    async (code) => {
      const id = client.send('execute_request', executeContent(`console.log(process.pid)\n${code}`));
      await client.until(
        'the command',
        ({ content, parent }) => parent.msg_id === id && String(content.text).includes('in\n'),
      );
      await client.ask('interrupt_request', {}, { channel: 'control' });
      expect((await client.finish(id)).reply).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
      const left = await client.execute('!ps -o args= -A | grep -c "[s]leep 60.0713" || true');
      expect(left.stdout).toBe('0\n');
    },
  );

  test('that read are answered by input, with the unfinished line as the prompt', async () => {
    const id = client.send(
      'execute_request',
      executeContent('!printf "Name? "; read x; echo "hello $x"; read y; echo "$y!"'),
    );
    const asked = (count: number) =>
      client.until('a question', (message) => {
        const mine = client.received.filter(
          ({ type, parent }) => type === 'input_request' && parent.msg_id === id,
        );
        return message === mine[count];
      });
    const first = await asked(0);
    expect(first.content.prompt).toBe('Name? ');
    client.send('input_reply', { value: 'Ada' }, { channel: 'stdin', parent: first.header });
    const second = await asked(1);
    expect(second.content.prompt).toBe('');
    client.send('input_reply', { value: 'bye' }, { channel: 'stdin', parent: second.header });
    expect((await client.finish(id)).stdout).toBe('hello Ada\nbye!\n');
  });

  test('that read find their input closed where nobody can be asked', async () => {
    const cell = await client.execute('!read x; echo "$?"', { allow_stdin: false });
    expect(cell.stdout).toBe('1\n');
    const failed = await client.execute('!read x', { allow_stdin: false });
    expect(String(failed.reply.evalue)).toContain('standard input was closed');
  });

  test('that wait for input are stopped', async () => {
    const id = client.send('execute_request', executeContent('!read x'));
    await client.until('a question', ({ type, parent }) => type === 'input_request' && parent.msg_id === id);
    await client.ask('interrupt_request', {}, { channel: 'control' });
    expect((await client.finish(id)).reply).toMatchObject({ ename: 'KeyboardInterrupt' });
    expect((await client.execute('!echo again')).stdout).toBe('again\n');
  });
});

test('%reset starts the process anew; history, counter and the queue go on', async () => {
  const { stdout } = await client.execute('var gone = 1; console.log(process.pid)');
  const first = client.send('execute_request', executeContent('%reset'));
  const next = client.send('execute_request', executeContent('console.log(`${process.pid} ${typeof gone}`)'));
  const [reset, after] = [await client.finish(first), await client.finish(next)];
  expect(reset.reply.status).toBe('ok');
  expect(after.stdout).toMatch(/^\d+ undefined\n$/);
  expect(after.stdout.split(' ')[0]).not.toBe(stdout.trim());
  expect(after.reply.execution_count).toBe(Number(reset.reply.execution_count) + 1);
  expect((await client.execute('%who')).stdout).toBe('Cells have declared no names.\n');
  expect((await client.execute('1;\n%reset')).reply.evalue).toBe('%reset must be alone in its cell');
});

test('%typecheck says what becomes of type errors', async () => {
  const wrong = 'console.log("ran"); const n: number = "text"';
  const quiet = await client.execute(`%typecheck off\n${wrong}`);
  expect([quiet.stdout, quiet.stderr]).toEqual(['ran\n', '']);
  const strict = await client.execute(`%typecheck strict\n${wrong}`, {}, 30_000);
  expect(strict.stdout).toBe('');
  expect(strict.reply).toMatchObject({ status: 'error', ename: 'TypeCheckError' });
  const text = stripVTControlCharacters((strict.reply.traceback as string[]).join('\n'));
  expect(text).toContain("Type 'string' is not assignable to type 'number'");
  expect((await client.execute('const right: number = 1; right')).result).toContain('1');
  const warned = await client.execute(`%typecheck warn\n${wrong}`);
  expect(warned.stdout).toBe('ran\n');
  // A slow answer comes to its cell later.
  const isWarning = ({ parent, content }: Received) =>
    parent.msg_id === warned.id && content.name === 'stderr';
  expect((await client.until('the warning', isWarning)).content.text).toContain("Type 'string'");
  expect((await client.execute(`%typecheck off\n${wrong}`)).stderr).toBe('');
  expect((await client.execute('%typecheck maybe')).reply.evalue).toContain('auto, off, warn or strict');
}, 60_000);

test('with %typecheck auto each cell gets its own type errors when no other follows', async () => {
  await client.execute(
    '%typecheck auto\nconst twice = (x: number) => 2 * x; const empty = []; empty.push(1);',
  );
  const first = await client.execute('twice("one")');
  // The name is another one for the cells after this.
  const second = await client.execute('const twice = (x: string) => x + x; twice(2)');
  const right = await client.execute('twice("two")');
  expect([first.stderr, second.stderr, right.stderr]).toEqual(['', '', '']);
  const warning = async (id: string): Promise<string> => {
    const isWarning = ({ parent, content }: Received) => parent.msg_id === id && content.name === 'stderr';
    return stripVTControlCharacters((await client.until('the warning', isWarning)).content.text as string);
  };
  expect(await warning(first.id)).toContain("'string' is not assignable to parameter of type 'number'");
  expect(await warning(second.id)).toContain("'number' is not assignable to parameter of type 'string'");
  const { result } = await client.execute('%typecheck off\ntwice("three")');
  expect(result).toContain('threethree');
}, 60_000);

test('a question in the last line opens the pager after the cell has run', async () => {
  const { stdout, reply } = await client.execute('console.log("ran")\n%timeit?');
  expect(stdout).toBe('ran\n');
  expect(reply.payload).toMatchObject([{ source: 'page', start: 0 }]);
  expect(JSON.stringify(reply.payload)).toContain('-n LOOPS');
});

test('magics complete and explain themselves', async () => {
  const { content } = await client.ask('complete_request', { code: '"😀";\n%time', cursor_pos: 10 });
  expect(content).toMatchObject({ matches: ['%time', '%timeit'], cursor_start: 5, cursor_end: 10 });
  const types = (content.metadata as Record<string, unknown>)._jupyter_types_experimental;
  expect(types).toMatchObject([{ text: '%time', type: 'magic', start: 5, end: 10 }, { text: '%timeit' }]);
  const help = await client.ask('inspect_request', { code: '%timeit f()', cursor_pos: 3, detail_level: 0 });
  expect((help.content.data as Record<string, string>)['text/plain']).toContain('-n LOOPS');
});
