import { describe, expect, it } from 'vitest';
import { parsePercentScript } from '../../../kernel/run/notebook/percent.js';

const script = `// ---
// jupyter:
//   kernelspec:
//     name: nabla
//     language: typescript
// ---

// %% [markdown]
// # Title
//
// Two *lines*.

// %% The learning rate tags=["parameters", "x y"] collapsed=true
const rate = 0.1; // step size

// %% [markdown]
/*
A block.
*/
// %%
function f() {

  return '// %% no marker inside a line';
}
// %% [raw]
// raw text
`;

describe('percent scripts', () => {
  const { metadata, cells, nbformat_minor } = parsePercentScript(script);

  it('become cells with their types, metadata and tags', () => {
    expect(nbformat_minor).toBe(5);
    expect(metadata).toEqual({ kernelspec: { name: 'nabla', language: 'typescript' } });
    expect(cells.map(({ cell_type, source, metadata }) => ({ cell_type, source, metadata }))).toEqual([
      { cell_type: 'markdown', metadata: {}, source: '# Title\n\nTwo *lines*.' },
      {
        cell_type: 'code',
        metadata: { title: 'The learning rate', tags: ['parameters', 'x y'], collapsed: true },
        source: 'const rate = 0.1; // step size',
      },
      { cell_type: 'markdown', metadata: {}, source: 'A block.' },
      {
        cell_type: 'code',
        metadata: {},
        source: "function f() {\n\n  return '// %% no marker inside a line';\n}",
      },
      { cell_type: 'raw', metadata: {}, source: 'raw text' },
    ]);
  });

  it('have ids that stay the same and differ from each other', () => {
    const twice = parsePercentScript('// %%\na\n// %%\na\n').cells.map(({ id }) => id);
    expect(new Set(twice).size).toBe(2);
    expect(parsePercentScript('// %%\na\n// %%\na\n').cells.map(({ id }) => id)).toEqual(twice);
  });

  it('may have code before the first marker, or no marker at all', () => {
    const sources = (text: string): string[] => parsePercentScript(text).cells.map(({ source }) => source);
    expect(sources('const a = 1\n// %%\na')).toEqual(['const a = 1', 'a']);
    expect(sources('const a = 1\r\na')).toEqual(['const a = 1\na']);
    expect(sources('\n// %%\na')).toEqual(['a']);
    expect(sources('')).toEqual([]);
  });

  it.each([
    ['// %% [python]\nx', 'line 1: a cell is [markdown], [raw] or without a type, not [python]'],
    ['a\n// %% tags=[oops\nx', 'line 2: write the options of a cell as name=JSON, not tags=[oops'],
    ['// %% tags="a"\nx', 'line 1: tags are a list of texts, as in tags=["parameters"]'],
    ['// ---\n// a: [\n// ---\n', /^the header is not YAML: /],
  ])('say where they are wrong: %j', (text, message) => {
    expect(() => parsePercentScript(text)).toThrow(message);
  });
});
