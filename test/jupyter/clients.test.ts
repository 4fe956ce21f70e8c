/** The Python clients that run notebooks without a person: nbclient, nbconvert and papermill. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { INotebookContent } from '@jupyterlab/nbformat';
import { beforeAll, expect, test } from 'vitest';
import { codeCellsOf, notebookOf } from '../browser/notebook-file.js';
import { jupyterEnv, python, root } from './environment.js';

const lesson = path.join(root, 'notebooks/02-descent.ipynb');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nabla-clients-'));
});

function runPython(args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(python(), args, {
    env: jupyterEnv(),
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

/** Every code cell ran, none failed, and a picture is among the outputs. */
function expectExecutedLesson(file: string): void {
  const cells = codeCellsOf(file);
  expect(cells.length).toBeGreaterThan(5);
  expect(cells.map((cell) => cell.execution_count)).toEqual(cells.map((_, index) => index + 1));
  const outputs = cells.flatMap((cell) => cell.outputs);
  expect(outputs.filter((output) => output.output_type === 'error')).toEqual([]);
  const pictures = outputs.filter((output) => 'image/png' in ((output.data as object | undefined) ?? {}));
  expect(pictures.length).toBeGreaterThan(0);
}

test('nbclient executes the lesson and keeps its pictures', () => {
  const out = path.join(folder, 'nbclient.ipynb');
  const code = [
    'import nbformat, sys',
    'from nbclient import NotebookClient',
    'notebook = nbformat.read(sys.argv[1], as_version=4)',
    "NotebookClient(notebook, kernel_name='nabla', timeout=120).execute()",
    'nbformat.write(notebook, sys.argv[2])',
  ].join('\n');
  const { status, output } = runPython(['-c', code, lesson, out]);
  expect(status, output).toBe(0);
  expectExecutedLesson(out);
});

test('nbconvert --execute writes HTML with the charts in it', () => {
  const args = [
    '-m',
    'nbconvert',
    '--to',
    'html',
    '--execute',
    lesson,
    '--output-dir',
    folder,
    '--output',
    'lesson',
  ];
  const { status, output } = runPython(args);
  expect(status, output).toBe(0);
  const html = readFileSync(path.join(folder, 'lesson.html'), 'utf8');
  expect(html).toContain('data:image/png;base64,');
});

test('papermill executes the lesson', () => {
  const out = path.join(folder, 'papermill.ipynb');
  const args = ['-m', 'papermill', '--kernel', 'nabla', '--language', 'typescript', lesson, out];
  const { status, output } = runPython(args);
  expect(status, output).toBe(0);
  expectExecutedLesson(out);
});

test.each([
  ['ipc', 'disabled'],
  ['tcp', 'required'],
  ['ipc', 'required'],
])('jupyter_client over %s, encryption %s', (transport, encryption) => {
  const code = `
import json, sys
from jupyter_client import KernelManager

manager = KernelManager(kernel_name="nabla", transport=sys.argv[1], transport_encryption=sys.argv[2])
manager.start_kernel()
connection = json.load(open(manager.connection_file))
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
seen = []
reply = client.execute_interactive(
    "console.log('over it'); 6 * 7", timeout=30, output_hook=lambda message: seen.append(message["header"]["msg_type"])
)
beats = client.hb_channel.is_beating()
client.stop_channels()
manager.shutdown_kernel()
print(json.dumps([connection["transport"], "curve_publickey" in connection, reply["content"]["status"], seen, beats]))
`;
  const { status, output } = runPython(['-c', code, transport, encryption]);
  expect(status, output).toBe(0);
  const story = ['status', 'execute_input', 'stream', 'execute_result', 'status'];
  const last = output.trim().split('\n').at(-1) ?? '';
  expect(JSON.parse(last)).toEqual([transport, encryption === 'required', 'ok', story, true]);
});

test('nbclient keeps the state of widgets, from which pages without a kernel draw them', () => {
  const file = path.join(folder, 'widget.ipynb');
  writeFileSync(
    file,
    JSON.stringify(notebookOf(["const rate = slider({ label: 'rate' }); rate", 'rate.value = 0.25'])),
  );
  const args = ['-m', 'nbconvert', '--to', 'notebook', '--execute', '--inplace', file];
  const { status, output } = runPython(args);
  expect(status, output).toBe(0);
  const notebook = JSON.parse(readFileSync(file, 'utf8')) as INotebookContent;
  const states = notebook.metadata.widgets as Record<string, { state: Record<string, object> }>;
  const { state } = states['application/vnd.jupyter.widget-state+json'];
  const shown = codeCellsOf(file)[0].outputs[0].data as Record<string, { model_id: string }>;
  const { model_id } = shown['application/vnd.jupyter.widget-view+json'];
  expect(state[model_id]).toMatchObject({
    model_module: 'anywidget',
    model_name: 'AnyModel',
    state: { label: 'rate', value: 0.25 },
  });
});

test('nbclient reports an error of a cell with its name and the line in the cell', () => {
  const file = path.join(folder, 'failing.ipynb');
  const source = "const before: number = 1;\nthrow new RangeError('on purpose');";
  writeFileSync(file, JSON.stringify(notebookOf([source])));
  const { status, output } = runPython(['-m', 'nbconvert', '--to', 'notebook', '--execute', file]);
  expect(status).not.toBe(0);
  expect(output).toContain('RangeError');
  expect(output).toContain('on purpose');
  expect(output).toMatch(/Cell \[1\]:2/);
});
