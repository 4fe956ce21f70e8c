/** What an output takes in the file of a notebook, which Jupyter writes with a line for every value, indented by its depth. */

/** What a finished chart may take with all of its representations. */
export const MAX_STORED_BYTES = 60_000;
/** How deep an output stands in the file, and the specification in it. */
export const OUTPUT_DEPTH = 4;
export const SPEC_DEPTH = 6;

/** Bytes of a value that stands `depth` levels deep. */
export function storedBytes(value: unknown, depth: number): number {
  const text = JSON.stringify(value, null, 1);
  return Buffer.byteLength(text) + depth * text.split('\n').length;
}
