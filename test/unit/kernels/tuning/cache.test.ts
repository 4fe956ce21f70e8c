import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, readCached, writeCached } from '../../../../core/kernels/tuning/cache.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-cache-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('the cache of what was found out about this machine', () => {
  it('lies where each system wants caches, or where NABLA_CACHE_DIR says', () => {
    const home = () => '/home/ada';
    expect(cacheFolder({}, 'linux', home)).toBe('/home/ada/.cache/nabla');
    expect(cacheFolder({ XDG_CACHE_HOME: '/var/ada' }, 'linux', home)).toBe('/var/ada/nabla');
    expect(cacheFolder({ XDG_CACHE_HOME: 'relative' }, 'linux', home)).toBe('/home/ada/.cache/nabla');
    expect(cacheFolder({}, 'darwin', home)).toBe('/home/ada/Library/Caches/nabla');
    expect(cacheFolder({ LOCALAPPDATA: '/local' }, 'win32', home)).toBe('/local/nabla/Cache');
    expect(cacheFolder({ NABLA_CACHE_DIR: '/elsewhere' }, 'linux', home)).toBe('/elsewhere');
  });

  it('gives back what was written, in a folder that it makes', () => {
    const below = path.join(folder, 'a', 'b');
    expect(writeCached('x.json', { speed: [1, 2] }, below)).toBe(true);
    expect(readCached('x.json', below)).toEqual({ speed: [1, 2] });
    expect(readdirSync(below)).toEqual(['x.json']);
  });

  it('counts files that are missing or broken as absent', () => {
    expect(readCached('x.json', folder)).toBeUndefined();
    writeFileSync(path.join(folder, 'x.json'), '{"speed": [1,');
    expect(readCached('x.json', folder)).toBeUndefined();
  });

  it('does without where the folder cannot be made', () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    expect(writeCached('x.json', 1, path.join(file, 'below'))).toBe(false);
  });
});
