/** Source maps in two steps: what was rewritten, over what the compiler made. */
import remapping from '@jridgewell/remapping';
import type MagicString from 'magic-string';
import type { Translated } from './typescript.js';

/** The map from the rewritten JavaScript through that of the compiler to the text itself. */
export function sourceMap(
  js: MagicString,
  { mappings }: Pick<Translated, 'mappings'>,
  filename: string,
): string {
  const rewriting = js.generateDecodedMap({ hires: 'boundary', source: 'cell.js' });
  // V8 may place an error at what was put in front of a line: that counts as the line's first place.
  for (const line of rewriting.mappings) {
    const first = line.at(0);
    if (first?.length === 4 && first[0] > 0) line.unshift([0, first[1], first[2], first[3]]);
  }
  const compilation = { version: 3 as const, names: [], sources: [filename], mappings };
  return remapping(
    { version: 3, names: [], sources: ['cell.js'], mappings: rewriting.mappings },
    (file) => (file === 'cell.js' ? compilation : null),
    { excludeContent: true },
  ).toString();
}
