/** The smallest compiler that satisfies the contract, so that the session is tested without the real transform. */
import type { CellCompiler } from '../../../kernel/session/compile.js';

/** A cell is the body of a function; `await` makes it a generator; `return box(x)` gives its result. */
export const trivialCompiler: CellCompiler = {
  compile: (source, { count, cwd }) => {
    const suspends = /\bawait\b/.test(source);
    const js = `(function${suspends ? '*' : ''} cell({ box, importModule }) {${source.replace(/\bawait ([^;]*)/g, '(yield ($1))')}\n})`;
    return {
      kind: 'compiled',
      js,
      map: '{"version":3,"sources":["cell"],"names":[],"mappings":"AAAA;AACA;AACA;AACA"}',
      source,
      filename: `${cwd}/cell-${count}.ts`,
      title: `Cell [${count}]`,
      declares: [],
      suspends,
    };
  },
};
