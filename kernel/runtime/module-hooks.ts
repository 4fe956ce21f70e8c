/**
 * Module customization hook: `nabla` from anywhere, also for packages that have it as a peer. On a Node without
 * `registerHooks` it runs in a loader thread.
 */
import type { InitializeHook, ResolveHook } from 'node:module';

/** Where the names of the library lead. */
export type LibraryUrls = Readonly<Record<string, string>>;

let urls: LibraryUrls = {};

export const initialize: InitializeHook<LibraryUrls> = (given) => {
  urls = given;
};

export const resolve: ResolveHook = (specifier, context, nextResolve) => {
  if (Object.hasOwn(urls, specifier)) return { url: urls[specifier], format: 'module', shortCircuit: true };
  return nextResolve(specifier, context);
};
