import { expect, onTestFinished, test, vi } from 'vitest';
import { cursorOffset, cursorPosition } from '../../../kernel/protocol/introspection.js';
import { pageRequest } from '../../../kernel/dispatch/introspection.js';
import { pathBefore } from '../../../kernel/dispatch/paths.js';
import { makeKernel } from './make-kernel.js';

test('completion replaces the name before the cursor, counted in code points', async () => {
  const { transport, session } = await makeKernel();
  session.values.Math = {
    members: [
      { name: 'hypot', kind: 'function' },
      { name: 'sin', kind: 'function' },
      { name: 'with-dash', kind: 'property' },
    ],
    data: {},
  };
  const code = "'🎉'; Math.hy + 1";
  const cursor_pos = 12; // The emoji counts once.
  const { content } = await transport.reply(transport.request('complete_request', { code, cursor_pos }));
  expect(content).toMatchObject({
    status: 'ok',
    matches: ['hypot'],
    cursor_start: cursor_pos - 2,
    cursor_end: cursor_pos,
    metadata: { _jupyter_types_experimental: [{ text: 'hypot', type: 'function' }] },
  });
});

test('inspection finds the name around the cursor, or the call around it', async () => {
  const { transport, session } = await makeKernel();
  session.values['Math.max'] = { members: [], data: { 'text/plain': 'max(...)' } };
  for (const [code, cursor_pos] of [
    ['Math.max', 6],
    ['Math.max(1, (2), ', 17],
  ] as const) {
    const { content } = await transport.reply(
      transport.request('inspect_request', { code, cursor_pos, detail_level: 0 }),
    );
    expect(content).toEqual({ status: 'ok', found: true, data: { 'text/plain': 'max(...)' }, metadata: {} });
  }
  const { content } = await transport.reply(
    transport.request('inspect_request', { code: 'nothing', cursor_pos: 3, detail_level: 0 }),
  );
  expect(content).toEqual({ status: 'ok', found: false, data: {}, metadata: {} });
});

test('what is said of a question that is answered soon goes out together, and not within a cell that is done in a moment', async () => {
  // No time passes.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const { transport, session } = await makeKernel();
  session.values[''] = { members: [{ name: 'answer', kind: 'variable' }], data: {} };
  const cell = transport.request('execute_request', { code: '1+1' });
  const running = await session.cell(0);
  const question = transport.request('complete_request', { code: 'ans', cursor_pos: 3 });
  running.finish();
  const { content } = await transport.reply(question);
  expect(content).toMatchObject({ matches: ['answer'] });
  const about = transport.sent.map(({ parent }) => parent);
  expect(transport.story(question)).toEqual(['busy', 'complete_reply', 'idle']);
  expect(about.indexOf(question)).toBeGreaterThan(about.lastIndexOf(cell));
  expect(about.lastIndexOf(question) - about.indexOf(question)).toBe(2);
});

test('?name and name? open the pager', async () => {
  const { transport, session } = await makeKernel();
  session.values['Math.max'] = { members: [], data: { 'text/plain': 'max(...)' } };
  for (const code of ['?Math.max', 'Math.max? ']) {
    const { content } = await transport.reply(transport.request('execute_request', { code }));
    expect(content).toMatchObject({
      status: 'ok',
      payload: [{ source: 'page', data: { 'text/plain': 'max(...)' }, start: 0 }],
    });
  }
  expect(session.cells).toEqual([]);
});

test('a question in the last line of a cell has a level, and the rest of the cell is to run', () => {
  expect(pageRequest('a = 1\na??')).toEqual({ name: 'a', level: 1, isWholeCell: false });
  expect(pageRequest('?%time')).toEqual({ name: '%time', level: 0, isWholeCell: true });
});

test.each([
  ['a.b.c', ['a', 'b', 'c']],
  ['x + a?.b', ['a', 'b']],
  ['foo().ba', null],
  ['[...ba', ['ba']],
  ['arr[0].x', null],
  ['ж.ё', ['ж', 'ё']],
  ['', ['']],
  ['a.', ['a', '']],
])('the path at the end of %j is %j', (code, path) => {
  expect(pathBefore(code, code.length)).toEqual(path);
});

test('a question mark elsewhere is a cell', () => {
  expect(pageRequest('a ? b : c')).toBeNull();
  expect(pageRequest('f()?')).toBeNull();
  expect(pageRequest('1?')).toBeNull();
});

test('cursor positions count code points; one beyond their number counts UTF-16 units', () => {
  const code = '🎉🎉ab';
  expect(cursorOffset(code, 2)).toBe(4);
  expect(cursorOffset(code, 4)).toBe(6);
  expect(cursorOffset(code, 5)).toBe(5);
  expect(cursorOffset(code, 6)).toBe(6);
  expect(cursorOffset(code, 99)).toBe(6);
  expect(cursorOffset(code, -1)).toBe(0);
  expect(cursorPosition(code, 5)).toBe(3);
});
