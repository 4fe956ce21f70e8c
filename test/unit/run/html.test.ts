import { describe, expect, it } from 'vitest';
import { ExitCode, parseNotebook, RunError, type RunResult } from '../../../kernel/run/index.js';
import { markdown } from '../../../kernel/run/report/html/markdown.js';
import { htmlReport } from '../../../kernel/run/report/html/page.js';

describe('text cells in the HTML report', () => {
  it.each([
    ['between dollars', 'the slope $w_1$ is', /the slope <span class="katex"><math[^]*<\/math><\/span> is/],
    ['over several lines', 'so\n\n$$a\n\\qquad b$$\n\nand', /display="block"[^]*<p>and<\/p>/],
    ['with dollars that are money', 'from $5 to $10', /^<p>from \$5 to \$10<\/p>/],
    ['in code', '`$x$`', /<code>\$x\$<\/code>/],
  ])('have formulas %s', (_, text, html) => expect(markdown(text)).toMatch(html));

  it('show a wrong formula as it was written', () => {
    expect(markdown('$\\frac{1}$')).toContain('\\frac{1}');
  });

  it('have coloured code', () => {
    expect(markdown('```ts\nconst a = 1;\n```')).toContain('sh__token--keyword');
    expect(markdown('```unknown\na < b\n```')).toContain('a &#60; b');
  });
});

function run(cells: object[]): { input: string; result: RunResult } {
  const notebook = parseNotebook(JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells }));
  const code = notebook.cells.filter((cell) => cell.cell_type === 'code');
  return {
    input: 'a <b>.ipynb',
    result: {
      exitCode: ExitCode.cellError,
      message: 'cell 1 of 1 failed: Error: <no>',
      notebook,
      records: new Map([['loss', 0.5]]),
      cells: code.map((cell, index) => ({ cell, number: index + 1, status: 'error', seconds: 1.25 })),
      differences: [],
      attempts: 1,
      seconds: 2,
    },
  };
}

const codeCell = (source: string, ...outputs: object[]): object => ({
  cell_type: 'code',
  metadata: {},
  source,
  outputs,
  execution_count: 3,
});

describe('the page', () => {
  it('shows text as text, colours as colours, and pictures before all else', () => {
    const html = htmlReport([
      run([
        codeCell(
          'a < b',
          { output_type: 'stream', name: 'stdout', text: '<script>alert(1)</script> \x1b[31mred\x1b[39m' },
          {
            output_type: 'display_data',
            data: { 'image/png': 'iVBO\nRw==', 'text/html': '<b>no</b>', 'text/plain': 'no' },
            metadata: { 'image/png': { width: 720 } },
          },
          {
            output_type: 'execute_result',
            execution_count: 3,
            data: { 'text/html': '<table></table>' },
            metadata: {},
          },
          { output_type: 'error', ename: 'Error', evalue: '<no>', traceback: [] },
        ),
      ]),
    ]);
    expect(html).toContain('<title>a &#60;b&#62;.ipynb</title>');
    expect(html).toContain('exit code 1</span>: cell 1 of 1 failed: Error: &#60;no&#62;');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; <span class="ansi-red-fg">red</span>');
    expect(html).toContain('<img alt="" src="data:image/png;base64,iVBORw==" width="720">');
    expect(html).not.toContain('<b>no</b>');
    expect(html).toContain('<div class="html"><table></table></div>');
    expect(html).toContain('<pre class="error">Error: &lt;no&gt;</pre>');
    expect(html).toContain('<div class="cell failed">');
    expect(html).toContain('<th>loss</th><td>0.5</td>');
    expect(html).not.toMatch(/<(script|link)\b/);
  });

  it('holds the pictures that text cells carry', () => {
    const attachments = { 'a.png': { 'image/png': 'AAAA' } };
    const cell = { cell_type: 'markdown', metadata: {}, source: '![x](attachment:a.png)', attachments };
    expect(htmlReport([run([cell])])).toContain('<img src="data:image/png;base64,AAAA" alt="x">');
  });

  it('begins with an overview of several runs, also of those that did not begin', () => {
    const failure = new RunError('there is no such file', ExitCode.unreadable);
    const html = htmlReport([run([codeCell('1')]), { input: 'none.ipynb', failure }]);
    expect(html).toContain('<a href="#run-2">none.ipynb</a>');
    expect(html).toContain('exit code 3</span>: there is no such file');
  });
});
