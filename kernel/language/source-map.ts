/** Source maps in two steps: what was rewritten, over what the compiler made. */
import remapping from '@jridgewell/remapping';
import type MagicString from 'magic-string';
import { LineIndex } from './lines.js';
import type { Place } from './rewrite.js';
import type { Translated } from './typescript.js';

/** The map from the rewritten JavaScript through that of the compiler to the text itself. */
export function sourceMap(
  js: MagicString,
  { mappings }: Pick<Translated, 'mappings'>,
  filename: string,
  places: ReadonlyMap<number, Place> = new Map(),
): string {
  const rewriting = js.generateDecodedMap({ hires: 'boundary', source: 'cell.js' });
  if (places.size > 0) move(rewriting.mappings, new LineIndex(js.original), places);
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

/** V8 places an error in the value of `a = value` at `a`, where it would place that of `const a = value` at the value. */
function move(
  mappings: ReturnType<MagicString['generateDecodedMap']>['mappings'],
  lines: LineIndex,
  places: ReadonlyMap<number, Place>,
): void {
  const moved = new Map(
    [...places].map(([offset, { place, isBefore }]) => {
      const from = lines.position(offset);
      return [`${from.line - 1}:${from.column}`, { ...lines.position(place), isBefore }] as const;
    }),
  );
  for (const line of mappings)
    for (let index = 0; index < line.length; index++) {
      const segment = line[index];
      if (segment.length === 1) continue;
      const to = moved.get(`${segment[2]}:${segment[3]}`);
      if (!to) continue;
      const place = [segment[1], to.line - 1, to.column] as const;
      if (!to.isBefore) line[index] = [segment[0], ...place];
      else line.splice(index++, 0, [segment[0] - 1, ...place]);
    }
}
