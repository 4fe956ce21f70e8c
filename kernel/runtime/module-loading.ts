/**
 * Keeps the cache of CommonJS modules whole when a termination comes in the midst of loading: modules of Node itself are loaded
 * uninterrupted, and a half-loaded one of a person is forgotten, so that the next `require` loads it anew.
 */
import Module, { isBuiltin } from 'node:module';
import type { Guard } from './guard.js';

type Load = (request: string, ...rest: unknown[]) => unknown;

export function protectLoading(guard: Guard): void {
  const load: unknown = Reflect.get(Module, '_load');
  if (!isLoad(load)) return;
  const protectedLoad = function (this: unknown, request: string, ...rest: unknown[]): unknown {
    const run = (): unknown => Reflect.apply(load, this, [request, ...rest]);
    return typeof request === 'string' && isBuiltin(request) ? guard.critical(run) : run();
  };
  Reflect.set(Module, '_load', protectedLoad);
}

/** Call when a slice was stopped. */
export function forgetHalfLoaded(): void {
  const cache: unknown = Reflect.get(Module, '_cache');
  if (typeof cache !== 'object' || cache === null) return;
  for (const [file, module] of Object.entries(cache) as [string, unknown][])
    if (module instanceof Module && !module.loaded) Reflect.deleteProperty(cache, file);
}

function isLoad(value: unknown): value is Load {
  return typeof value === 'function';
}
