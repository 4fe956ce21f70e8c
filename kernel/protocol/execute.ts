/** execute: run a cell. */
import type { Payload } from '../display/host.js';
import type { MimeBundle, MimeMetadata } from '../display/mime.js';
import { Fields } from './fields.js';
import type { JsonObject } from './json.js';
import type { ErrorReply } from './reply.js';

export interface ExecuteRequest {
  code: string;
  silent: boolean;
  store_history: boolean;
  user_expressions: Record<string, string>;
  allow_stdin: boolean;
  stop_on_error: boolean;
}

export type UserExpression = { status: 'ok'; data: MimeBundle; metadata: MimeMetadata } | ErrorReply;

export type ExecuteReply = { execution_count: number } & (
  | { status: 'ok'; payload: Payload[]; user_expressions: Record<string, UserExpression> }
  | (ErrorReply & { payload: Payload[]; user_expressions: Record<string, UserExpression> })
  | { status: 'aborted' }
);

export function decodeExecuteRequest(content: JsonObject): ExecuteRequest {
  const fields = new Fields('execute_request', content);
  const silent = fields.boolean('silent', false);
  return {
    code: fields.string('code'),
    silent,
    store_history: fields.boolean('store_history', !silent) && !silent,
    user_expressions: fields.stringMap('user_expressions'),
    allow_stdin: fields.boolean('allow_stdin', true),
    stop_on_error: fields.boolean('stop_on_error', true),
  };
}
