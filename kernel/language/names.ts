/**
 * Names that a cell may declare without anybody outside of cells seeing it. Cell names live in the script scope of
 * the realm, which all code sees, also installed packages; a name that those look up themselves is therefore kept
 * under another one.
 */

/** What packages look for to find out where they run, beside what the global object has. */
const PROBED = new Set([
  'window',
  'self',
  'document',
  'location',
  'navigator',
  'frames',
  'parent',
  'top',
  'define',
  'require',
  'module',
  'exports',
  'importScripts',
  'Deno',
  'Bun',
  'jest',
  '__dirname',
  '__filename',
  'regeneratorRuntime',
]);

/** The name in the script scope for a name that a cell declares. */
export function scriptName(name: string): string {
  return PROBED.has(name) || name in globalThis ? `${name}$cell` : name;
}
