/** What a cell showed, as HTML. */
import { AnsiUp } from 'ansi_up';
import type { MimeBundle, Output } from '../../notebook/index.js';
import { escapeHtml } from '../../../display/table.js';
import { markdown } from './markdown.js';

export function outputHtml(output: Output): string {
  switch (output.output_type) {
    case 'stream':
      return `<pre class="${output.name === 'stderr' ? 'stderr' : 'stdout'}">${coloured(output.text)}</pre>`;
    case 'error': {
      const text =
        output.traceback.length > 0 ? output.traceback.join('\n') : `${output.ename}: ${output.evalue}`;
      return `<pre class="error">${coloured(text)}</pre>`;
    }
    case 'display_data':
    case 'execute_result':
      return bundleHtml(output.data, output.metadata);
  }
}

/** Text with the colours of a terminal; everything that is HTML in it is shown as text. */
function coloured(text: string): string {
  const converter = new AnsiUp();
  converter.use_classes = true;
  return converter.ansi_to_html(text);
}

/** The richest form that a page without a server and without scripts can show. */
function bundleHtml(data: MimeBundle, metadata: Record<string, unknown>): string {
  for (const [type, show] of RENDERERS) {
    const value = data[type];
    if (typeof value === 'string') return show(value, sizeIn(metadata[type]));
  }
  return `<pre>${escapeHtml(Object.keys(data).join(', '))}</pre>`;
}

type Show = (value: string, size: string) => string;

const picture =
  (type: string): Show =>
  (value, size) =>
    `<img alt="" src="data:${type};base64,${value.replace(/\s/g, '')}"${size}>`;

/** A picture comes first: it needs no script, and charts have one. */
const RENDERERS: [type: string, show: Show][] = [
  ['image/png', picture('image/png')],
  [
    'image/svg+xml',
    (value) => `<img alt="" src="data:image/svg+xml;base64,${Buffer.from(value).toString('base64')}">`,
  ],
  ['image/jpeg', picture('image/jpeg')],
  ['image/gif', picture('image/gif')],
  ['image/webp', picture('image/webp')],
  ['text/html', (value) => `<div class="html">${value}</div>`],
  ['text/markdown', (value) => `<div class="markdown">${markdown(value)}</div>`],
  ['text/latex', (value) => `<div class="markdown">${markdown(value)}</div>`],
  ['text/plain', (value) => `<pre>${coloured(value)}</pre>`],
];

/** Pictures are twice as large as they are to be shown. */
function sizeIn(metadata: unknown): string {
  if (typeof metadata !== 'object' || metadata === null) return '';
  return 'width' in metadata && typeof metadata.width === 'number' ? ` width="${metadata.width}"` : '';
}
