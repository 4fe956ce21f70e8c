/** Runs as one HTML page that needs no server, no script and no other file: for people, and for CI to keep. */
import type { Cell, CodeCell, Notebook } from '../../notebook/index.js';
import type { CellReport, RunResult } from '../../options.js';
import { duration } from '../../terminal/text.js';
import type { Reported } from '../summary.js';
import { highlighted } from './code.js';
import { markdown } from './markdown.js';
import { escapeHtml } from '../../../display/table.js';
import { outputHtml } from './outputs.js';
import { STYLE } from './style.js';

export function htmlReport(runs: readonly Reported[]): string {
  const title = runs.length === 1 ? runs[0].input : `${runs.length} runs`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>`,
    ...(runs.length > 1 ? [overview(runs)] : []),
    ...runs.map((run, index) => `<section class="run" id="run-${index + 1}">${runHtml(run)}</section>`),
    '</body></html>',
    '',
  ].join('\n');
}

function overview(runs: readonly Reported[]): string {
  const rows = runs.map((run, index) => {
    const time = 'result' in run ? duration(run.result.seconds) : '';
    const records = 'result' in run ? recordsText(run.result) : '';
    return `<tr><td><a href="#run-${index + 1}">${escapeHtml(run.input)}</a></td><td>${state(run)}</td><td>${time}</td><td>${escapeHtml(records)}</td></tr>`;
  });
  const head = '<tr><th>notebook</th><th>ended</th><th>time</th><th>recorded</th></tr>';
  return `<table>${head}${rows.join('')}</table>`;
}

const recordsText = ({ records }: RunResult): string =>
  [...records].map(([name, value]) => `${name} ${value}`).join(', ');

function state(run: Reported): string {
  const { exitCode, message } = 'result' in run ? run.result : run.failure;
  const text = exitCode === 0 ? 'all right' : `exit code ${exitCode}`;
  const said = message === undefined ? '' : `: ${escapeHtml(message)}`;
  return `<span class="state ${exitCode === 0 ? 'ok' : 'failed'}">${text}</span>${said}`;
}

function runHtml(run: Reported): string {
  const head = `<p>${escapeHtml(run.input)} · ${state(run)}`;
  if ('failure' in run) return `${head}</p>`;
  const { notebook, cells, seconds, records } = run.result;
  const recorded = [...records].map(
    ([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(String(value))}</td></tr>`,
  );
  const reports = new Map(cells.map((report) => [report.cell, report]));
  return [
    `${head} · ${duration(seconds)}</p>`,
    recorded.length > 0 ? `<table>${recorded.join('')}</table>` : '',
    ...notebook.cells.map((cell) => cellHtml(cell, notebook, reports)),
  ].join('\n');
}

function cellHtml(cell: Cell, notebook: Notebook, reports: ReadonlyMap<CodeCell, CellReport>): string {
  if (cell.source.trim() === '') return '';
  if (cell.cell_type !== 'code')
    return cell.cell_type === 'raw'
      ? `<pre>${escapeHtml(cell.source)}</pre>`
      : `<div class="markdown">${markdown(withAttachments(cell))}</div>`;
  const report = reports.get(cell);
  const language = (notebook.metadata.language_info?.name ?? 'typescript').toLowerCase();
  const about = [`[${cell.execution_count ?? ' '}]`, report === undefined ? '' : endOf(report)];
  return [
    `<div class="cell${report?.status === 'error' ? ' failed' : ''}">`,
    `<div class="about">${about.map((text) => `<span>${text}</span>`).join('')}</div>`,
    `<div class="source"><pre><code>${highlighted(cell.source, language)}</code></pre></div>`,
    `<div class="outputs">${cell.outputs.map(outputHtml).join('\n')}</div></div>`,
  ].join('');
}

function endOf({ status, seconds }: CellReport): string {
  if (status === 'skipped') return 'skipped';
  return status === 'notRun' ? 'not run' : duration(seconds);
}

/** Pictures that a text cell carries with it become part of the page. */
function withAttachments({ source, ...cell }: Cell): string {
  const attachments = 'attachments' in cell ? Object.entries(cell.attachments ?? {}) : [];
  return attachments.reduce((text, [name, bundle]) => {
    const [type, value] = Object.entries(bundle)[0] ?? [];
    return typeof value === 'string'
      ? text.replaceAll(`attachment:${name}`, `data:${type};base64,${value}`)
      : text;
  }, source);
}
