import { expect, test } from 'vitest';
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
