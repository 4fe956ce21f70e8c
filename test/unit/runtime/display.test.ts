import { decodePng } from '../../../core/data/image/png.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Notebook, plain } from './harness.js';

let book: Notebook;
beforeAll(() => {
  book = new Notebook();
});
afterAll(() => book.close());

/** The result of a cell, with its metadata. */
async function shown(code: string) {
  const { outcome, outputs } = await book.run(code);
  if (outcome.status === 'error') throw new Error(outcome.evalue);
  return outputs.find((frame) => frame.type === 'result' || frame.type === 'display');
}

/** The MIME bundle of the result of a cell. */
async function bundle(code: string): Promise<Record<string, unknown>> {
  return (await shown(code))?.data ?? {};
}

describe('a value is shown', () => {
  it('by its own display method, which may be asynchronous and wins over everything', async () => {
    const method = '[Symbol.for("Jupyter.display")]';
    expect(
      await bundle(`({ outerHTML: "<p>", ${method}() { return { "text/html": "<b>x</b>" } } })`),
    ).toMatchObject({
      'text/html': '<b>x</b>',
    });
    expect(
      await bundle(
        `({ async ${method}() { return { "application/json": { n: 1n }, "text/plain": "one" } } })`,
      ),
    ).toEqual({ 'application/json': { n: '1' }, 'text/plain': 'one' });
  });

  it('as a canvas, pixels or a PNG, on white where the page is dark: black on transparent is usual', async () => {
    for (const code of [
      '({ toDataURL: () => "data:image/png;base64,AAAA" })',
      '({ width: 1, height: 1, data: Uint8ClampedArray.of(0, 0, 0, 128) })',
      'new Uint8Array([0x89, 80, 78, 71, 13, 10, 26, 10])',
    ])
      expect((await shown(code))?.metadata).toEqual({ 'image/png': { needs_background: 'light' } });
  });

  it('as a canvas, a Vega spec, an image, an element or a table', async () => {
    expect(await bundle('({ toDataURL: () => "data:image/png;base64,AAAA" })')).toMatchObject({
      'image/png': 'AAAA',
    });
    expect(
      await bundle(
        '({ toSpec: () => ({ $schema: "https://vega.github.io/schema/vega-lite/v5.json", mark: "bar" }) })',
      ),
    ).toMatchObject({ 'application/vnd.vegalite.v5+json': { mark: 'bar' } });
    expect(await bundle('new Uint8Array([0x89, 80, 78, 71, 13, 10, 26, 10])')).toMatchObject({
      'image/png': 'iVBORw0KGgo=',
    });
    expect(await bundle('Buffer.from([0xff, 0xd8, 0xff, 0])')).toMatchObject({ 'image/jpeg': '/9j/AA==' });
    expect(await bundle('({ outerHTML: "<svg><g/></svg>" })')).toMatchObject({
      'image/svg+xml': '<svg style="background: white" xmlns="http://www.w3.org/2000/svg"><g/></svg>',
    });
    expect(await bundle('({ outerHTML: "<p>hi</p>" })')).toMatchObject({ 'text/html': '<p>hi</p>' });
    expect(await bundle('({ toHTML: () => "<table></table>" })')).toMatchObject({
      'text/html': '<table></table>',
    });
  });

  it('as what it is when a package made it without a display method', async () => {
    // Specifications as plain objects; those of newer versions go to the frontends that there are.
    expect(
      await bundle('({ $schema: "https://vega.github.io/schema/vega-lite/v6.json", mark: "bar" })'),
    ).toMatchObject({
      'application/vnd.vegalite.v5+json': { $schema: 'https://vega.github.io/schema/vega-lite/v5.json' },
    });
    expect(
      await bundle('({ data: { values: [] }, mark: { type: "bar" }, encoding: { x: { field: "a" } } })'),
    ).toHaveProperty('application/vnd.vegalite.v5+json');
    expect(await bundle('({ data: [{ x: [1], y: [2] }], layout: {} })')).toEqual({
      'application/vnd.plotly.v1+json': { data: [{ x: [1], y: [2] }], layout: {} },
      'text/plain': '[Plotly figure: scatter]',
    });
    // Objects that only look a little like these stay objects.
    for (const other of ['{ data: [1], layout: {} }', '{ mark: "bar" }', '{ data: {}, layout: {} }'])
      expect(Object.keys(await bundle(`(${other})`))).toEqual(['text/plain']);
    // Nodes of a document: fragments, texts, lists, documents.
    const text = '{ nodeType: 3, textContent: "a < b" }';
    const element = '{ nodeType: 1, outerHTML: "<i>c</i>" }';
    const list = `Object.assign(new (class NodeList { item() {} *[Symbol.iterator]() { yield ${element}; yield ${text}; } })(), {})`;
    const both = '<i>c</i>\na &#60; b';
    expect(await bundle(list)).toMatchObject({ 'text/html': both, 'text/plain': '[NodeList]' });
    expect(await bundle(`({ nodeType: 11, childNodes: ${list} })`)).toMatchObject({ 'text/html': both });
    expect(await bundle(`({ nodeType: 9, documentElement: ${element} })`)).toMatchObject({
      'text/html': '<i>c</i>',
    });
    // Canvases that answer later, and pixels.
    expect(await bundle('({ toDataURL: async () => "data:image/png;base64,AAAA" })')).toMatchObject({
      'image/png': 'AAAA',
    });
    const pixels = await bundle(
      '({ width: 1, height: 2, data: Uint8ClampedArray.of(255, 0, 0, 255, 0, 0, 255, 128) })',
    );
    const { channels, data } = decodePng('pixels', Buffer.from(String(pixels['image/png']), 'base64'));
    expect([channels, ...data]).toEqual([4, 255, 0, 0, 255, 0, 0, 255, 128]);
    // A table says how large it is, not what it is made of.
    expect(
      await bundle(
        '({ toHTML: () => "<table>", get [Symbol.toStringTag]() { return "Table: 2 cols x 3 rows" } })',
      ),
    ).toEqual({ 'text/html': '<table>', 'text/plain': '[Table: 2 cols x 3 rows]' });
  });

  it('with its numbers as lists when they are in typed arrays or tensors', async () => {
    const figure = await bundle(
      '({ data: [{ x: Float32Array.of(1, NaN), y: tensor([[1, 2]]), z: BigInt64Array.of(3n) }], layout: {} })',
    );
    expect(figure['application/vnd.plotly.v1+json']).toEqual({
      data: [{ x: [1, null], y: [[1, 2]], z: [3] }],
      layout: {},
    });
  });

  it('in words where a chart is not drawn', async () => {
    const spec =
      '{ data: { values: [{ a: 1 }] }, mark: { type: "bar" }, encoding: { x: { field: "a" }, y: { aggregate: "count" } } }';
    expect(await bundle(`(${spec})`)).toMatchObject({
      'text/plain': '[Vega-Lite chart: bar, x: a, 1 rows]',
    });
  });

  it('as it draws itself: a view of Vega', async () => {
    const view = (svg: string): string => `({ toSVG: async () => '${svg}', _heap: [1] })`;
    expect(await bundle(view('<svg width="1" height="1"></svg>'))).toMatchObject({
      'image/svg+xml':
        '<svg style="background: white" xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>',
      'image/png': expect.any(String) as string,
      'text/plain': '[Object]',
    });
    expect(Object.keys(await bundle(view('no drawing')))).toEqual(['text/plain']);
  });

  it('as far as it is bounded: long tables, much HTML, large objects', async () => {
    const table = `{ numRows: () => 1e6, toHTML: ({ limit } = { limit: 100 }) => '<table>' + '<tr>'.repeat(limit) + '</table>' }`;
    const shown = await bundle(`(${table})`);
    expect(shown['text/html']).toBe(`<table>${'<tr>'.repeat(50)}</table><p>50 of 1,000,000 rows</p>`);
    for (const html of ['toHTML: () => long', 'nodeType: 1, outerHTML: long'])
      expect(await bundle(`var long = '<p>'.repeat(2e6); ({ ${html} })`)).toEqual({
        'text/plain': expect.stringMatching(/^\[6\.0 MB of HTML, more than/) as string,
      });
    const deep = await bundle(
      'var many = (depth: number): object => depth === 0 ? { end: "x".repeat(50) } : Array.from({ length: 20 }, () => many(depth - 1)); ({ deep: many(4) })',
    );
    expect(plain(String(deep['text/plain'])).length).toBeLessThan(40_000);
    expect(plain(String(deep['text/plain']))).toContain('[Array]');
  });

  it('as a PNG too when it is an SVG, with its words, at the size that it says', async () => {
    const svg = (words: string): Promise<Record<string, unknown>> =>
      bundle(`({ outerHTML: '<svg width="60" height="20"><text x="2" y="15">${words}</text></svg>' })`);
    const ink = async (words: string): Promise<number> => {
      const { width, height, data } = decodePng(
        'svg',
        Buffer.from(String((await svg(words))['image/png']), 'base64'),
      );
      expect([width, height]).toEqual([120, 40]);
      return data.filter((value) => value < 128).length;
    };
    expect(await ink('')).toBe(0);
    expect(await ink('words')).toBeGreaterThan(100);
    expect(await svg('words')).toHaveProperty('image/svg+xml');
  });

  it('on white, as its PNG, when it is an SVG without a ground of its own: black words on a dark page are none', async () => {
    const svg = async (markup: string): Promise<unknown> =>
      (await bundle(`({ outerHTML: ${JSON.stringify(markup)} })`))['image/svg+xml'];
    expect(await svg('<svg width="9" style="color: red"><g/></svg>')).toContain(
      'style="background: white; color: red"',
    );
    for (const own of [
      '<svg style="background: #123"><g/></svg>',
      "<svg style='color:red;background-color:teal'><g/></svg>",
      '<svg><style>svg { background: black }</style></svg>',
    ])
      expect(await svg(own)).not.toContain('white');
  });

  it('as a table when it is a list of records', async () => {
    const shown = await bundle('[{ name: "<a>", n: 1 }, { name: "b", n: null }]');
    expect(shown['text/html']).toContain('<th>name</th><th>n</th>');
    expect(shown['text/html']).toContain('<td>&#60;a&#62;</td><td>1</td>');
    expect(plain(String(shown['text/plain']))).toBe("[ { name: '<a>', n: 1 }, { name: 'b', n: null } ]");
    expect(await bundle('[{ nested: { a: 1 } }]')).not.toHaveProperty('text/html');
  });

  it('as text and as HTML with a heatmap when it is a tensor', async () => {
    const shown = await bundle('tensor([[1, 2], [3, -4]])');
    expect(shown['text/plain']).toMatch(/^tensor\(\[\[ 1\., {2}2\.\],/);
    expect(shown['text/html']).toContain('<b>min</b>&nbsp;-4');
    expect(shown['text/html']).toContain('<img src="data:image/png;base64,');
  });

  it('as before after a cell that ran out of memory', async () => {
    const { outcome } = await book.run(
      'const wide = ones([1000, 1000]); wide.expand(1e5, 1000, 1000).add(1)',
    );
    expect(outcome).toMatchObject({ status: 'error', ename: 'OutOfMemoryError' });
    expect(outcome).toMatchObject({
      evalue: expect.stringMatching(/^add: cannot allocate 400 GB.* held by/) as string,
    });
    expect(await bundle('{ using x = wide.add(1); x.sum().item(); }')).toEqual({});
    expect(await bundle('wide.add(1).sum().item()')).toEqual({ 'text/plain': '2000000' });
  });

  it('as text with colours otherwise', async () => {
    expect(await bundle('({ text: "x" })')).toEqual({ 'text/plain': "{ text: \x1b[32m'x'\x1b[39m }" });
  });

  it('also when it is hostile', async () => {
    const { outcome } = await book.run(
      '({ [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("no") } })',
    );
    expect(outcome).toMatchObject({ status: 'error', evalue: 'no' });
    const circle = await bundle('const circle: any = { n: NaN, big: 10n }; circle.self = circle; circle');
    expect(plain(String(circle['text/plain']))).toBe('<ref *1> { n: NaN, big: 10n, self: [Circular *1] }');
  });
});

describe('the tags', () => {
  it('make rich text and escape what is put in', async () => {
    expect(await bundle('html`<b>${"<i>"}</b>${html`<u>`}`')).toMatchObject({
      'text/html': '<b>&#60;i&#62;</b><u>',
    });
    expect(await bundle('md`# ${1 + 1} $\\alpha$`')).toMatchObject({ 'text/markdown': '# 2 $\\alpha$' });
    expect(await bundle('latex`\\frac{1}{2}`')).toMatchObject({ 'text/latex': '$$\\frac{1}{2}$$' });
  });

  it('show a drawing on white, with a PNG for frontends that show no SVG, or only one that they trust', async () => {
    const drawing = await bundle('svg`<circle r="${2}"/>`');
    expect(drawing).toMatchObject({
      'image/svg+xml':
        '<svg style="background: white" xmlns="http://www.w3.org/2000/svg"><circle r="2"/></svg>',
    });
    expect(String(drawing['image/png'])).toMatch(/^iVBOR/);
    expect(drawing).not.toHaveProperty('text/html');
    // What has a ground of its own keeps it, and inside of HTML it is markup.
    expect(await bundle('svg`<svg style="background: #222"></svg>`')).toMatchObject({
      'image/svg+xml': '<svg xmlns="http://www.w3.org/2000/svg" style="background: #222"></svg>',
    });
    expect(await bundle('html`<p>${svg`<g/>`}</p>`')).toMatchObject({
      'text/html': '<p><svg xmlns="http://www.w3.org/2000/svg"><g/></svg></p>',
    });
  });
});

describe('a display', () => {
  it('is updated in place, also while a loop runs that never awaits', async () => {
    const { id, end } = book.start(`
      const handle = display("step 0");
      for (let step = 1; step <= 3; step++) handle.update("step " + step);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    `);
    await book.until(() => book.outputsOf(id).length === 4);
    const frames = book.outputsOf(id).filter((frame) => frame.type === 'display');
    expect(frames.map(({ update }) => update)).toEqual([false, true, true, true]);
    expect(new Set(frames.map(({ displayId }) => displayId)).size).toBe(1);
    expect(plain(String(frames.at(-1)!.data['text/plain']))).toBe("'step 3'");
    await book.session.interrupt();
    await end;
  });

  it('can be updated by its id from another cell', async () => {
    await book.run('display(html`one`, { id: "shared" })');
    const { outputs } = await book.run('updateDisplay("shared", html`two`)');
    expect(outputs).toMatchObject([
      { type: 'display', displayId: 'shared', update: true, data: { 'text/html': 'two' } },
    ]);
  });

  it('that is the last expression is not shown twice', async () => {
    const { outputs } = await book.run('display(1)');
    expect(outputs.map(({ type }) => type)).toEqual(['display']);
  });

  it('takes a ready bundle with metadata', async () => {
    const { outputs } = await book.run(
      'display({ "image/png": new Uint8Array([1, 2]) }, { raw: true, metadata: { "image/png": { width: 5 } } })',
    );
    expect(outputs).toMatchObject([
      { data: { 'image/png': 'AQI=' }, metadata: { 'image/png': { width: 5 } } },
    ]);
  });

  it('of an asynchronous value is out before the cell ends', async () => {
    const { outputs } = await book.run(
      'display({ [Symbol.for("Jupyter.display")]: async () => { await new Promise((r) => setTimeout(r, 5)); return { "text/html": "slow" } } }); 1;',
    );
    expect(outputs).toMatchObject([{ type: 'display', data: { 'text/html': 'slow' } }]);
  });

  it('can be cleared', async () => {
    const { outputs } = await book.run('clearOutput(); clearOutput({ wait: true })');
    expect(outputs).toMatchObject([
      { type: 'clear_output', wait: false },
      { type: 'clear_output', wait: true },
    ]);
  });
});
