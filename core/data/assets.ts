/** Where the data are that ship with the package. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Seen from this file, from `dist/core/`, `dist/chunks/` and `dist/kernel/bundles/`: the bundler puts this code into any of them. */
const PLACES = ['./assets/', './data/assets/', '../core/data/assets/', '../../core/data/assets/'];

/** The path of one of the files of `core/data/assets`. @throws Error where the package was taken apart */
export function assetPath(name: string): string {
  const candidates = PLACES.map((place) => fileURLToPath(new URL(place + name, import.meta.url)));
  const found = candidates.find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new Error(`data: the file ${name} that ships with Nabla was not found at ${candidates.join(' or ')}`);
}
