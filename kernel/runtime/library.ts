/**
 * The library as cells have it: under its names, and for `import … from 'nabla'`. Both are the same objects, so the
 * modules that stand for the package there (the build makes them) take what is put here.
 */
import { defineNames } from './scope.js';

/** The hidden global with the exports of `api.ts`. The build knows it too. */
const LIBRARY_KEY = 'nabla.library';

export function provideLibrary(api: Readonly<Record<string, unknown>>): void {
  Object.defineProperty(globalThis, Symbol.for(LIBRARY_KEY), { value: api });
  defineNames(api);
}
