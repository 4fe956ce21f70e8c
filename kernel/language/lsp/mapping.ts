/** Takes positions and addresses in the server's answers back to the editor's documents. */
import { isObject, type JsonObject } from '../service/json.js';
import { isPlace } from '../service/positions.js';
import type { Located } from './notebook.js';

/** Null: the place is none that a person has written. */
export type ToEditor = (located: Located) => Located | null;

/** What has no place for the editor is left out of lists. */
const NOWHERE = Symbol('nowhere');

/** An answer about the module `uri`, with everything in it where the editor has it. */
export function mapped(answer: unknown, uri: string, toEditor: ToEditor): unknown {
  const found = walk(answer, uri, toEditor);
  return found === NOWHERE ? null : found;
}

function walk(value: unknown, uri: string, toEditor: ToEditor): unknown {
  if (Array.isArray(value))
    return value.map((each) => walk(each, uri, toEditor)).filter((each) => each !== NOWHERE);
  if (!isObject(value)) return value;
  if (isRange(value)) return rangeOf(value, uri, toEditor)?.range ?? NOWHERE;
  if (typeof value.uri === 'string' && isRange(value.range)) {
    const found = rangeOf(value.range, value.uri, toEditor);
    return found ? { ...value, ...found } : NOWHERE;
  }
  if (typeof value.targetUri === 'string') return linkOf(value, uri, toEditor);
  if (isObject(value.changes) || Array.isArray(value.documentChanges)) return changesOf(value, toEditor);
  const out: JsonObject = {};
  for (const [key, each] of Object.entries(value)) {
    // What a completion's resolution goes back to the server with is its own.
    const found = key === 'data' ? each : walk(each, uri, toEditor);
    if (found === NOWHERE) {
      if (key === 'range' || key === 'textEdit') return NOWHERE;
      continue;
    }
    out[key] = found;
  }
  return out;
}

interface Range extends JsonObject {
  start: { line: number; character: number };
  end: { line: number; character: number };
}

export function isRange(value: unknown): value is Range {
  return isObject(value) && isPlace(value.start) && isPlace(value.end);
}

function rangeOf(range: Range, uri: string, toEditor: ToEditor): { uri: string; range: Range } | null {
  const start = toEditor({ uri, place: range.start });
  const end = toEditor({ uri, place: range.end });
  // A range over several cells, or to the line behind the last one, ends where its cell does.
  if (!start) return null;
  const isWhole = end?.uri === start.uri;
  return { uri: start.uri, range: { start: start.place, end: isWhole ? end.place : start.place } };
}

function linkOf(link: JsonObject, uri: string, toEditor: ToEditor): unknown {
  const target = String(link.targetUri);
  const selection = isRange(link.targetSelectionRange)
    ? rangeOf(link.targetSelectionRange, target, toEditor)
    : null;
  if (!selection) return NOWHERE;
  const whole = isRange(link.targetRange) ? rangeOf(link.targetRange, target, toEditor) : null;
  const origin = isRange(link.originSelectionRange)
    ? rangeOf(link.originSelectionRange, uri, toEditor)
    : null;
  return {
    ...(origin ? { originSelectionRange: origin.range } : {}),
    targetUri: selection.uri,
    targetRange: (whole ?? selection).range,
    targetSelectionRange: selection.range,
  };
}

/**
 * A workspace edit as `changes`, which every editor understands, in the order of each text. The same edit by way of two
 * modules is one.
 */
function changesOf(edit: JsonObject, toEditor: ToEditor): unknown {
  const changes: Record<string, { range: Range; newText: string }[]> = {};
  const seen = new Set<string>();
  const add = (uri: string, edits: unknown): void => {
    for (const each of Array.isArray(edits) ? edits : []) {
      if (!isObject(each) || !isRange(each.range)) continue;
      const found = rangeOf(each.range, uri, toEditor);
      if (!found) continue;
      const one = { range: found.range, newText: String(each.newText) };
      const key = JSON.stringify([found.uri, one]);
      if (seen.has(key)) continue;
      seen.add(key);
      (changes[found.uri] ??= []).push(one);
    }
  };
  if (isObject(edit.changes)) for (const [uri, edits] of Object.entries(edit.changes)) add(uri, edits);
  for (const each of Array.isArray(edit.documentChanges) ? edit.documentChanges : [])
    if (isObject(each) && isObject(each.textDocument)) add(String(each.textDocument.uri), each.edits);
  for (const edits of Object.values(changes))
    edits.sort(
      ({ range: { start: a } }, { range: { start: b } }) => a.line - b.line || a.character - b.character,
    );
  return { changes };
}
