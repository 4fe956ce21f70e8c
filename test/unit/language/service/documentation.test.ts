/** Every public name of the library shows its documentation in the editor. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as library from 'nabla';
import { afterAll, expect, test } from 'vitest';
import { configDocuments, serverExecutable } from '../../../../kernel/language/service/config.js';
import { fromHover } from '../../../../kernel/language/service/hover.js';
import { partOfLibrary } from '../../../../kernel/language/service/parts.js';
import { CLIENT_CAPABILITIES, LanguageServer } from '../../../../kernel/language/service/server.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-documentation-'));
const uri = (name: string) => pathToFileURL(path.join(folder, name)).href;
const server = new LanguageServer(serverExecutable() ?? '', folder, () => undefined);
afterAll(() => {
  server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A part of the library, `nn` or `nn.utils`, and no value that it exports. */
const isPart = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Reflect.get(value, Symbol.toStringTag) === 'Module';

/** `nn`, `nn.Linear`, `nn.utils.rnn` and so on, each part once. */
function* names(of: object, before = '', seen = new Set<unknown>()): Generator<string> {
  for (const [name, value] of Object.entries(of)) {
    // A word of the language: cells cannot name it.
    if (name === 'var') continue;
    yield before + name;
    if (!isPart(value) || seen.has(value)) continue;
    seen.add(value);
    yield* names(value, `${before}${name}.`, seen);
  }
}

test('every exported name is documented', async () => {
  const all = [...names(library)];
  expect(all).toEqual(
    expect.arrayContaining(['matmul', 'nn.Linear', 'optim.swaUtils', 'callbacks.EarlyStopping']),
  );
  await server.request('initialize', {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: CLIENT_CAPABILITIES,
  });
  server.notify('initialized', {});
  const open = (name: string, languageId: string, text: string) =>
    server.notify('textDocument/didOpen', {
      textDocument: { uri: uri(name), languageId, version: 1, text },
    });
  for (const { name, text } of configDocuments(folder)) open(name, 'json', text);
  // One text with all of them, so that the server reads it once.
  const lines = all.map((name) => `nabla.${name};`);
  open('nabla-cell.ts', 'typescript', `import * as nabla from 'nabla';\n${lines.join('\n')}\n`);
  const answers = await Promise.all(
    lines.map((text, index) =>
      server.request('textDocument/hover', {
        textDocument: { uri: uri('nabla-cell.ts') },
        position: { line: index + 1, character: text.length - 2 },
      }),
    ),
  );
  const without = all.filter((name, index) => {
    const found = fromHover(answers[index]);
    const told = (found && partOfLibrary(found.signature, name)) ?? found;
    return !told?.documentation;
  });
  expect(without).toEqual([]);
}, 60_000);
