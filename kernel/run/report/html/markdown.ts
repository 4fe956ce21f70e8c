/** Text cells as HTML: Markdown with formulas (MathML, which needs no fonts or styles) and coloured code. */
import katex from 'katex';
import { Marked, type TokenizerAndRendererExtension } from 'marked';
import { highlighted } from './code.js';

const parser = new Marked({ gfm: true, async: false });
parser.use({
  renderer: {
    code: ({ text, lang = '' }) => `<pre class="code"><code>${highlighted(text, lang)}</code></pre>\n`,
  },
  extensions: [
    // As Jupyter has them: between two dollars on each side, also over several lines, or between one.
    formula('displayed', 'block', /^ {0,3}\$\$([^]+?)\$\$[^\S\n]*(?:\n|$)/, true),
    formula('displayedInline', 'inline', /^\$\$([^]+?)\$\$/, true),
    formula('inline', 'inline', /^\$(?!\s)((?:\\[^]|[^\\$])+?)(?<!\s)\$(?!\d)/, false),
  ],
});

/** Markdown as HTML. A formula that is none is shown as it was written. */
export function markdown(text: string): string {
  const html = parser.parse(text);
  if (typeof html !== 'string') throw new Error('the Markdown parser became asynchronous');
  return html;
}

function formula(
  name: string,
  level: 'block' | 'inline',
  rule: RegExp,
  displayMode: boolean,
): TokenizerAndRendererExtension {
  return {
    name,
    level,
    start: (source) => {
      const at = level === 'block' ? source.search(/^ {0,3}\$\$/m) : source.indexOf('$');
      return at < 0 ? undefined : at;
    },
    tokenizer: (source) => {
      const found = rule.exec(source);
      return found === null ? undefined : { type: name, raw: found[0], text: found[1] };
    },
    renderer: ({ text }) =>
      katex.renderToString(String(text).trim(), { displayMode, output: 'mathml', throwOnError: false }),
  };
}
