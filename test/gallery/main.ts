/**
 * Draws every chart of the tests to one page: `npm run gallery`, then open `dist/gallery/index.html`. Beside each picture
 * is the text that terminals show. With names (parts of them), only these; with `--golden` it also writes the small pictures
 * that tests compare with.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { toText } from '../../kernel/plots/render/text.js';
import { render } from '../../kernel/plots/render/raster.js';
import { toVegaLite } from '../../kernel/plots/render/vega-lite.js';
import { NOT_KEPT, pictured, smallPng } from '../golden/pictures.js';

const folder = 'dist/gallery';
const golden = process.argv.includes('--golden');
const wanted = process.argv.slice(2).filter((word) => word !== '--golden');

const escape = (words: string): string => words.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
if (golden) mkdirSync('test/golden/images', { recursive: true });
const sections: string[] = [];
let failed = 0;
for (const [name, make] of Object.entries(pictured)) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
  const chart = make();
  const started = performance.now();
  const result = render(chart, 'final');
  const time = performance.now() - started;
  if (golden && !NOT_KEPT.has(name)) writeFileSync(`test/golden/images/${name}.png`, smallPng(chart));
  const spec = toVegaLite(chart);
  if ('png' in result) writeFileSync(`${folder}/${name}.png`, result.png);
  else failed += 1;
  const size = 'png' in result ? `${(result.png.length / 1000).toFixed(1)} kB` : result.error;
  const alive =
    spec === null ? 'picture only' : `Vega-Lite ${(JSON.stringify(spec).length / 1000).toFixed(1)} kB`;
  sections.push(
    `<section id="${name}"><h2><a href="#${name}">${name}</a></h2>` +
      `<p>${chart.width} x ${chart.height}, ${size}, drawn in ${time.toFixed(0)} ms, ${alive}</p>` +
      `<img src="${name}.png" width="${chart.width}" height="${chart.height}" alt="${name}" loading="lazy">` +
      `<pre>${escape(toText(chart))}</pre></section>`,
  );
}
const style =
  'body{font:14px sans-serif;margin:24px;max-width:1100px}h2{margin:32px 0 0}p{color:#59636e;margin:4px 0 12px}' +
  'img{border:1px solid #e4e7eb;max-width:100%;height:auto}pre{background:#f6f8fa;padding:12px;overflow:auto}' +
  // On a dark page the pictures stay white, as they are in notebooks.
  '@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}p{color:#9aa4af}a{color:#8ddcff}' +
  'pre{background:#1e1e1e}img{border-color:#333}}';
writeFileSync(
  `${folder}/index.html`,
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Charts</title><style>${style}</style>` +
    `<h1>${sections.length} charts</h1>${sections.join('\n')}</html>\n`,
);
console.log(
  `${sections.length} charts in ${folder}/index.html${failed === 0 ? '' : `, ${failed} without a picture`}`,
);
process.exitCode = failed === 0 ? 0 : 1;
