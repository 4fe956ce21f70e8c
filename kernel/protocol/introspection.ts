/** complete, inspect, is_complete: questions about code that is not run. */
import type { MimeBundle, MimeMetadata } from '../display/mime.js';
import { Fields } from './fields.js';
import type { JsonObject } from './json.js';

export interface CompleteRequest {
  code: string;
  /** As the client sent it: see `cursorOffset`. */
  cursor_pos: number;
}

export interface CompleteReply {
  status: 'ok';
  matches: string[];
  /** The range that a match replaces, in code points. */
  cursor_start: number;
  cursor_end: number;
  metadata: Record<string, unknown>;
}

/** What could stand somewhere, as the kernel tells it. */
export interface Entry {
  readonly text: string;
  /** The same in one line, where the text has several. */
  readonly line?: string;
  readonly kind: string;
  /** What is known of it in a line. */
  readonly detail: string;
}

/** The reply with texts for the range from `start` to the cursor, both in UTF-16 units. */
export function completeReply(
  code: string,
  offset: number,
  start: number,
  entries: readonly Entry[],
): CompleteReply {
  const [from, to] = [cursorPosition(code, start), cursorPosition(code, offset)];
  return {
    status: 'ok',
    // JupyterLab shows these and writes the texts below, other clients write these.
    matches: entries.map(({ text, line }) => line ?? text),
    cursor_start: from,
    cursor_end: to,
    // One entry a match: VS Code ignores the list otherwise.
    metadata: {
      _jupyter_types_experimental: entries.map(({ text, kind, detail }) => ({
        text,
        type: kind,
        start: from,
        end: to,
        signature: detail,
      })),
    },
  };
}

export interface InspectRequest {
  code: string;
  cursor_pos: number;
  detail_level: number;
}

export interface InspectReply {
  status: 'ok';
  found: boolean;
  data: MimeBundle;
  metadata: MimeMetadata;
}

export interface IsCompleteRequest {
  code: string;
}

export interface IsCompleteReply {
  status: 'complete' | 'incomplete' | 'invalid' | 'unknown';
  /** What to indent the next line with; only when `incomplete`. */
  indent?: string;
}

export function decodeCompleteRequest(content: JsonObject): CompleteRequest {
  const fields = new Fields('complete_request', content);
  const code = fields.string('code');
  return { code, cursor_pos: fields.integer('cursor_pos', code.length) };
}

export function decodeInspectRequest(content: JsonObject): InspectRequest {
  const fields = new Fields('inspect_request', content);
  const code = fields.string('code');
  return {
    code,
    cursor_pos: fields.integer('cursor_pos', code.length),
    detail_level: fields.integer('detail_level', 0),
  };
}

export function decodeIsCompleteRequest(content: JsonObject): IsCompleteRequest {
  return { code: new Fields('is_complete_request', content).string('code') };
}

/**
 * The UTF-16 offset in `code` that a client's cursor position means. The protocol counts code points; a position
 * beyond their number comes from a client that counts UTF-16 units (VS Code) and is taken as one.
 */
export function cursorOffset(code: string, cursorPos: number): number {
  if (cursorPos <= 0) return 0;
  let points = 0;
  let offset = 0;
  for (const char of code) {
    if (points === cursorPos) return offset;
    points++;
    offset += char.length;
  }
  return points === cursorPos ? offset : Math.min(cursorPos, code.length);
}

/** The position, in code points, of a UTF-16 offset in `code`. */
export function cursorPosition(code: string, offset: number): number {
  let points = 0;
  for (const { length } of code.slice(0, offset)) points += length > 0 ? 1 : 0;
  return points;
}
