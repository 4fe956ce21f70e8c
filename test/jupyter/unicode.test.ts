/** A notebook in many scripts, in a folder and a file with spaces and emoji in their names, by nbclient and by `nabla run`. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { codeCellsOf, notebookOf } from '../browser/notebook-file.js';
import { jupyterEnv, python, root } from './environment.js';

const NAME = 'données 🎉 π ∇.ipynb';
const CELLS = [
  "const π = Math.PI, données = [1, 2, 3], Δ𝑥 = 0.5, 变量 = '值', שלום = 'עולם', ñ: number = 1;\n`${π.toFixed(3)} ${données.length} ${Δ𝑥} ${变量} ${שלום} ${ñ}`",
  "console.log('👩‍👩‍👧‍👦 🏳️‍🌈 e\\u0301 \\u{1F389} ﷽ \\u200b|');\nconsole.error('ошибка 🚫');",
  "class Größe { constructor(readonly 値: string) {} }\nnew Größe('𝔘𝔫𝔦𝔠𝔬𝔡𝔢').値",
  "import { 倍, emoji } from './модуль 🎈.ts';\n`${倍(21)} ${emoji}`",
  "import { readFileSync } from 'node:fs';\nreadFileSync('ファイル 📄.txt', 'utf8')",
  "display(html`<b>${'<∇> & 🎉'}</b>`);\n({ 'ключ 🔑': ['値', '🎉'] })",
  "const 𝒇 = (𝓍: number) => 2 * 𝓍; 𝒇(4) + '🎉'.length + [...'🎉'].length",
];

function makeFolder(): string {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'nabla-unicode-')), 'Ordner für 🎓 Übungen');
  mkdirSync(folder);
  writeFileSync(path.join(folder, NAME), JSON.stringify(notebookOf(CELLS)));
  writeFileSync(
    path.join(folder, 'модуль 🎈.ts'),
    "export const 倍 = (n: number): number => 2 * n;\nexport const emoji = '🎈';\n",
  );
  writeFileSync(path.join(folder, 'ファイル 📄.txt'), 'テキスト 𝕏');
  return folder;
}

/** What each cell must have shown: text of streams by name, and the text of its result. */
function expectRight(file: string): void {
  const shown = codeCellsOf(file).map(({ outputs }) =>
    outputs.map((output): [kind: string, text: string] => {
      const text = (value: unknown) =>
        Array.isArray(value) ? value.join('') : typeof value === 'string' ? value : '';
      if (output.output_type === 'stream') return [text(output.name), text(output.text)];
      if (output.output_type === 'error') return ['error', text(output.evalue)];
      const data = output.data as Record<string, unknown>;
      return [output.output_type, text(data['text/html'] ?? data['text/plain'])];
    }),
  );
  const plain = shown.map((outputs) => outputs.map(([kind, text]) => [kind, stripColours(text)]));
  expect(plain).toEqual([
    [['execute_result', "'3.142 3 0.5 值 עולם 1'"]],
    [
      ['stdout', '👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 🎉 ﷽ \u200b|\n'],
      ['stderr', 'ошибка 🚫\n'],
    ],
    [['execute_result', "'𝔘𝔫𝔦𝔠𝔬𝔡𝔢'"]],
    [['execute_result', "'42 🎈'"]],
    [['execute_result', "'テキスト 𝕏'"]],
    [
      ['display_data', '<b>&#60;∇&#62; &#38; 🎉</b>'],
      ['execute_result', "{ 'ключ 🔑': [ '値', '🎉' ] }"],
    ],
    [['execute_result', '11']],
  ]);
}

function stripColours(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[\d+m/g, '');
}

test('nbclient runs it', () => {
  const folder = makeFolder();
  const code = [
    'import nbformat, sys',
    'from nbclient import NotebookClient',
    'notebook = nbformat.read(sys.argv[1], as_version=4)',
    "resources = {'metadata': {'path': sys.argv[2]}}",
    "NotebookClient(notebook, kernel_name='nabla', timeout=120, resources=resources).execute()",
    'nbformat.write(notebook, sys.argv[1])',
  ].join('\n');
  const file = path.join(folder, NAME);
  const { status, stderr } = spawnSync(python(), ['-c', code, file, folder], {
    env: jupyterEnv(),
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  expectRight(file);
  // The file is UTF-8, without escapes for what is no ASCII.
  expect(readFileSync(file, 'utf8')).toContain('𝔘𝔫𝔦𝔠𝔬𝔡𝔢');
});

test('nabla run runs it', () => {
  const folder = makeFolder();
  const cli = path.join(root, 'dist/kernel/cli.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'run', NAME, 'ergebnis ✅.ipynb'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(status, stdout + stderr).toBe(0);
  expectRight(path.join(folder, 'ergebnis ✅.ipynb'));
  expect(stdout).toContain('𝔘𝔫𝔦𝔠𝔬𝔡𝔢');
});
