/** The texts of a notebook: one string in memory, lists of lines in its file. */
import type { Shelf } from './shelf.js';
import type { MimeBundle, Output } from './types.js';

/** What a file may hold where memory has one string: lines, in a list. */
export type Lines = string | string[];

export const joinLines = (lines: Lines): string => (typeof lines === 'string' ? lines : lines.join(''));

export const splitLines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** Whether the values of a MIME type are JSON rather than text. */
export function isJsonType(type: string): boolean {
  return /^application\/(.*\+)?json$/.test(type);
}

/** A value of a bundle in memory. */
export const joinedValue = (type: string, value: unknown): unknown =>
  !isJsonType(type) && Array.isArray(value) ? value.join('') : value;

/** The same in the file: text types become lists of lines; base64 stays one string, JSON stays as it is. */
export function fileValue(type: string, value: unknown): unknown {
  const isText = type.startsWith('text/') || type === 'image/svg+xml' || type === 'application/javascript';
  return isText && !isJsonType(type) && typeof value === 'string' ? splitLines(value) : value;
}

/** How far the file indents what lies in an output, in a bundle of it, and in an attachment. */
const [OUTPUT_DEPTH, BUNDLE_DEPTH, ATTACHMENT_DEPTH] = [5, 6, 5];

/** Puts what is large in outputs away. */
export function shelveOutputs(shelf: Shelf, outputs: readonly Output[]): void {
  for (const output of outputs)
    if (output.output_type === 'stream')
      shelf.put(output, 'text', OUTPUT_DEPTH, textInFile, (value) => joinedValue('text/plain', value));
    else if (output.output_type !== 'error') shelveBundle(shelf, output.data, BUNDLE_DEPTH);
}

/** The same for one bundle: an attachment of a text cell. */
export function shelveBundle(shelf: Shelf, bundle: MimeBundle, depth = ATTACHMENT_DEPTH): void {
  for (const type of Object.keys(bundle))
    shelf.put(
      bundle,
      type,
      depth,
      (value) => fileValue(type, value),
      (value) => joinedValue(type, value),
    );
}

const textInFile = (text: unknown): unknown => fileValue('text/plain', text);
