/** `nabla lsp` in JupyterLab with jupyterlab-lsp, set up as `kernel/README.md` says: errors, hover, rename. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { labExtensions, root } from '../jupyter/environment.js';
import { screenshotFile, useStage } from './stage.js';

const stage = useStage('jupyterlab', () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'nabla-lsp-')), 'jupyter_server_config.json');
  const nabla = {
    version: 2,
    display_name: 'Nabla',
    argv: [process.execPath, path.join(root, 'dist/kernel/cli.js'), 'lsp', '--stdio'],
    languages: ['typescript'],
    mime_types: ['text/typescript', 'application/typescript', 'text/x-typescript'],
  };
  const LanguageServerManager = { autodetect: false, language_servers: { nabla } };
  writeFileSync(file, JSON.stringify({ LanguageServerManager }));
  const extensions = labExtensions('jupyterlab-lsp==5.3.0');
  return [`--config=${file}`, `--LabApp.extra_labextensions_path=${extensions}`];
});

test('a notebook: an error is underlined, hover tells of it, a name is renamed in all cells', async () => {
  const notebook = await stage.open('language-server', [
    'const logits = zeros([2, 3]);',
    'const total = logits.softmax(1).sum();',
    'let name: string = total.item();',
  ]);
  const { page } = notebook;
  const underlined = notebook.cell(2).locator('.cm-lintRange-error');
  await expect.poll(() => underlined.allInnerTexts()).toEqual(['name']);
  const word = (cell: number, text: string) =>
    notebook
      .cell(cell)
      .locator('.cm-line span', { hasText: new RegExp(`^${text}$`) })
      .first();
  const tooltip = page.locator('.lsp-hover');
  const told = async () => {
    await word(0, 'logits').hover();
    await page.keyboard.down('Control');
    await word(1, 'softmax').hover();
    await tooltip.waitFor({ timeout: 3000 }).catch(() => undefined);
    const text = await tooltip.allInnerTexts();
    await page.keyboard.up('Control');
    return text.join();
  };
  await expect.poll(told, { timeout: 60_000 }).toMatch(/softmax[^]*Σ/);
  await page.screenshot({ path: screenshotFile('language-server') });
  await page.keyboard.press('Escape');

  // The menu's entry: its key belongs to another command in this version of the extension.
  const entry = page.locator('.lm-Menu-itemLabel', { hasText: 'Rename symbol' });
  const field = page.locator('.jp-Dialog input');
  await word(1, 'total').click({ button: 'right' });
  await entry.click();
  await field.fill('all');
  await page.locator('.jp-Dialog .jp-mod-accept').click();
  await expect
    .poll(() => page.locator('.jp-Notebook .cm-content').allInnerTexts())
    .toEqual([
      'const logits = zeros([2, 3]);',
      'const all = logits.softmax(1).sum();',
      'let name: string = all.item();',
    ]);
});
