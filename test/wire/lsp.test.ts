/** `nabla lsp` as an editor uses it: a process, messages of the Language Server Protocol on its standard streams. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { framed, readMessages } from '../../kernel/language/service/framing.js';

const CLI = fileURLToPath(new URL('../../dist/kernel/cli.js', import.meta.url));

interface Diagnostic {
  readonly range: { readonly start: { line: number; character: number } };
  readonly message: string;
}

type Message = Record<string, unknown>;

class Editor {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'nabla-lsp-'));
  readonly child: ChildProcess & { stdin: NodeJS.WritableStream; stdout: NodeJS.ReadableStream };
  readonly #waiting: { is: (message: Message) => boolean; found: (message: Message) => void }[] = [];
  #lastId = 0;

  constructor() {
    const child = spawn(process.execPath, [CLI, 'lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child = child;
    readMessages(child.stdout, (message) => {
      const at = this.#waiting.findIndex(({ is }) => is(message as Message));
      if (at >= 0) this.#waiting.splice(at, 1)[0].found(message as Message);
    });
  }

  uri(name: string): string {
    return pathToFileURL(path.join(this.folder, name)).href;
  }

  async start(capabilities: object = { textDocument: { diagnostic: {} } }): Promise<Message> {
    const answer = await this.ask('initialize', { rootUri: pathToFileURL(this.folder).href, capabilities });
    this.tell('initialized', {});
    return answer as Message;
  }

  tell(method: string, params: object): void {
    this.child.stdin.write(framed({ method, params }));
  }

  async ask(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = this.heard((message) => message.id === id && !('method' in message));
    this.child.stdin.write(framed({ id, method, params }));
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(JSON.stringify(error));
    return result;
  }

  heard(is: (message: Message) => boolean): Promise<Message> {
    return new Promise((found) => this.#waiting.push({ is, found }));
  }

  open(name: string, text: string, version = 1): string {
    const uri = this.uri(name);
    this.tell('textDocument/didOpen', { textDocument: { uri, languageId: 'typescript', version, text } });
    return uri;
  }

  async errors(uri: string): Promise<string[]> {
    const { items } = (await this.ask('textDocument/diagnostic', { textDocument: { uri } })) as {
      items: Diagnostic[];
    };
    return items.map(({ range: { start }, message }) => `${start.line}:${start.character} ${message}`);
  }
}

let editor: Editor;
afterEach(() => editor.child.kill());

/** The place of the first `|` in a text, and the text without it. */
function cursor(text: string): { text: string; position: { line: number; character: number } } {
  const at = text.indexOf('|');
  const before = text.slice(0, at).split('\n');
  return {
    text: text.slice(0, at) + text.slice(at + 1),
    position: { line: before.length - 1, character: before[before.length - 1].length },
  };
}

test('a notebook sent as one text: names of the library, redeclared names, magics, errors in their places', async () => {
  editor = new Editor();
  await editor.start();
  const { text, position } = cursor(
    [
      'const model = new nn.Linear(2, 1);',
      'const steps = 3;',
      '',
      '',
      '%time model(randn([1, 2]))',
      'const steps = "three";',
      '',
      '',
      'const size: number = steps;',
      'steps.toUp|perCase();',
      'const later = await Promise.resolve(model.weight);',
    ].join('\n'),
  );
  // As JupyterLab's extension sends notebooks.
  const uri = editor.open('.virtual_documents/lesson.ipynb', text);
  expect(await editor.errors(uri)).toEqual(["8:6 Type 'string' is not assignable to type 'number'."]);
  const hover = async (line: number, character: number): Promise<string> =>
    JSON.stringify(
      await editor.ask('textDocument/hover', { textDocument: { uri }, position: { line, character } }),
    );
  expect(await hover(position.line, position.character)).toContain('toUpperCase(): string');
  // The old type where the old one holds.
  expect(await hover(1, 7)).toContain('const steps: 3');
  expect(await hover(0, 7)).toContain('Linear');
  expect(await hover(10, 7)).toContain('Parameter');
  const completions = JSON.stringify(
    await editor.ask('textDocument/completion', {
      textDocument: { uri },
      position: { line: 9, character: 8 },
    }),
  );
  expect(completions).toContain('"toUpperCase"');
}, 60_000);

test('rename reaches all cells that mean the name, and only those; formatting keeps to the text', async () => {
  editor = new Editor();
  await editor.start();
  const text =
    'const rate = 1;\nconst double = 2*rate;\n\nrate + double;\n\nconst rate = "x";\n\nrate.length;\n';
  const uri = editor.open('rename.ipynb', text);
  const { changes } = (await editor.ask('textDocument/rename', {
    textDocument: { uri },
    position: { line: 0, character: 7 },
    newName: 'lr',
  })) as { changes: Record<string, { range: { start: object }; newText: string }[]> };
  expect(Object.keys(changes)).toEqual([uri]);
  expect(changes[uri].map(({ range, newText }) => [range.start, newText])).toEqual([
    [{ line: 0, character: 6 }, 'lr'],
    [{ line: 1, character: 17 }, 'lr'],
    [{ line: 3, character: 0 }, 'lr'],
  ]);
  // `double` is used on both sides of the cell that declares `rate` again, which are two modules to the server.
  editor.tell('textDocument/didChange', {
    textDocument: { uri, version: 2 },
    contentChanges: [{ text: `${text}\ndouble;\n` }],
  });
  const both = (await editor.ask('textDocument/rename', {
    textDocument: { uri },
    position: { line: 1, character: 8 },
    newName: 'twice',
  })) as { changes: Record<string, { range: { start: object } }[]> };
  expect(both.changes[uri].map(({ range }) => range.start)).toEqual([
    { line: 1, character: 6 },
    { line: 3, character: 7 },
    { line: 9, character: 0 },
  ]);
  const edits = (await editor.ask('textDocument/formatting', {
    textDocument: { uri },
    options: { tabSize: 2, insertSpaces: true },
  })) as { range: { start: { line: number } }; newText: string }[];
  expect(edits.map(({ range }) => range.start.line)).toEqual([1, 1]);
  expect(edits.map(({ newText }) => newText)).toEqual([' ', ' ']);
}, 60_000);

test('a notebook with cells: changes, definitions in other cells, and closing', async () => {
  editor = new Editor();
  await editor.start();
  const notebook = editor.uri('cells.ipynb');
  const [first, note, second] = ['#a', '#b', '#c'].map((hash) => notebook + hash);
  const document = (uri: string, text: string): object => ({
    uri,
    languageId: 'typescript',
    version: 1,
    text,
  });
  editor.tell('notebookDocument/didOpen', {
    notebookDocument: {
      uri: notebook,
      notebookType: 'jupyter-notebook',
      version: 1,
      cells: [
        { kind: 2, document: first },
        { kind: 1, document: note },
        { kind: 2, document: second },
      ],
    },
    cellTextDocuments: [
      document(first, '\nfunction half(x: number) { return x / 2; }'),
      document(second, 'half("a")'),
    ],
  });
  expect(await editor.errors(second)).toEqual([expect.stringContaining("0:5 Argument of type 'string'")]);
  expect(await editor.errors(first)).toEqual([]);
  const definition = await editor.ask('textDocument/definition', {
    textDocument: { uri: second },
    position: { line: 0, character: 1 },
  });
  expect(JSON.stringify(definition)).toContain(JSON.stringify(first).slice(1, -1));
  expect(JSON.stringify(definition)).toContain('"start":{"line":1,"character":9}');
  const start = { line: 0, character: 5 };
  editor.tell('notebookDocument/didChange', {
    notebookDocument: { uri: notebook, version: 2 },
    change: {
      cells: {
        textContent: [
          {
            document: { uri: second, version: 2 },
            changes: [{ range: { start, end: { line: 0, character: 8 } }, text: '4' }],
          },
        ],
      },
    },
  });
  expect(await editor.errors(second)).toEqual([]);
  editor.tell('notebookDocument/didClose', {
    notebookDocument: { uri: notebook },
    cellTextDocuments: [{ uri: first }, { uri: second }],
  });
  expect(
    await editor.ask('textDocument/hover', { textDocument: { uri: second }, position: start }),
  ).toBeNull();
}, 60_000);

test('an editor that asks for no errors is told of them, in scripts with cells, too; files pass through', async () => {
  editor = new Editor();
  await editor.start({});
  writeFileSync(path.join(editor.folder, 'tools.ts'), 'export const third = (x: number): number => x / 3;\n');
  const told = editor.heard(({ method }) => method === 'textDocument/publishDiagnostics');
  const uri = editor.open(
    'script.ts',
    '// %%\nimport { third } from "./tools.ts";\nlet x = third(6);\n// %%\nlet x = "text";\n// %%\nthird(x);\n',
  );
  const { params } = (await told) as { params: { uri: string; diagnostics: Diagnostic[] } };
  expect(params.uri).toBe(uri);
  expect(params.diagnostics.map(({ range, message }) => [range.start, message])).toEqual([
    [{ line: 6, character: 6 }, "Argument of type 'string' is not assignable to parameter of type 'number'."],
  ]);
  const plain = editor.open('plain.ts', 'const a: number = "b";\nexport { a };\n');
  expect(await editor.errors(plain)).toEqual(["0:6 Type 'string' is not assignable to type 'number'."]);
}, 60_000);

test('what it does not know is an error, a broken message nothing, and its end is the one that was asked for', async () => {
  editor = new Editor();
  const { capabilities } = (await editor.start()) as { capabilities: Message };
  expect(capabilities).toMatchObject({ renameProvider: { prepareProvider: true }, hoverProvider: true });
  await expect(editor.ask('textDocument/unheardOf', {})).rejects.toThrow('-32601');
  editor.child.stdin.write('Content-Length: 5\r\n\r\n{"a":');
  const uri = editor.open('half.ipynb', 'const model = new nn.Linear(');
  expect(await editor.errors(uri)).not.toEqual([]);
  expect(
    await editor
      .ask('textDocument/hover', {
        textDocument: { uri: editor.uri('none.ts') },
        position: { line: 9, character: 0 },
      })
      .catch(() => null),
  ).toBeNull();
  await editor.ask('shutdown', {});
  const ended = once(editor.child, 'exit');
  editor.tell('exit', {});
  expect(await ended).toEqual([0, null]);
}, 60_000);
