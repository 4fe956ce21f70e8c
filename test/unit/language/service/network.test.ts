/** TypeScript's server can fetch types of packages by npm: ours may not. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { createLanguageService } from '../../../../kernel/language/service/index.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-network-'));

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test("installs nothing: npm would have its folder in the user's cache", async () => {
  // Where its places are on Linux and macOS.
  const home = mkdtempSync(path.join(folder, 'home-'));
  vi.stubEnv('HOME', home);
  vi.stubEnv('XDG_CACHE_HOME', home);
  const notebook = mkdtempSync(path.join(folder, 'notebook-'));
  writeFileSync(path.join(notebook, 'package.json'), '{ "dependencies": { "lodash": "4" } }');
  const service = createLanguageService({ folder: notebook });
  try {
    const code = "import { chunk } from 'lodash'; Math.hypo";
    expect((await service.complete(code, code.length))?.entries).toHaveLength(1);
    expect(readdirSync(home)).not.toContain('typescript');
  } finally {
    service.stop();
  }
});
