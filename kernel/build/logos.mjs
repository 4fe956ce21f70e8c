/** Renders the kernelspec's PNG logos from its SVG. Run it after the SVG has changed and commit what it writes. */
import { Resvg } from '@resvg/resvg-js';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const logos = new URL('../install/logos/', import.meta.url);
const svg = await readFile(new URL('logo-svg.svg', logos), 'utf8');
for (const size of [32, 64]) {
  const file = fileURLToPath(new URL(`logo-${size}x${size}.png`, logos));
  await writeFile(file, new Resvg(svg, { fitTo: { mode: 'width', value: size } }).render().asPng());
}
