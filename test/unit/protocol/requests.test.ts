import { expect, test } from 'vitest';
import { InvalidContent } from '../../../kernel/protocol/fields.js';
import { decodeHeader, decodeParentHeader } from '../../../kernel/protocol/message.js';
import {
  decodeRequest,
  isRequestType,
  replyType,
  type RequestType,
} from '../../../kernel/protocol/requests.js';

test('what a request leaves out has the default of the protocol', () => {
  expect(decodeRequest('execute_request', { code: 'x' })).toEqual({
    code: 'x',
    silent: false,
    store_history: true,
    user_expressions: {},
    allow_stdin: true,
    stop_on_error: true,
  });
  expect(
    decodeRequest('execute_request', { code: 'x', silent: true, store_history: true }).store_history,
  ).toBe(false);
  expect(decodeRequest('shutdown_request', {})).toEqual({ restart: false });
  expect(decodeRequest('history_request', {})).toMatchObject({ hist_access_type: 'tail', n: 10 });
  expect(decodeRequest('comm_info_request', { target_name: null })).toEqual({ target_name: undefined });
});

test.each<[RequestType, Record<string, unknown>, RegExp]>([
  ['execute_request', {}, /^execute_request: 'code' must be a string, got nothing$/],
  ['execute_request', { code: 'x', silent: 'no' }, /'silent' must be true or false, got "no"/],
  [
    'execute_request',
    { code: 'x', user_expressions: { a: 1 } },
    /'user_expressions' must be an object of strings/,
  ],
  ['complete_request', { code: 'x', cursor_pos: 1.5 }, /'cursor_pos' must be a whole number, got 1.5/],
  ['history_request', { hist_access_type: 'all' }, /must be one of 'tail', 'search', 'range', got "all"/],
  ['comm_open', { comm_id: 'a' }, /comm_open: 'target_name'/],
  ['is_complete_request', { code: ['x'.repeat(500)] }, /got .{57}\.\.\.$/],
])('%s with %j is refused with a reason', (type, content, reason) => {
  expect(() => decodeRequest(type, content)).toThrow(InvalidContent);
  expect(() => decodeRequest(type, content)).toThrow(reason);
});

test('a message type is only what the protocol names', () => {
  expect(isRequestType('execute_request')).toBe(true);
  expect(isRequestType('toString')).toBe(false);
  expect(replyType('is_complete_request')).toBe('is_complete_reply');
});

test('a header keeps what it carries and needs an id and a type', () => {
  expect(decodeHeader({ msg_id: 'a', msg_type: 'b', subshell_id: null })).toMatchObject({
    msg_id: 'a',
    subshell_id: null,
    session: '',
  });
  expect(() => decodeHeader({ msg_id: 'a' })).toThrow('msg_type');
  expect(decodeParentHeader({})).toBeNull();
  expect(decodeParentHeader(null)).toBeNull();
});
