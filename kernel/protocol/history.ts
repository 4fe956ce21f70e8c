/** history: what was run before, in this session and in earlier ones. */
import { Fields } from './fields.js';
import type { JsonObject } from './json.js';

interface HistoryOptions {
  /** Whether the entries carry what the cell gave back. */
  output: boolean;
  /** Raw input; this kernel has no other. */
  raw: boolean;
}

export type HistoryRequest = HistoryOptions &
  (
    | { hist_access_type: 'tail'; n: number }
    | { hist_access_type: 'search'; pattern: string; n: number | undefined; unique: boolean }
    | { hist_access_type: 'range'; session: number; start: number; stop: number | undefined }
  );

/** Session, line, and the input, alone or with its output. */
export type HistoryEntry = [
  session: number,
  line: number,
  input: string | [input: string, output: string | null],
];

export interface HistoryReply {
  status: 'ok';
  history: HistoryEntry[];
}

export function decodeHistoryRequest(content: JsonObject): HistoryRequest {
  const fields = new Fields('history_request', content);
  const options = { output: fields.boolean('output', false), raw: fields.boolean('raw', true) };
  const access = fields.oneOf('hist_access_type', ['tail', 'search', 'range'], 'tail');
  switch (access) {
    case 'tail':
      return { ...options, hist_access_type: access, n: fields.integer('n', 10) };
    case 'search':
      return {
        ...options,
        hist_access_type: access,
        pattern: fields.string('pattern', '*'),
        n: fields.optionalInteger('n'),
        unique: fields.boolean('unique', false),
      };
    case 'range':
      return {
        ...options,
        hist_access_type: access,
        session: fields.integer('session', 0),
        start: fields.integer('start', 1),
        stop: fields.optionalInteger('stop'),
      };
  }
}
