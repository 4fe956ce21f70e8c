/**
 * The names in scope that go on from what is typed. The watchdog asks for them in the midst of whatever runs, with each
 * letter that is typed: listing all of them through the inspector would hold up the cell for milliseconds.
 */
import { types } from 'node:util';
import type { LookAnswer } from './frames.js';
import { isSharedName, sharedNames } from './scope.js';

type Member = LookAnswer['members'][number];

// As they are before a person's code could change them, which must not run here.
const { getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { isProxy } = types;

/** Variables that cells share, then what the global object has and inherits. Runs no code of a person. */
export function namesInScope(prefix: string): Member[] {
  const found: Member[] = [];
  for (const name of sharedNames())
    if (begins(name, prefix)) found[found.length] = { name, kind: 'variable' };
  const seen = new Set<string>();
  for (let from: object | null = globalThis; from !== null && !isProxy(from); from = getPrototypeOf(from))
    for (const key of ownKeys(from)) {
      if (typeof key !== 'string' || !begins(key, prefix) || seen.has(key) || isSharedName(key)) continue;
      seen.add(key);
      found[found.length] = { name: key, kind: kindOf(getOwnPropertyDescriptor(from, key)?.value) };
    }
  return found;
}

function begins(name: string, prefix: string): boolean {
  for (let index = 0; index < prefix.length; index++) if (name[index] !== prefix[index]) return false;
  return true;
}

function kindOf(value: unknown): Member['kind'] {
  if (typeof value !== 'function') return 'property';
  const isClass = !isProxy(value) && getOwnPropertyDescriptor(value, 'prototype')?.writable === false;
  return isClass ? 'class' : 'function';
}
